"""Faults around the writer: another writer, a dead one, engines that go away, an end in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.library import library
from ledger import alarms, counts, refunds
from ledger.batch import Batch
from ledger.books import Books
from ledger.cursors import Cursor, find_cursor
from ledger.lease import Share, share
from ledger.pool import Pool, connect
from ledger.shard_writer import Limits, ShardWriter, contiguous, pieces
from ledger.stream import Entry, Stream
from ledger.writer import Writer
from ledger.writer_process import run_writer
from store import keys
from store.connection import Store
from store.unavailable import StoreUnavailable
from tests.conftest import STOP_TIMEOUT_S, WaitUntil
from tests.ledger_stream import (
    PAID_MS,
    QUICK,
    Outbox,
    confirmed,
    delegate,
    order,
    payment,
    refunded,
    showtime,
)
from tests.test_ledger_writer import count, version
from usher.engine import start_and_wait
from usher.process import end
from usher.valkey_engine import ValkeyEngine


@pytest.fixture
async def outbox(store: Store, pool: Pool) -> Outbox:
    await delegate(pool)
    return Outbox(store)


@asynccontextmanager
async def at_work(store: Store, pool: Pool, limits: Limits = QUICK) -> AsyncIterator[tuple[Writer, Any]]:
    """A writer and the task it works in; cancelled at the end, as if its process had died."""
    writer = Writer(store, pool, limits, look_s=0.05)
    task = asyncio.create_task(writer.run(asyncio.Event()))
    try:
        yield writer, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def second_pool(postgres_url: str) -> AsyncIterator[Pool]:
    opened = await connect(postgres_url)
    yield opened
    await opened.close()


async def stands_at(pool: Pool, outbox: Outbox, wait_until: WaitUntil, last: int) -> None:
    async def stands() -> bool:
        return await version(pool, outbox) == last

    await wait_until(stands)


async def reaches(database_url: str, outbox: Outbox, last: int) -> bool:
    """Whether the ledger stands at this record or further, asked by a connection of its own: those of the
    pool may be cut off."""
    own = await asyncpg.connect(database_url)
    found = await own.fetchval("SELECT version FROM cursors WHERE shard = $1", outbox.shard)
    await own.close()
    return (found or 0) >= last


async def cut_off(pool: Pool, database_url: str) -> None:
    """Postgres ends every connection of its clients, as when it is restarted."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


