"""What a rebuild of the store needs to know beside definitions and sold seats."""

import msgspec

from ledger.pool import Db
from ledger.queries import column, one, value


class SaleStand(msgspec.Struct, frozen=True):
    opened: bool
    closed: bool


async def reclaimed_showtimes(db: Db) -> list[int]:
    return await column(db, "reclaimed_showtimes", int)


async def sale_stand(db: Db, sale: str, now_ms: int) -> SaleStand | None:
    return await one(db, "sale_stand", SaleStand, sale, now_ms)


async def last_entry(db: Db, sale: str) -> int:
    return await value(db, "last_entry", int, sale)
