"""Waits for facts, with an event loop and without one."""

import asyncio
import time
from collections.abc import Callable
from inspect import isawaitable


def soon(fact: Callable[[], bool], timeout_s: float = 5) -> bool:
    """True as soon as the fact is, False if it is not within the time-out."""
    until = time.monotonic() + timeout_s
    while not fact():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


async def become_true(fact: Callable[[], object], timeout_s: float = 5) -> object:
    """The fact's first true answer, awaited where it is awaitable."""
    until = time.monotonic() + timeout_s
    while True:
        answer = fact()
        if isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < until, f"still not so after {timeout_s} s"
        await asyncio.sleep(0.01)
