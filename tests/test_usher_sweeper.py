"""The sweeper gives back what lapsed wherever it can: a showtime that fails keeps no other one waiting."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest

from allocator.catalogue import Catalogue, OnSale
from allocator.sale import SaleId
from store import keys
from tests.allocator_stage import SALE, Stage, drawn, exact, onsale
from tests.conftest import WaitUntil
from usher.sweeper import Sweeper

PLAN: Final = drawn("aa")
OTHER: Final = msgspec.structs.replace(SALE, id=SaleId("matinee"), serial=2, shard=SALE.shard + 1)
FIRST: Final = onsale(PLAN, "first")
SECOND: Final = onsale(PLAN, "second", serial=8)
APART: Final = onsale(PLAN, "apart", serial=9, sale=OTHER)
EVERYWHERE: Final = (FIRST, SECOND, APART)


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    """Three showtimes of two sales, in each a hold that lapsed."""
    opened = await Stage.at(valkey_url)
    await opened.store.open_gate(OTHER.shard, 0)
    rules = {"state": "open", "reason": "", "seats_per_fan": "4"}
    await opened.client.hset(keys.sale(OTHER.shard, OTHER.id), mapping=rules)
    for show in EVERYWHERE:
        await opened.load(show)
        await opened.held(show, exact("A-1"), fan=show.showtime.id)
    opened.ticks.ms += SALE.hold_ms
    yield opened
    await opened.store.close()


@pytest.fixture
async def sweeper(stage: Stage) -> Sweeper:
    catalogue = Catalogue(stage.store)
    await catalogue.put_plan("drawn", PLAN)
    for sale in (SALE, OTHER):
        await catalogue.put_sale(sale)
    for show in EVERYWHERE:
        await catalogue.put_showtime(show.showtime)
    await catalogue.refresh()
    return Sweeper(stage.allocator, catalogue)


async def test_a_closed_gate_keeps_no_other_sale_waiting(stage: Stage, sweeper: Sweeper) -> None:
    await stage.client.hincrby(keys.shard(SALE.shard), "epoch", 1)
    assert await sweeper.round() == 1
    assert await stage.seats(APART) == ".."
    version = int(await stage.client.hget(keys.shard(SALE.shard), "version") or 0)
    await stage.store.open_gate(SALE.shard, version)
    assert [await sweeper.round() for _ in range(2)] == [2, 0]


async def test_a_showtime_that_cannot_be_swept_stops_nothing(
    stage: Stage, sweeper: Sweeper, wait_until: WaitUntil
) -> None:
    deadlines = keys.deadlines(SALE.shard, FIRST.showtime.id)
    await stage.client.rename(deadlines, deadlines + ":aside")
    await stage.client.set(deadlines, "no deadlines")

    async def are_back(*shows: OnSale) -> bool:
        return {await stage.seats(show) for show in shows} == {".."}

    running = asyncio.create_task(sweeper.run())
    await wait_until(lambda: are_back(SECOND, APART))
    await stage.held(SECOND, exact("A-2"), fan="late")
    stage.ticks.ms += SALE.hold_ms
    await wait_until(lambda: are_back(SECOND, APART))
    await stage.client.rename(deadlines + ":aside", deadlines)
    await wait_until(lambda: are_back(*EVERYWHERE))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
