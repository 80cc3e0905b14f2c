"""A showtime from its loading to its reclaim: boards, versions, lapses, and what is kept for how long."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from allocator.answers import Held, HoldExpired, OverLimit, ShowtimeReclaimed
from allocator.catalogue import OnSale
from allocator.outbox import Reclaimed
from allocator.plan import SeatName
from allocator.standing import AlreadyOnSale, Counts, Loaded, Reclaim
from store import keys
from store.unavailable import StoreUnavailable
from tests.allocator_stage import HOUR_MS, SALE, SHARD, Stage, best, drawn, exact, onsale

DAY_MS = 24 * HOUR_MS


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    """Seats A-1 .. A-4 and B-1 .. B-4: one blocked, one sold elsewhere."""
    plan = drawn("aaaa", "bbbb")
    return await stage.load(onsale(plan, blocked=(SeatName("B-1"),), sold=(SeatName("B-4"),)))


async def test_a_showtime_is_loaded_once(stage: Stage, show: OnSale) -> None:
    await stage.held(show, exact("A-1", "A-2"))
    assert await stage.allocator.load(show) == Loaded(2, replayed=True)
    assert await stage.seats(show) == "hh..b..x"


@pytest.mark.parametrize(("state", "answer"), [("open", AlreadyOnSale(1)), ("scheduled", Loaded(2))])
async def test_another_definition_waits_for_no_open_sale(
    stage: Stage, show: OnSale, state: str, answer: object
) -> None:
    await stage.client.hset(keys.sale(SHARD, SALE.id), "state", state)
    other = onsale(drawn("aaaa", "bbbb"), blocked=(SeatName("A-1"),))
    assert await stage.allocator.load(other) == answer
    assert await stage.seats(show) == ("....b..x" if state == "open" else "b.......")


async def test_a_plan_compiled_anew_keeps_its_seats(stage: Stage, show: OnSale) -> None:
    await stage.held(show, exact("A-1", "A-2"))
    await stage.client.hset(keys.show(SHARD, "show"), "plan", "of another release")
    assert await stage.allocator.load(show) == Loaded(2, replayed=True)
    assert await stage.seats(show) == "hh..b..x"
    held = await stage.held(show, best(2), fan="other")
    assert show.geometry.named(held.indices) == ("A-3", "A-4")


async def test_nothing_is_loaded_or_read_behind_a_closed_gate(stage: Stage, show: OnSale) -> None:
    await stage.client.hincrby(keys.shard(SHARD), "epoch", 1)
    for asked in (
        stage.allocator.load,
        stage.allocator.board,
        stage.allocator.sweep,
        stage.allocator.reclaim,
    ):
        with pytest.raises(StoreUnavailable, match="gate is closed"):
            await asked(show)
    with pytest.raises(StoreUnavailable, match="gate is closed"):
        await stage.allocator.find(show, stage.token(show))


async def test_a_showtime_that_was_never_loaded(stage: Stage) -> None:
    show = onsale(drawn("aa"))
    for asked in (stage.allocator.board, stage.allocator.reclaim):
        with pytest.raises(StoreUnavailable, match="not loaded"):
            await asked(show)
    assert await stage.allocator.sweep(show) == 0


async def test_counts_and_versions(stage: Stage, show: OnSale) -> None:
    assert await stage.allocator.counts(show) == Counts(free=6, held=0, sold=0, blocked=2, version=1)
    await stage.sold(show, exact("A-1", "A-2"))
    held = await stage.held(show, exact("A-3"), fan="other")
    assert await stage.allocator.counts(show) == Counts(free=3, held=1, sold=2, blocked=2, version=4)
    await stage.hold(show, exact("A-3"), fan="third")
    await stage.allocator.release(show, held.token)
    assert await stage.allocator.counts(show) == Counts(free=4, held=0, sold=2, blocked=2, version=5)


async def test_the_sweep_gives_back_what_lapsed(stage: Stage, show: OnSale) -> None:
    await stage.held(show, exact("A-1", "A-2"))
    await stage.ordered(show, exact("A-3", "A-4"), fan="other")
    assert await stage.allocator.sweep(show) == 0
    stage.ticks.ms += SALE.hold_ms
    assert [await stage.allocator.sweep(show) for _ in range(2)] == [1, 0]
    assert await stage.seats(show) == "..hhb..x"
    stage.ticks.ms += SALE.pay_ms - SALE.hold_ms
    assert await stage.allocator.sweep(show) == 1
    assert await stage.seats(show) == "....b..x"
    fans = await stage.client.hvals(keys.fans(SHARD, SALE.id))
    assert all(int(packed) % 1024 == 0 for packed in fans), "no seat counts against anyone"


async def test_a_clock_that_runs_back_revives_nothing(stage: Stage, show: OnSale) -> None:
    held = await stage.held(show, exact("A-1", "A-2"))
    stage.ticks.ms += SALE.hold_ms
    assert await stage.allocator.sweep(show) == 1
    behind = await Stage.at_same(stage)
    assert isinstance(await behind.order(show, held.token), HoldExpired)
    await behind.store.close()


async def test_old_records_are_forgotten(stage: Stage, show: OnSale) -> None:
    plain = await stage.held(show, exact("A-1"), fan="one")
    order = await stage.ordered(show, exact("A-4"), fan="two")
    sold = await stage.sold(show, exact("B-2", "B-3"), fan="three")
    found = [plain.token, order, sold]
    for passed_ms, known in (
        (SALE.pay_ms, [True, True, True]),
        (HOUR_MS, [False, True, True]),
        (7 * DAY_MS, [False, False, True]),
    ):
        stage.ticks.ms += passed_ms
        await stage.allocator.sweep(show)
        assert [await stage.allocator.find(show, token) is not None for token in found] == known


async def test_reclaim(stage: Stage, show: OnSale) -> None:
    await stage.sold(show, exact("A-1", "A-2"), fan="one")
    order = await stage.ordered(show, exact("A-3", "A-4"), fan="two")
    held = await stage.held(show, exact("B-2"), fan="three")
    assert await stage.allocator.reclaim(show) == Reclaim(sold=(0, 1), awaiting=(2, 3), back=(5, 6))
    assert isinstance(await stage.order(show, held.token), HoldExpired)
    assert await stage.hold(show, best(1, "b"), fan="four") == ShowtimeReclaimed()
    assert (await stage.allocator.board(show)).reclaimed
    assert await stage.allocator.reclaim(show) == Reclaim(sold=(0, 1), awaiting=(2, 3), back=(5, 6))
    stage.ticks.ms += SALE.pay_ms
    assert await stage.allocator.reclaim(show) == Reclaim(sold=(0, 1), awaiting=(), back=(2, 3, 5, 6))
    await stage.pay(show, order)
    told = [
        msgspec.msgpack.decode(body, type=Reclaimed)
        for kind, body in await stage.outbox()
        if kind == b"reclaimed"
    ]
    assert [(record.showtime, record.sold, record.back) for record in told] == [
        ("show", (0, 1), (5, 6)),
        ("show", (0, 1), (2, 3, 5, 6)),
    ]


async def test_a_reclaim_gives_the_limit_back(stage: Stage, show: OnSale) -> None:
    other = await stage.load(onsale(drawn("aaaaaa"), "late", serial=8))
    await stage.held(show, best(4))
    assert await stage.hold(other, best(1)) == OverLimit(0)
    await stage.allocator.reclaim(show)
    assert isinstance(await stage.hold(other, best(4)), Held)


async def test_a_large_hall_is_loaded_held_and_swept(stage: Stage) -> None:
    """More lapsed holds than one call of the server's takes arguments."""
    show = await stage.load(onsale(drawn(*["a" * 60] * 50)))
    await stage.sale("open", seats_per_fan=1)
    await asyncio.gather(*(stage.hold(show, best(1), fan=f"fan-{n}") for n in range(2500)))
    assert (await stage.allocator.counts(show)).held == 2500
    stage.ticks.ms += SALE.hold_ms
    assert await stage.allocator.sweep(show) == 2500
    assert (await stage.allocator.counts(show)).free == 3000
