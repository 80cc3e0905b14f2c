"""Reads what the engines hold after a rush, straight from Valkey and Postgres, not through the doors."""

import asyncio
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from allocator.outbox import OrderBlob, read_order
from allocator.record import read_records
from ledger.pool import Pool
from ledger.queries import queries
from ledger.trouble import POSTGRES_TROUBLE
from store import keys
from store.nodes import Client
from usher.rush_facts import LogRecord, Movement, Order
from usher.rush_watch import FAULTS
from waiting_room.admissions import records
from waiting_room.draw import Draw

CAUGHT_UP_TIMEOUT_S: Final = 90.0
SQL: Final = {query.name: query.sql for query in queries(Path(__file__).parent / "sql")}
STATE, ORDER = 0, 10  # places in the record, see allocator/lua/record.lua


class NeverCaughtUp(Exception):
    """The writer did not bring Postgres up to the stream's version in time."""


async def wait_for_writer(client: Client, pool: Pool, shard: int) -> None:
    """Returns when every record of the shard's stream is in Postgres; an engine may still be coming back."""
    until = time.monotonic() + CAUGHT_UP_TIMEOUT_S
    version, written = -1, -1
    while True:
        with suppress(*FAULTS, *POSTGRES_TROUBLE):
            version = int(await client.hget(keys.shard(shard), "version") or 0)
            written = int(await pool.fetchval(SQL["rush_cursor"], shard) or 0)
            if written >= version:
                return
        if time.monotonic() > until:
            raise NeverCaughtUp(f"the stream of shard {shard} stands at {version}, Postgres at {written}")
        await asyncio.sleep(0.1)


async def orders_in_valkey(client: Client, shard: int, showtimes: tuple[str, ...]) -> tuple[Order, ...]:
    """The confirmed records of every showtime."""
    found = []
    for showtime in showtimes:
        holds: dict[Any, Any] = await client.hgetall(keys.holds(shard, showtime))
        records = read_records(holds.items()).values()
        confirmed = [record for record in records if record[STATE] == "confirmed"]
        found += [_order_of(read_order(record[ORDER])) for record in confirmed]
    return tuple(found)


async def orders_in_postgres(pool: Pool, sale: str) -> tuple[Order, ...]:
    """The orders of the sale with their live tickets."""
    return tuple(
        Order(
            order=row["token"],
            showtime=row["showtime"],
            seats=tuple(row["seats"]),
            prices=tuple(row["prices"]),
            fees=row["fees"],
            amount=row["amount"],
        )
        for row in await pool.fetch(SQL["rush_orders"], sale)
    )


async def movements(pool: Pool, sale: str) -> tuple[Movement, ...]:
    sums: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in await pool.fetch(SQL["rush_movements"], sale):
        sums[f"{row['token']} {row['cause']}"].append((row["currency"], row["total"]))
    return tuple(Movement(name, tuple(amounts)) for name, amounts in sums.items())


async def worries(pool: Pool, shard: int) -> int:
    """Dead letters and seat conflicts."""
    return int(await pool.fetchval(SQL["rush_worries"], shard))


async def line_log(client: Client, shard: int, sale: str) -> tuple[LogRecord, ...]:
    raw: Any = await client.get(keys.admissions(shard, sale)) or b""
    return tuple(LogRecord(record.kind, record.entry, record.at_ms) for record in records(raw))


async def draw_ranks(client: Client, shard: int, sale: str, entries: set[int]) -> tuple[str, dict[int, int]]:
    """The seed as revealed, and the rank of each entry by it."""
    seed, drawn = await client.hmget(keys.sale(shard, sale), "seed", "drawn")
    assert seed is not None, "the sale was put"
    assert drawn is not None, "the sale was opened"
    text, count = _bytes(seed).decode(), int(drawn)
    draw = Draw(text, count)
    return text, {entry: draw.rank(entry) if entry < count else entry for entry in entries}


def _order_of(blob: OrderBlob) -> Order:
    return Order(
        order=blob.token,
        showtime=blob.showtime,
        seats=tuple(seat.seat for seat in blob.seats),
        prices=tuple(seat.amount for seat in blob.seats),
        fees=blob.fees,
        amount=blob.amount,
    )


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