async def test_two_writers_never_write_one_shard_and_a_dead_ones_shard_is_taken_over(
    store: Store, pool: Pool, second_pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    async with at_work(store, pool) as (first, task):
        await wait_until(lambda: first.shards == {outbox.shard})
        async with at_work(store, second_pool) as (second, _):
            await stands_at(pool, outbox, wait_until, await outbox.add(confirmed(order(1))))
            assert second.shards == frozenset()
            task.cancel()
            await wait_until(lambda: second.shards == {outbox.shard}, timeout_s=2)
            await stands_at(pool, outbox, wait_until, await outbox.add(confirmed(order(2))))
    assert await count(pool, "orders") == 2


async def test_two_writers_share_the_shards(
    store: Store, pool: Pool, second_pool: Pool, wait_until: WaitUntil
) -> None:
    sales = ("premiere", "second", "third", "fourth")
    await delegate(pool, *(showtime(f"show-{n}", sale) for n, sale in enumerate(sales)))
    shards = {keys.shard_of(sale) for sale in sales}
    async with at_work(store, pool) as (first, _):
        await wait_until(lambda: first.shards == shards)
        async with at_work(store, second_pool) as (second, _):
            await wait_until(lambda: (len(first.shards), len(second.shards)) == (2, 2))
            assert first.shards | second.shards == shards
        await wait_until(lambda: first.shards == shards)


A, B, C = 1, 2, 3


@pytest.mark.parametrize(
    ("wanted", "held", "writers", "expected"),
    [
        ({A, B, C}, set(), 1, Share((A, B, C), 3, frozenset())),
        ({A, B, C}, set(), 2, Share((A, B, C), 2, frozenset())),
        ({A, B, C}, {A, B, C}, 2, Share((), 0, frozenset({C}))),
        ({A, B}, {A}, 2, Share((B,), 0, frozenset())),
        ({A}, {A, C}, 1, Share((), 0, frozenset({C}))),
        (set(), {A}, 1, Share((), 0, frozenset({A}))),
        ({A}, {A}, 5, Share((), 0, frozenset())),
    ],
)
def test_share(wanted: set[int], held: set[int], writers: int, expected: Share) -> None:
    assert share(frozenset(wanted), frozenset(held), writers) == expected


async def test_postgres_going_away_again_and_again_loses_and_doubles_nothing(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil, postgres_url: str
) -> None:
    async with at_work(store, pool, Limits(rows_max=2, block_ms=20, linger_ms=1)):
        for n in range(0, 38, 2):
            await outbox.add(confirmed(order(n)), confirmed(order(n + 1)))
            await cut_off(pool, postgres_url)
        await wait_until(lambda: reaches(postgres_url, outbox, 38))
    assert await count(pool, "orders") == await count(pool, "tickets") == await count(pool, "payments") == 38
    assert await count(pool, "movements") == 2 * 38


async def test_a_writer_that_dies_at_any_moment_is_continued(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    await outbox.add(*(confirmed(order(n)) for n in range(38)))
    for round_ in range(30):
        async with at_work(store, pool, Limits(rows_max=3, block_ms=20, linger_ms=0)):
            # Each round ends some steps further into the first transactions.
            for _ in range(round_ * 4):
                await asyncio.sleep(0)
    async with at_work(store, pool):
        await stands_at(pool, outbox, wait_until, 38)
    assert await count(pool, "orders") == await count(pool, "tickets") == 38


async def test_the_stream_is_never_trimmed_ahead_of_the_cursor(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    await outbox.add(*(confirmed(order(n)) for n in range(38)))

    async def oldest_is_written() -> bool:
        # The stream first: the cursor may move on between the two looks, the stream's start only behind it.
        oldest, cursor = (await outbox.versions())[0], await find_cursor(pool, outbox.shard)
        assert oldest <= max(1, cursor.version if cursor else 0)
        return oldest == 38

    async with at_work(store, pool, Limits(rows_max=1, block_ms=20, linger_ms=0)):
        await wait_until(oldest_is_written)


async def test_told_to_end_the_writer_first_writes_what_there_is(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(run_writer(store, pool, stop=stop, limits=Limits(rows_max=4, block_ms=200)))
    await stands_at(pool, outbox, wait_until, await outbox.add(confirmed(order(0))))
    await outbox.add(*(confirmed(order(n)) for n in range(1, 38)))
    stop.set()
    await task
    assert await version(pool, outbox) == 38
    assert await counts.lag(pool, store) == {outbox.shard: 0}


@pytest.fixture
def other_valkey(engines_folder: Path) -> ValkeyEngine:
    """A Valkey that a test may stop and start."""
    folder = engines_folder / "stopped"
    (folder / "run").mkdir(parents=True)
    return ValkeyEngine(folder / "valkey", folder / "run", folder / "valkey.log")


@asynccontextmanager
async def running(engine: ValkeyEngine) -> AsyncIterator[Store]:
    """The engine, stopped at the end, and a connection to it, which outlives it."""
    child = start_and_wait(engine)
    try:
        yield await Store.connect(engine.url, library=library())
    finally:
        end(child, engine.program().stop, STOP_TIMEOUT_S)


async def test_the_store_going_away_is_waited_out(
    pool: Pool, other_valkey: ValkeyEngine, wait_until: WaitUntil
) -> None:
    await delegate(pool)
    async with running(other_valkey) as writers_store:
        writer = Writer(writers_store, pool, QUICK, look_s=0.05)
        stop = asyncio.Event()
        task = asyncio.create_task(writer.run(stop))
        outbox = Outbox(writers_store)
        await stands_at(pool, outbox, wait_until, await outbox.add(confirmed(order(1))))
    # The writer is still at work, and its store is gone until the next one has started.
    async with running(other_valkey) as store:
        outbox = Outbox(store)
        await stands_at(pool, outbox, wait_until, await outbox.add(confirmed(order(2))))
        stop.set()
        await task
        await store.close()
    await writers_store.close()
    assert await count(pool, "orders") == 2


async def test_what_no_replica_has_is_not_written(pool: Pool, outbox: Outbox, valkey_url: str) -> None:
    """A failover would undo it, and its seats would be sold to others."""
    await outbox.add(confirmed(order(1)))
    joint = "&" if "?" in valkey_url else "?"
    replicated = await Store.connect(f"{valkey_url}{joint}replicas=1", library=library())
    writer = ShardWriter(replicated, pool, Books(), outbox.shard, QUICK)
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await writer._step(Cursor(outbox.shard, 0, "", 0), None)
    await replicated.close()
    assert await count(pool, "orders") == await version(pool, outbox) == 0


def entry(version: int, size: int = 8) -> Entry:
    return Entry(0, version, "kind", bytes(size - 4), "")


@pytest.mark.parametrize(
    ("versions", "expected"),
    [([], 0), ([4], 1), ([4, 5, 6], 3), ([4, 6], 1), ([5, 6], 0), ([3, 4], 0), ([4, 4], 1)],
)
def test_contiguous(versions: list[int], expected: int) -> None:
    assert len(contiguous(3, [entry(one) for one in versions])) == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([], []), ([8], [1]), ([8, 8], [2]), ([8, 9], [1, 1]), ([99, 4], [1, 1]), ([4, 99, 4], [1, 1, 1])],
)
def test_a_transaction_is_bounded_in_bytes(sizes: list[int], expected: list[int]) -> None:
    entries = [entry(n, size) for n, size in enumerate(sizes)]
    assert [len(piece) for piece in pieces(entries, 16)] == expected


async def test_late_money_under_a_reference_of_another_order_is_told_and_not_buried(
    store: Store, pool: Pool, outbox: Outbox
) -> None:
    """The same payment cannot be given back for an order that it did not pay."""
    first, lapsed = order(1), order(2)
    await outbox.add(
        confirmed(first, payment(first, "same")), refunded(lapsed, payment(lapsed, "same"), "late")
    )
    entries = await Stream(store, outbox.shard).after(0, rows_max=100)
    await Batch(Books(), entries, PAID_MS).write(pool, Cursor(outbox.shard, 0, "", 0))
    assert [alarm.name for alarm in await alarms.open_alarms(pool)] == ["payment-reused"]
    assert await alarms.dead_letters(pool) == []
    assert await refunds.list_refunds(pool) == []
