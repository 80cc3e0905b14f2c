"""The admissions log: everything that happened in the line, in the order in which the store decided it.

`lua/log.lua` writes it. Mirrors follow it by its length, so that a quiet sale costs a mirror next to nothing
and a busy one costs it what changed, whatever the capacity; the proofs replay it from the start.
"""

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from allocator.sale import Sale
from store import keys
from store.connection import Store

RECORD_BYTES: Final = 17
_LAYOUT: Final = struct.Struct(">cIQI")
_READ_BYTES: Final = RECORD_BYTES * 65_536


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`kind`: i invited, a admitted, t timed out, d done, l left, r returned, m missing again, s serving,
    c capacity, o opened, p paused, x extended, z closed. `entry` is a number of another meaning for s
    (serving), c (capacity) and o (drawn).
    """

    kind: str
    entry: int
    at_ms: int
    span_ms: int

    @property
    def until_ms(self) -> int:
        """Deadline of an invitation or a pass."""
        return self.at_ms + self.span_ms


def records(raw: bytes) -> Iterator[Record]:
    """The records of whole bytes of the log."""
    assert len(raw) % RECORD_BYTES == 0, "the log is read in whole records"
    for kind, entry, at_ms, span_ms in _LAYOUT.iter_unpack(raw):
        yield Record(kind.decode("ascii"), entry, at_ms, span_ms)


async def read_log(store: Store, sale: Sale) -> list[Record]:
    """The whole log of a sale, for the proofs."""
    key, found, offset = keys.admissions(sale.shard, sale.id), list[Record](), 0
    while raw := await store.client.getrange(key, offset, offset + _READ_BYTES - 1):
        assert isinstance(raw, bytes)
        found.extend(records(raw))
        offset += len(raw)
    return found
