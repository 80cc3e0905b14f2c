"""What is taken in each hall, as this worker last saw it: many readers, few reads of the store.

A showtime's board is read at most every `poll_ms`; readers that come together share one read. Changes are
kept for `versions_max` versions, so that a page may ask only for what is new; who asks for an older one
gets the whole list.
"""

import asyncio
from collections import OrderedDict

import msgspec

from allocator.allocator import Allocator
from allocator.catalogue import OnSale

FREE = ord(".")


class Seen(msgspec.Struct, frozen=True):
    """A board at a version: one byte per seat."""

    version: int
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
        self.read_at_ms = -1
        self.lock = asyncio.Lock()

    @property
    def last(self) -> Seen | None:
        return next(reversed(self._past.values()), None)

    def see(self, version: int, seats: bytes) -> None:
        """Notes a board; one that starts again at a lower version forgets what was before."""
        if self.last is not None and version < self.last.version:
            self._past.clear()
        self._past[version] = Seen(version, seats, seats.count(b"."), seats.count(b"h"), seats.count(b"s"))
        while len(self._past) > self._versions_max:
            self._past.popitem(last=False)

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
        self._boards: dict[str, Board] = {}

    async def board(self, onsale: OnSale) -> Board:
        """The board, read again if the last read is older than `poll_ms`."""
        board = self._boards.setdefault(onsale.showtime.id, Board(self._versions_max))
        clock = asyncio.get_running_loop().time
        async with board.lock:
            if board.last is None or clock() * 1000 - board.read_at_ms >= self._poll_ms:
                read = await self._allocator.board(onsale)
                board.see(read.version, read.seats)
                board.read_at_ms = int(clock() * 1000)
        return board

    async def latest(self, onsale: OnSale) -> Seen:
        last = (await self.board(onsale)).last
        assert last is not None
        return last
