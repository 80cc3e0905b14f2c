"""Which shards this writer has: one session lock per shard, spread evenly over the writers that are alive.

All locks sit on one connection, so they go when the process dies, whatever it was doing. The lock only keeps
writers out of each other's way; that nothing is written twice is decided by the cursor (`cursors.advance`).
"""

from typing import Final

import msgspec

from ledger.pool import Db
from ledger.queries import run, value

PRESENCE_CLASS: Final = 1970498163
SHARD_CLASS: Final = 1970498164


class Share(msgspec.Struct, frozen=True):
    """How to come to an even share: try to `take` up to `more` of these, and `leave` those."""

    take: tuple[int, ...]
    more: int
    leave: frozenset[int]


def share(wanted: frozenset[int], held: frozenset[int], writers: int) -> Share:
    """Nobody keeps more than the even share, rounded up, so every shard finds a holder."""
    quota = -(-len(wanted) // writers)
    kept = sorted(held & wanted)
    leave = (held - wanted) | frozenset(kept[quota:])
    return Share(take=tuple(sorted(wanted - held)), more=max(0, quota - len(kept)), leave=leave)


class Lease:
    """The locks of one writer on one connection of its own; they go when the connection goes."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self.held: frozenset[int] = frozenset()

    async def join(self) -> None:
        """Be counted among the writers that are alive."""
        await show_presence(self._db, PRESENCE_CLASS)

    async def target(self, wanted: frozenset[int]) -> Share:
        return share(wanted, self.held, max(1, await count_writers(self._db, PRESENCE_CLASS)))

    async def take(self, target: Share) -> frozenset[int]:
        """The shards won now; one that another writer has is asked for again at the next round."""
        won: set[int] = set()
        for shard in target.take:
            if len(won) >= target.more:
                break
            if await try_lock_shard(self._db, SHARD_CLASS, shard):
                won.add(shard)
        self.held |= won
        return frozenset(won)

    async def leave(self, shard: int) -> None:
        await unlock_shard(self._db, SHARD_CLASS, shard)
        self.held -= {shard}


async def show_presence(db: Db, lock_class: int) -> None:
    await run(db, "show_presence", lock_class)


async def count_writers(db: Db, lock_class: int) -> int:
    return await value(db, "count_writers", int, lock_class)


async def try_lock_shard(db: Db, lock_class: int, shard: int) -> bool:
    return await value(db, "try_lock_shard", bool, lock_class, shard)


async def unlock_shard(db: Db, lock_class: int, shard: int) -> bool:
    return await value(db, "unlock_shard", bool, lock_class, shard)
