"""The one clock: follows the store's TIME and never runs backwards within the process."""

import time
from collections.abc import Callable

Milliseconds = Callable[[], float]


def monotonic_ms() -> float:
    return time.monotonic() * 1000


class Clock:
    """Milliseconds UTC of the store, kept going between samples by this machine's monotonic clock.

    Until the first sample it follows this machine's wall clock. A sample that says less than was already told
    holds the clock still until the store has caught up.
    """

    def __init__(self, ticks: Milliseconds = monotonic_ms) -> None:
        self._ticks = ticks
        self._offset = time.time() * 1000 - ticks()
        self._told = 0

    def now_ms(self) -> int:
        self._told = max(self._told, int(self._ticks() + self._offset))
        return self._told

    def sample(self, store_ms: float, asked: float, answered: float) -> None:
        """The store said `store_ms` at some tick between `asked` and `answered`."""
        self._offset = store_ms - (asked + answered) / 2

    @property
    def ticks(self) -> Milliseconds:
        return self._ticks
