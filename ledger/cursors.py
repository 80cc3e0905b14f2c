"""How far each shard's stream has been written down: the number that makes replays harmless."""

import msgspec

from ledger.pool import Db
from ledger.queries import column, many, one


class Cursor(msgspec.Struct, frozen=True):
    """All records up to `version` stand in Postgres; `sum` is the checksum of the last of them."""

    shard: int
    version: int
    sum: str
    at_ms: int


class KnownSale(msgspec.Struct, frozen=True):
    """A sale, the shard whose gate it needs, and whether showtimes of it were on sale."""

    id: str
    shard: int
    selling: bool


class CursorMoved(Exception):
    """Another writer has moved this cursor: this one has lost its shard and must read again."""


async def find_cursor(db: Db, shard: int) -> Cursor | None:
    return await one(db, "find_cursor", Cursor, shard)


async def all_cursors(db: Db) -> list[Cursor]:
    return await many(db, "all_cursors", Cursor)


async def move_cursor(db: Db, shard: int, expected: int, version: int, sum: str, at_ms: int) -> list[int]:
    return await column(db, "move_cursor", int, shard, expected, version, sum, at_ms)


async def advance(db: Db, old: Cursor, new: Cursor) -> None:
    """Move the cursor within the caller's transaction, or raise CursorMoved."""
    if not await move_cursor(db, old.shard, old.version, new.version, new.sum, new.at_ms):
        raise CursorMoved(f"shard {old.shard} no longer stands at {old.version}")


async def shards_in_use(db: Db) -> list[int]:
    return await column(db, "shards_in_use", int)


async def known_sales(db: Db) -> list[KnownSale]:
    return await many(db, "known_sales", KnownSale)
