"""Trouble with Postgres or the store that passes: waited out by the loops of the writer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import asyncpg

from store.unavailable import StoreUnavailable

POSTGRES_TROUBLE: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
TROUBLE: Final = (*POSTGRES_TROUBLE, StoreUnavailable)
T = TypeVar("T")
DELAY_FIRST_S: Final = 0.05
DELAY_MAX_S: Final = 1.0


async def within(seconds: float, question: Coroutine[Any, Any, T]) -> T:
    """The answer, or TimeoutError at once when it takes longer.

    `asyncio.wait_for` would also wait for the cancelled question, which asks a Postgres that stands still to
    forget it: five seconds more.
    """
    task = asyncio.create_task(question)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_look_at)
    if not task.done():
        raise TimeoutError
    return task.result()


def _look_at(task: "asyncio.Task[Any]") -> None:
    """Nobody else will hear how it ended."""
    if not task.cancelled():
        task.exception()


class Backoff:
    """Delays that double from one trouble to the next, up to a bound."""

    def __init__(self) -> None:
        self._next_s = DELAY_FIRST_S

    def next_s(self) -> float:
        delay, self._next_s = self._next_s, min(DELAY_MAX_S, self._next_s * 2)
        return delay

    def reset(self) -> None:
        self._next_s = DELAY_FIRST_S
