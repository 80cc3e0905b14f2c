"""The writer on real engines: what it writes, what it refuses to lose, what it waits for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ledger import alarms, orders, refunds
from ledger.batch import Batch
from ledger.books import Books
from ledger.cursors import Cursor, CursorMoved, find_cursor
from ledger.pool import Pool
from ledger.stream import Stream
from ledger.writer import Writer
from store.connection import Store
from tests.conftest import WaitUntil
from tests.ledger_stream import (
    FEE,
    PAID_MS,
    PRICE,
    QUICK,
    Outbox,
    confirmed,
    delegate,
    order,
    payment,
    refunded,
)


@pytest.fixture
async def outbox(store: Store, pool: Pool) -> Outbox:
    await delegate(pool)
    return Outbox(store)


@pytest.fixture
async def writer(store: Store, pool: Pool, outbox: Outbox) -> AsyncIterator[Writer]:
    """A writer at work until the test ends."""
    stop = asyncio.Event()
    working = Writer(store, pool, QUICK, look_s=0.05)
    task = asyncio.create_task(working.run(stop))
    yield working
    stop.set()
    await task


async def version(pool: Pool, outbox: Outbox) -> int:
    cursor = await find_cursor(pool, outbox.shard)
    return cursor.version if cursor else 0


async def written(pool: Pool, outbox: Outbox, wait_until: WaitUntil, last: int) -> None:
    """Wait until the ledger stands at record `last`."""

    async def stands() -> bool:
        return await version(pool, outbox) == last

    await wait_until(stands)


async def count(pool: Pool, table: str) -> int:
    found: int = await pool.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def balances(pool: Pool) -> dict[str, int]:
    rows = await pool.fetch(
        "SELECT kind || ':' || owner AS name, sum(amount)::bigint AS balance FROM entries"
        " JOIN accounts ON id = account GROUP BY 1"
    )
    return {row["name"]: row["balance"] for row in rows}


async def names(pool: Pool) -> list[str]:
    return sorted(alarm.name for alarm in await alarms.open_alarms(pool))


@pytest.mark.usefixtures("writer")
async def test_an_order_stands_with_tickets_payment_and_movement(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    paid = order(3, 3, 4)
    await written(pool, outbox, wait_until, await outbox.add(confirmed(paid)))
    found = await orders.find(pool, paid.token)
    assert found is not None
    assert (found.order.sale, found.order.showtime, found.order.fan) == ("premiere", "show-1", "f3")
    assert (found.order.gross, found.order.fees, found.order.amount) == (2 * PRICE, 2 * FEE, paid.amount)
    assert (found.order.state, found.order.confirmed_ms, found.order.version) == ("confirmed", PAID_MS, 1)
    assert [(one.n, one.seat, one.live) for one in found.tickets] == [(1, "A-4", True), (2, "A-5", True)]
    assert [one.reference for one in await orders.order_payments(pool, paid.token)] == [f"pay-{paid.token}"]
    assert await balances(pool) == {
        "clearing:storefront": paid.amount,
        "box_office:Palace": -2 * PRICE,
        "service_fees:": -2 * FEE,
    }


@pytest.mark.usefixtures("writer")
async def test_a_record_is_written_whole_batches_long_and_the_stream_trimmed_behind(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    last = await outbox.add(*(confirmed(order(n)) for n in range(38)))
    await written(pool, outbox, wait_until, last)

    async def trimmed() -> bool:
        return await outbox.versions() == [last]

    await wait_until(trimmed)
    assert await count(pool, "orders") == 38


@pytest.mark.usefixtures("writer")
async def test_records_that_cannot_be_written_are_kept_and_the_others_go_in(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    free = msgspec.structs.replace(order(5), amount=0)
    bad = [
        ("confirmed", b"\xc1"),
        ("confirmed", msgspec.msgpack.encode((PAID_MS, b"x", b"y"))),
        ("invented", b""),
        confirmed(order(4, showtime="nowhere")),
        confirmed(order(4, sale="other")),
        confirmed(order(4, currency="USD")),
        confirmed(free),
        confirmed(order(4, fan="nul\0")),
        confirmed(order(4, entry=-1)),
        confirmed(order(4, entry=1 << 63)),
        confirmed(order(4), payment(order(4, amount=1))),
        confirmed(order(4, 4, 4)),
    ]
    good = [confirmed(order(n)) for n in range(10, 20)]
    mixed = [record for pair in zip(bad, good, strict=False) for record in pair] + bad[len(good) :]
    await written(pool, outbox, wait_until, await outbox.add(*mixed))
    letters = await alarms.dead_letters(pool)
    assert len(letters) == len(bad)
    assert {letter.body for letter in letters} == {body for _, body in bad}
    assert await count(pool, "orders") == await count(pool, "tickets") == len(good)
    assert await names(pool) == ["dead-letter"]


@pytest.mark.usefixtures("writer")
async def test_a_record_whose_checksum_differs_is_poison(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    await outbox.add(confirmed(order(1)))
    await outbox.put(2, *confirmed(order(2)), sum="0" * 40)
    await outbox.put(3, *confirmed(order(3)))
    await written(pool, outbox, wait_until, 3)
    assert [letter.why for letter in await alarms.dead_letters(pool)] == ["checksum differs"]
    assert await count(pool, "orders") == 2


@pytest.mark.usefixtures("writer")
async def test_a_gap_stops_the_shard_until_the_record_is_there(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    await outbox.add(confirmed(order(1)))
    await written(pool, outbox, wait_until, 1)
    await outbox.put(3, *confirmed(order(3)))

    async def alarmed() -> bool:
        return await names(pool) == ["gap"]

    await wait_until(alarmed)
    assert await version(pool, outbox) == 1
    assert (await alarms.open_alarms(pool))[0].detail.startswith("records 2 to 2 are missing")
    client: Any = outbox._client
    await client.delete(outbox.key)
    await outbox.put(2, *confirmed(order(2)))
    await outbox.put(3, *confirmed(order(3)))
    await written(pool, outbox, wait_until, 3)
    assert await names(pool) == []


@pytest.mark.usefixtures("writer")
async def test_a_stream_emptied_before_it_was_read_is_a_gap(
    pool: Pool, store: Store, outbox: Outbox, wait_until: WaitUntil
) -> None:
    client: Any = store.client
    await written(pool, outbox, wait_until, await outbox.add(confirmed(order(1))))
    await client.hincrby(outbox.key.replace("outbox", "shard"), "version", 4)

    async def alarmed() -> bool:
        return await names(pool) == ["gap"]

    await wait_until(alarmed)
    assert "records 2 to 5 are missing" in (await alarms.open_alarms(pool))[0].detail


@pytest.mark.usefixtures("writer")
async def test_an_order_that_comes_second_to_a_seat_keeps_nothing_and_gets_its_money_back(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    first, second, third = order(1, 1, 2), order(2, 2, 3), order(3, 3)
    records = [confirmed(one) for one in (first, second, third)]
    await written(pool, outbox, wait_until, await outbox.add(*records))
    found = await orders.find(pool, second.token)
    assert found is not None
    assert (found.order.state, [one.live for one in found.tickets]) == ("refunded", [False, False])
    due = await refunds.list_refunds(pool)
    assert [(one.token, one.amount, one.why) for one in due] == [(second.token, second.amount, "conflict")]
    conflicts = await alarms.conflicts(pool)
    assert [(one.token, one.seat, one.owner) for one in conflicts] == [(second.token, "A-3", first.token)]
    assert await names(pool) == ["seat-conflict"]
    assert await count(pool, "tickets WHERE live") == 3
    assert (await balances(pool))["refunds_due:"] == -second.amount


@pytest.mark.usefixtures("writer")
async def test_money_that_came_late_or_twice_is_due_back_once(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    paid, lapsed = order(1), order(2)
    double = refunded(paid, payment(paid, "again"), "double")
    late = refunded(lapsed, payment(lapsed, "late"), "late")
    await written(pool, outbox, wait_until, await outbox.add(confirmed(paid), double, late, double, late))
    due = {(one.reference, one.amount, one.why) for one in await refunds.list_refunds(pool)}
    assert due == {("again", paid.amount, "double"), ("late", lapsed.amount, "late")}
    assert await orders.find(pool, lapsed.token) is None
    assert await alarms.dead_letters(pool) == []
    assert sum((await balances(pool)).values()) == 0


@pytest.mark.usefixtures("writer")
async def test_an_order_paid_with_another_orders_reference_stands_and_is_told(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    first, second = order(1), order(2)
    records = confirmed(first, payment(first, "same")), confirmed(second, payment(second, "same"))
    await written(pool, outbox, wait_until, await outbox.add(*records))
    assert await orders.find(pool, second.token) is not None
    assert await names(pool) == ["payment-reused"]


@pytest.mark.usefixtures("writer")
async def test_an_order_second_to_a_seat_and_to_a_reference_is_a_conflict_with_money_due(
    pool: Pool, outbox: Outbox, wait_until: WaitUntil
) -> None:
    records = [confirmed(one, payment(one, "same")) for one in (order(1, 1), order(2, 1), order(3, 1))]
    await written(pool, outbox, wait_until, await outbox.add(*records))
    assert [one.token for one in await refunds.list_refunds(pool)] == [order(2).token]
    assert {one.token for one in await alarms.conflicts(pool)} == {order(2).token, order(3).token}
    assert set(await names(pool)) == {"payment-reused", "seat-conflict"}
    assert await alarms.dead_letters(pool) == []


@pytest.mark.usefixtures("writer")
async def test_a_reclaim_is_remembered(pool: Pool, outbox: Outbox, wait_until: WaitUntil) -> None:
    body = msgspec.msgpack.encode((PAID_MS, "show-1", (1, 2), (3, 4, 5)))
    await written(pool, outbox, wait_until, await outbox.add(("reclaimed", body)))
    row = await pool.fetchrow("SELECT sold, back FROM reclaims")
    assert (row["sold"], row["back"]) == ([1, 2], [3, 4, 5])


async def test_a_replay_changes_nothing(pool: Pool, store: Store, outbox: Outbox) -> None:
    first, second = order(1, 1, 2), order(2, 2)
    double = refunded(first, payment(first, "again"), "double")
    reclaim = ("reclaimed", msgspec.msgpack.encode((PAID_MS, "show-1", (1,), ())))
    records = [confirmed(first), confirmed(second), double, reclaim, ("bad", b"x"), confirmed(order(5))]
    await outbox.add(*records)
    entries = await Stream(store, outbox.shard).after(0, rows_max=100)
    start = Cursor(outbox.shard, 0, "", 0)
    tables = (
        "orders",
        "tickets",
        "payments",
        "refunds",
        "movements",
        "conflicts",
        "dead_letters",
        "reclaims",
    )

    async def write_again(from_version: int) -> list[int]:
        await pool.execute("DELETE FROM cursors")
        behind = [entry for entry in entries if entry.version > from_version]
        await Batch(Books(), behind, PAID_MS).write(pool, start)
        return [await count(pool, table) for table in tables]

    once = await write_again(0)
    assert once == [3, 4, 4, 2, 6, 1, 1, 1]
    for from_version in range(len(records)):
        assert await write_again(from_version) == once


async def test_a_batch_of_a_writer_that_lost_its_shard_writes_nothing(
    pool: Pool, store: Store, outbox: Outbox
) -> None:
    await outbox.add(confirmed(order(1)), confirmed(order(2)))
    entries = await Stream(store, outbox.shard).after(0, rows_max=100)
    start = Cursor(outbox.shard, 0, "", 0)
    await Batch(Books(), entries[:1], PAID_MS).write(pool, start)
    with pytest.raises(CursorMoved):
        await Batch(Books(), entries, PAID_MS).write(pool, start)
    assert await count(pool, "orders") == 1
