"""What is taken in each hall, as this worker last saw it: many readers, few reads of the store.

A showtime's board is read at most every `poll_ms`; readers that come together share one read. Changes are
kept for KEPT_S and `versions_max` versions, so that a page may ask only for what is new; who asks for an
older one gets the whole list. A board that nobody reads for so long is forgotten.
"""

import asyncio
import math
from collections import OrderedDict
from typing import Final

import msgspec

from allocator.allocator import Allocator
from allocator.catalogue import OnSale

FREE: Final = ord(".")
KEPT_S: Final = 60.0
"""Pages ask every second or two; who was away for longer reads the hall anew."""


class Seen(msgspec.Struct, frozen=True):
    """A board at a version, first seen at `at_s` of the loop's clock: one byte per seat."""

    version: int
    at_s: float
    seats: bytes
    free: int
    held: int
    sold: int

    def taken(self) -> list[int]:
        return [index for index, byte in enumerate(self.seats) if byte != FREE]


class Changes(msgspec.Struct, frozen=True):
    """Indices that became taken and free between two versions."""

    taken: list[int]
    free: list[int]


class Board:
    """The last boards of one showtime."""

    def __init__(self, versions_max: int) -> None:
        self._versions_max = versions_max
        self._past: OrderedDict[int, Seen] = OrderedDict()
        self.read_at_s = -math.inf
        self.lock = asyncio.Lock()
        self.told: dict[tuple[int | None, bool], bytes] = {}
        """What was answered of the last board, by the version asked from, packed or not."""

    @property
    def last(self) -> Seen | None:
        return next(reversed(self._past.values()), None)

    def see(self, version: int, seats: bytes, at_s: float) -> None:
        """Notes a board; one that starts again at a lower version forgets what was before."""
        self.read_at_s = at_s
        if self.last is not None and version < self.last.version:
            self._past.clear()
        if version not in self._past:
            free, held, sold = (seats.count(letter) for letter in (b".", b"h", b"s"))
            self._past[version] = Seen(version, at_s, seats, free, held, sold)
            self.told.clear()
        while len(self._past) > 1 and self._is_over(next(iter(self._past.values())), at_s):
            self._past.popitem(last=False)

    def _is_over(self, oldest: Seen, at_s: float) -> bool:
        return len(self._past) > self._versions_max or oldest.at_s < at_s - KEPT_S

    def remembers(self, version: int | None) -> bool:
        return version in self._past

    def since(self, version: int) -> Changes | None:
        """What changed since a version this worker remembers; None when it does not."""
        before, now = self._past.get(version), self.last
        if before is None or now is None:
            return None
        pairs = enumerate(zip(before.seats, now.seats, strict=True))
        moved = [(index, byte) for index, (old, byte) in pairs if (old == FREE) != (byte == FREE)]
        return Changes(
            [index for index, byte in moved if byte != FREE], [index for index, byte in moved if byte == FREE]
        )


class Boards:
    """The boards of all showtimes this worker was asked about."""

    def __init__(self, allocator: Allocator, poll_ms: int, versions_max: int) -> None:
        self._allocator = allocator
        self._poll_ms = poll_ms
        self._versions_max = versions_max
        # By the plan as well: before the open a showtime may move to another hall.
        self._boards: dict[tuple[str, str], Board] = {}
        self._forgets_at_s = 0.0

    async def board(self, onsale: OnSale) -> Board:
        """The board, read again if the last read is older than `poll_ms`."""
        clock = asyncio.get_running_loop().time
        self._forget(clock())
        board = self._boards.setdefault(_name(onsale), Board(self._versions_max))
        async with board.lock:
            if self.fresh(onsale) is None:
                read = await self._allocator.board(onsale)
                board.see(read.version, read.seats, clock())
        return board

    def fresh(self, onsale: OnSale) -> Board | None:
        """The board, when it need not be read again."""
        board, now_s = self._boards.get(_name(onsale)), asyncio.get_running_loop().time()
        return board if board is not None and now_s - board.read_at_s < self._poll_ms / 1000 else None

    def _forget(self, now_s: float) -> None:
        """Lets go, now and then, of boards that nobody reads."""
        if now_s < self._forgets_at_s:
            return
        self._forgets_at_s = now_s + KEPT_S
        for name, board in list(self._boards.items()):
            if board.read_at_s < now_s - KEPT_S and not board.lock.locked():
                del self._boards[name]

    async def latest(self, onsale: OnSale) -> Seen:
        last = (await self.board(onsale)).last
        assert last is not None
        return last

    async def free(self, onsale: OnSale) -> int:
        """The number of free seats; no board is kept for it, as it would be of every showtime on sale."""
        self._forget(asyncio.get_running_loop().time())
        board = self.fresh(onsale)
        if board is not None and board.last is not None:
            return board.last.free
        return (await self._allocator.board(onsale)).seats.count(FREE)


def _name(onsale: OnSale) -> tuple[str, str]:
    return onsale.showtime.id, onsale.showtime.plan_digest
