"""SIGINT and SIGTERM end a rush in its own time: it is cancelled, tidies up, and says what stopped it."""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
T = TypeVar("T")


class Stopped(BaseException):
    """The rush was asked to stop; not an Exception, so that nobody takes it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code: Final = 128 + number


def listen() -> None:
    """From here on both signals raise Stopped, wherever the program is."""
    for number in SIGNALS:
        signal.signal(number, _stop)


async def until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """The work's outcome; a signal cancels it, and Stopped is raised once it ended; a second hurries it."""
    task = asyncio.ensure_future(work)
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        task.cancel()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            raise Stopped(told[0]) from None
        raise
    finally:
        listen()


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)
