"""Cancellation that clients lose, found again by the loops that call them."""

import asyncio


def end_if_cancelled() -> None:
    """End the task if it was cancelled; called once per round of an endless loop.

    Clients lose a cancellation that arrives together with their answer (`asyncio.wait_for` does, up to Python
    3.11): the call returns, the task counts as cancelled, and a loop that never looked would run for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
