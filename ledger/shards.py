"""The number of logical shards: who starts with another one looks for sales where they are not."""

import asyncpg

from ledger.pool import Db
from ledger.queries import column, value


class OtherShards(Exception):
    """What is kept was made with another number of shards."""

    def __init__(self, given: int, kept: int) -> None:
        super().__init__(
            f"USHER_SHARDS is {given}, and what is kept was made with {kept}: "
            f"set it to {kept}, or choose another data folder or database"
        )


async def keep_shards(db: Db, number: int) -> int:
    return await value(db, "keep_shards", int, number)


async def kept_shards(db: Db) -> list[int]:
    return await column(db, "kept_shards", int)


async def hold_to_shards(url: str, number: int) -> None:
    """The first number ever given is kept; raises OtherShards for any other."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        kept = await keep_shards(connection, number)
    finally:
        await connection.close()
    if kept != number:
        raise OtherShards(number, kept)
