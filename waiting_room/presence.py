"""Presence: polls gathered in a worker's memory and flushed to the store together.

A fan is present when a poll of its reached the store in this window of `presence_ms` or in the one before:
for one to two presence times after it. Fans are told to poll three times in a presence time, so a flush a
quarter of a second later, or a lost poll, makes nobody absent.
"""

import struct
from typing import Final

MARKS_PER_CALL_MAX: Final = 1000
PENDING_MAX: Final = 262_144
"""Fans whose polls wait for the store in one worker; beyond it a poll counts when it is repeated."""
Mark = tuple[int, int]
"""(entry, rank)"""
_MARK: Final = struct.Struct(">II")


class Presence:
    """The polls of one sale in one worker.

    A fan is flushed once a window. That loses no return of one who was absent when called: whoever has a bit
    in this window was present when it was called, or was noted as returned by the very flush that set the
    bit.
    """

    def __init__(self) -> None:
        self.pending: dict[int, int] = {}
        self._flushed = bytearray()
        self._window = -1

    def note(self, entry: int, rank: int) -> None:
        """A poll of this entry; RANK_UNKNOWN if its token does not say the rank yet."""
        if (entry >= len(self._flushed) or not self._flushed[entry]) and len(self.pending) < PENDING_MAX:
            self.pending[entry] = rank

    def begin(self, window: int) -> None:
        """Called before each flush: in another window everyone is to be flushed again."""
        if window != self._window:
            self.forget()
            self._window = window

    def forget(self) -> None:
        """The store may have lost bits: flush everyone again."""
        self._flushed = bytearray()

    def take(self) -> list[Mark]:
        """The next marks to flush, still pending until `done`."""
        return [mark for mark, _ in zip(self.pending.items(), range(MARKS_PER_CALL_MAX), strict=False)]

    def done(self, marks: list[Mark]) -> None:
        """The store has these marks."""
        for entry, _ in marks:
            self.pending.pop(entry, None)
            if entry >= len(self._flushed):
                self._flushed.extend(bytes(max(1024, entry + 1 - len(self._flushed))))
            self._flushed[entry] = 1


def pack_marks(marks: list[Mark]) -> bytes:
    """The marks as `usher_mark` reads them."""
    return b"".join(_MARK.pack(entry, rank) for entry, rank in marks)
