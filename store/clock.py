"""The one clock: follows the store's TIME, forward at once, back only by running a little slower.

Deadlines are data. Were the clock to stand still until a TIME that was set back has caught up, nothing would
lapse for as long: no hold, no invitation, so that no-shows would fill the room and nobody else came in.
"""

import time
from collections.abc import Callable
from typing import Final

Milliseconds = Callable[[], float]
SLOWER: Final = 0.01
"""How much slower than TIME the clock runs while it is ahead: 36 s are made good in an hour."""


def monotonic_ms() -> float:
    return time.monotonic() * 1000


class Clock:
    """Milliseconds UTC of the store, kept going between samples by this machine's monotonic clock.

    Until the first sample it follows this machine's wall clock.
    """

    def __init__(self, ticks: Milliseconds = monotonic_ms) -> None:
        self._ticks = ticks
        self._offset = time.time() * 1000 - ticks()
        self._sampled: float | None = None
        self._told = 0

    def now_ms(self) -> int:
        self._told = max(self._told, int(self._ticks() + self._offset))
        return self._told

    def sample(self, store_ms: float, answered: float) -> None:
        """The store said `store_ms` at `answered` or before: a slow answer never sets the clock ahead."""
        offset = store_ms - answered
        if self._sampled is not None:
            offset = max(offset, self._offset - SLOWER * (answered - self._sampled))
        self._offset, self._sampled = offset, answered

    def reach(self, told_ms: int) -> None:
        """Another process was at `told_ms` already: this one is at least there."""
        self._offset = max(self._offset, told_ms - self._ticks())

    @property
    def ticks(self) -> Milliseconds:
        return self._ticks
