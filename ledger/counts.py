"""Counts for operators: what of a sale stands in Postgres, and how far the writer is behind the store."""

import msgspec

from ledger.cursors import all_cursors, shards_in_use
from ledger.pool import Db
from ledger.queries import one
from ledger.stream import Stream
from store.connection import Store


class SaleCounts(msgspec.Struct, frozen=True):
    """`orders` includes the ones refunded since; `tickets` and `amount` are those of confirmed orders."""

    orders: int
    confirmed: int
    tickets: int
    amount: int


class Progress(msgspec.Struct, frozen=True):
    """Orders of a sale in Postgres, and the version its shard's stream was written up to, at one moment."""

    orders: int
    version: int


async def of_sale(db: Db, sale: str) -> SaleCounts:
    """All zero for a sale without orders, or without existence."""
    counts = await sale_counts(db, sale)
    assert counts is not None, "an aggregate always has a row"
    return counts


async def lag(db: Db, store: Store) -> dict[int, int]:
    """Records of each shard in use that are confirmed in the store and not yet in Postgres."""
    cursors = {cursor.shard: cursor.version for cursor in await all_cursors(db)}
    shards = await shards_in_use(db)
    return {shard: max(0, await Stream(store, shard).newest() - cursors.get(shard, 0)) for shard in shards}


async def sale_counts(db: Db, sale: str) -> SaleCounts | None:
    return await one(db, "sale_counts", SaleCounts, sale)


async def sale_progress(db: Db, sale: str) -> Progress | None:
    """None for a sale without existence."""
    return await one(db, "sale_progress", Progress, sale)
