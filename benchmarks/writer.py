"""The writer, exactly once from stream to rows, against a bare COPY of the same rows.

Side a reads the stream, checks order and checksums, books, writes rows and cursor in one transaction a read,
and trims. Side b has the rows ready and COPYs them into the same tables, a transaction for as many orders.
Both in one process under uvloop, with Valkey and Postgres beside it, fsync on, tables emptied before.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from allocator import token
from allocator.allocator import Allocator
from allocator.answers import Held, OrderConfirmed, Ordered
from allocator.catalogue import OnSale
from allocator.geometry import Geometry
from allocator.outbox import PaymentBlob, Token
from allocator.wishes import Best
from api.library import library
from api.orders import blob_of
from benchmarks.cores import cores, pin
from benchmarks.finding import Finding, Mark, reading, share
from benchmarks.hall import hall, onsale
from benchmarks.stack import engines
from ledger import definitions, migrations
from ledger.batch import copy
from ledger.bookings import Rows, accounts_of, book, checked
from ledger.books import Books
from ledger.pool import Pool, connect
from ledger.records import read
from ledger.shard_writer import Limits, ShardWriter
from ledger.stream import Entry, Stream
from store import keys
from store.connection import Store
from usher.garbage import collect_seldom
from waiting_room.waiting_room import WaitingRoom

SEATS: Final = 800
ORDERS_PER_SHOW: Final = 250
SHARD: Final = 0
SECRET: Final = b"a secret of thirty-two bytes or more"


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    collect_seldom()  # as the writer's process does
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as name, engines(Path(name)) as addresses:
        valkey_url, postgres_url = addresses["valkey"][0], addresses["postgres"][0]
        return [uvloop.run(_measured(valkey_url, postgres_url, 1 if quick else 24, 1 if quick else 2))]


async def _measured(valkey_url: str, postgres_url: str, shows: int, rounds: int) -> Finding:
    await migrations.apply(postgres_url)
    store = await Store.connect(valkey_url, library=library())
    pool = await connect(postgres_url)
    try:
        entries = await _sold(store, pool, shows)
        rows = await _booked(pool, entries)
        slices: tuple[list[float], list[float]] = ([], [])

        async def ours() -> None:
            await _written(store, pool, entries)

        async def bare() -> None:
            await _copied(pool, rows)

        for _ in range(rounds):
            for side, work in ((0, ours), (1, bare), (1, bare), (0, ours)):
                slices[side].append(await _per_s(store, pool, entries, work))
        a, b = (
            reading(what, "orders/s", speeds) for what, speeds in zip(("writer", "COPY"), slices, strict=True)
        )
        return share("writer, exactly once / bare COPY", a, b, Mark(0.6), "by the clock")
    finally:
        await pool.close()
        await store.close()


async def _sold(store: Store, pool: Pool, shows: int) -> list[Entry]:
    """The stream of so many showtimes' orders, made by the allocator itself."""
    await store.open_gate(SHARD, 0)
    plan = hall(SEATS)
    given = onsale(plan, Geometry(plan), "writer", SHARD)
    await definitions.put_plan(pool, plan.name, plan)
    sale = _definition(await definitions.put_sale(pool, given.sale))
    room = WaitingRoom(store, SECRET)
    await room.put_sale(sale)
    await room.move(sale, "open")
    allocator = Allocator(store)
    for number in range(shows):
        show = msgspec.structs.replace(given.showtime, id=f"writer-{number}", sale=sale.id)
        stored = _definition(await definitions.put_showtime(pool, show))
        known = OnSale(sale, stored, plan, given.geometry)
        await allocator.load(known)
        first = number * ORDERS_PER_SHOW
        await asyncio.gather(*(_buy(store, allocator, known, first + n) for n in range(ORDERS_PER_SHOW)))
    return await Stream(store, SHARD).after(0, rows_max=10**6)


async def _buy(store: Store, allocator: Allocator, show: OnSale, number: int) -> None:
    name = Token(token.mint(show.showtime.serial, f"{number:020x}"))
    held = await allocator.hold(show, f"{number:016x}", number, name, Best(2, None))
    assert isinstance(held, Held), held
    record = await allocator.find(show, name)
    assert record is not None
    blob = blob_of(show, name, record, store.clock.now_ms())
    ordered = await allocator.order(show, name, blob)
    assert isinstance(ordered, Ordered), ordered
    paid = PaymentBlob("storefront", "card", f"pay-{number}", blob.amount, blob.currency)
    confirmed = await allocator.confirm(show, name, paid)
    assert isinstance(confirmed, OrderConfirmed), confirmed


async def _booked(pool: Pool, entries: list[Entry]) -> list[Rows]:
    """The rows that the writer will write, a bundle for each of its reads."""
    books, bundles, size = Books(), [], Limits().rows_max
    for first in range(0, len(entries), size):
        meanings = [read(entry) for entry in entries[first : first + size]]
        shows = {meaning.order.showtime for meaning in meanings if hasattr(meaning, "order")}
        await books.learn_shows(pool, shows)
        known = [checked(meaning, books) for meaning in meanings]
        await books.learn_accounts(pool, set().union(*(accounts_of(one, books) for one in known)))
        rows = Rows()
        for meaning in known:
            book(rows, meaning, books, 1)
        bundles.append(rows)
    return bundles


async def _per_s(
    store: Store, pool: Pool, entries: list[Entry], work: Callable[[], Awaitable[None]]
) -> float:
    """Orders a second into empty tables, the stream being full again."""
    await pool.execute("TRUNCATE orders, tickets, payments, movements, cursors CASCADE")
    await pool.execute("CHECKPOINT")
    await _refill(store, entries)
    started = time.perf_counter()
    await work()
    seconds = time.perf_counter() - started
    assert await pool.fetchval("SELECT count(*) FROM orders") == len(entries)
    assert await pool.fetchval("SELECT count(*) FROM tickets WHERE live") == 2 * len(entries)
    return len(entries) / seconds


async def _written(store: Store, pool: Pool, entries: list[Entry]) -> None:
    stop = asyncio.Event()
    stop.set()
    await ShardWriter(store, pool, Books(), SHARD, Limits()).run(stop)


async def _copied(pool: Pool, bundles: list[Rows]) -> None:
    async with pool.acquire() as db:
        for rows in bundles:
            async with db.transaction():
                await copy(db, rows)


async def _refill(store: Store, entries: list[Entry]) -> None:
    client: Any = store.client
    await client.delete(keys.outbox(SHARD))
    async with client.pipeline(transaction=False) as pipe:
        for entry in entries:
            fields = {"kind": entry.kind, "body": entry.body, "sum": entry.sum}
            pipe.xadd(keys.outbox(SHARD), fields, id=f"{entry.version}-0")
        await pipe.execute()


def _definition(stored: Any) -> Any:
    """What a put answers with, once it was taken."""
    return stored.definition
