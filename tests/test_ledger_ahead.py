"""Reading on while a full read is being written: nothing is skipped, doubled or written out of its turn."""

from functools import partial

import pytest

from ledger import alarms
from ledger.batch import Batch
from ledger.books import Books
from ledger.cursors import Cursor, CursorMoved
from ledger.pool import Pool
from ledger.shard_writer import Limits, ShardWriter
from ledger.stream import Stream
from store.connection import Store
from tests.conftest import WaitUntil
from tests.ledger_stream import PAID_MS, Outbox, confirmed, delegate, order
from tests.test_ledger_faults import at_work, cut_off, reaches
from tests.test_ledger_writer import count, version

TWO = Limits(rows_max=2, block_ms=20, linger_ms=0, gap_check_s=0.05)


@pytest.fixture
async def outbox(store: Store, pool: Pool) -> Outbox:
    await delegate(pool)
    return Outbox(store)


async def test_a_long_stream_is_written_once_while_postgres_goes_away(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil, postgres_url: str
) -> None:
    await outbox.add(*(confirmed(order(n)) for n in range(38)))

    async with at_work(store, pool, TWO):
        for wanted in range(1, 36, 5):
            await wait_until(partial(reaches, postgres_url, outbox, wanted))
            await cut_off(pool, postgres_url)
        await wait_until(partial(reaches, postgres_url, outbox, 38))
    assert await count(pool, "orders") == await count(pool, "tickets") == await count(pool, "payments") == 38


@pytest.mark.parametrize("rows_max", [1, 2, 3, 4, 5])
async def test_a_gap_stops_the_shard_wherever_in_a_read_it_comes(
    store: Store, pool: Pool, outbox: Outbox, wait_until: WaitUntil, rows_max: int
) -> None:
    for number in (1, 2, 3, 4, 6, 7, 8, 9):
        await outbox.put(number, *confirmed(order(number)))
    async with at_work(store, pool, Limits(rows_max=rows_max, block_ms=20, linger_ms=0, gap_check_s=0.05)):

        async def is_told() -> bool:
            found = await alarms.open_alarms(pool)
            return [alarm.name for alarm in found] == ["gap"]

        await wait_until(is_told)
        assert await version(pool, outbox) == await count(pool, "orders") == 4


async def test_what_was_read_ahead_is_not_written_by_who_lost_the_shard(
    store: Store, pool: Pool, outbox: Outbox
) -> None:
    await outbox.add(*(confirmed(order(n)) for n in range(1, 7)))
    entries = await Stream(store, outbox.shard).after(0, rows_max=6)
    writer = ShardWriter(store, pool, Books(), outbox.shard, TWO)
    cursor = await writer._step(Cursor(outbox.shard, 0, "", 0), None)
    assert (cursor.version, await count(pool, "orders")) == (2, 2)
    await Batch(Books(), entries[2:5], PAID_MS).write(pool, cursor)
    with pytest.raises(CursorMoved):
        await writer._step(cursor, None)
    assert await version(pool, outbox) == await count(pool, "orders") == 5
