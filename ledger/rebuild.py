"""What a rebuild of the store needs to know beside definitions and sold seats."""

from ledger.pool import Db
from ledger.queries import column, value


async def reclaimed_showtimes(db: Db) -> list[int]:
    return await column(db, "reclaimed_showtimes", int)


async def last_entry(db: Db, sale: str) -> int:
    return await value(db, "last_entry", int, sale)
