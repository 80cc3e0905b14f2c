"""From the allocator's own records to the ledger's rows: both sides of the stream understand each other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest

from allocator.answers import AlreadyPaid, LateRefunded
from allocator.catalogue import OnSale
from ledger import alarms, definitions, orders, refunds
from ledger.cursors import find_cursor
from ledger.definitions import Stored
from ledger.pool import Pool
from ledger.writer_process import run_writer
from tests.allocator_stage import HOUR_MS, SALE, SHARD, Stage, drawn, exact, onsale
from tests.conftest import WaitUntil
from tests.ledger_stream import QUICK

ROW: Final = drawn("aaaaaa")


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage, pool: Pool) -> OnSale:
    """A row of six, in the ledger as in the store."""
    given = onsale(ROW, orphans="off")
    await definitions.put_plan(pool, "drawn", ROW)
    await definitions.put_sale(pool, SALE)
    stored = await definitions.put_showtime(pool, given.showtime)
    assert isinstance(stored, Stored)
    return await stage.load(msgspec.structs.replace(given, showtime=stored.definition))


@pytest.fixture
async def writer(stage: Stage, pool: Pool, show: OnSale) -> AsyncIterator[None]:
    """The writer process at work for this sale."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_writer(stage.store, pool, stop=stop, limits=QUICK))
    yield
    stop.set()
    await task


@pytest.mark.usefixtures("writer")
async def test_what_the_allocator_sells_stands_in_the_ledger(
    stage: Stage, pool: Pool, show: OnSale, wait_until: WaitUntil
) -> None:
    sold = await stage.sold(show, exact("A-1", "A-2"))
    assert isinstance(await stage.pay(show, sold, "twice"), AlreadyPaid)
    lapsed = await stage.ordered(show, exact("A-3"), "slow", 2)
    stage.ticks.ms += HOUR_MS
    await stage.allocator.sweep(show)
    other = await stage.ordered(show, exact("A-3"), "quick", 3)
    await stage.pay(show, other, "r2")
    assert isinstance(await stage.pay(show, lapsed, "late"), LateRefunded)
    await stage.allocator.reclaim(show)

    async def all_written() -> bool:
        cursor = await find_cursor(pool, SHARD)
        return cursor is not None and cursor.version == 5

    await wait_until(all_written)
    assert await alarms.dead_letters(pool) == []
    assert await alarms.open_alarms(pool) == []
    found = await orders.find(pool, sold)
    assert found is not None
    assert [ticket.seat for ticket in found.tickets] == ["A-1", "A-2"]
    assert (found.order.fan, found.order.amount, found.order.fees) == ("fan", 2200, 200)
    assert await orders.find(pool, other) is not None
    assert await orders.find(pool, lapsed) is None
    due = {(one.reference, one.token, one.why) for one in await refunds.list_refunds(pool)}
    assert due == {("twice", sold, "double"), ("late", lapsed, "late")}
    reclaim = await pool.fetchrow("SELECT sold, back FROM reclaims")
    assert (reclaim["sold"], reclaim["back"]) == ([0, 1, 2], [3, 4, 5])
