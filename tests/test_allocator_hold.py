"""Every word of `hold` in the order of precedence, and what decisions of one batch see of each other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import pytest

from allocator.answers import (
    Held,
    HoldAnswer,
    LeavesSingle,
    NoFit,
    NoSuchSeats,
    OverLimit,
    PassUsedUp,
    SaleClosed,
    SaleNotOpen,
    SalePaused,
    SeatsTaken,
    ShowtimeReclaimed,
    SoldOut,
)
from allocator.catalogue import OnSale
from allocator.plan import SeatName
from allocator.wishes import Want
from store import keys
from store.unavailable import StoreUnavailable
from tests.allocator_stage import SALE, SHARD, Stage, best, drawn, exact, onsale

NAMES: Final = tuple(f"A-{n}" for n in range(1, 10))


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    """One row of nine, its last seat sold elsewhere."""
    return await stage.load(onsale(drawn("aaaaaaaaa"), sold=(SeatName("A-9"),)))


async def lose_epoch(stage: Stage, show: OnSale) -> None:
    await stage.client.hdel(keys.shard(SHARD), "epoch")


async def lose_showtime(stage: Stage, show: OnSale) -> None:
    await stage.client.delete(keys.show(SHARD, show.showtime.id))


async def schedule(stage: Stage, show: OnSale) -> None:
    await stage.sale("scheduled")


async def forget_sale(stage: Stage, show: OnSale) -> None:
    await stage.client.delete(keys.sale(SHARD, SALE.id))


async def pause(stage: Stage, show: OnSale) -> None:
    await stage.sale("paused", "The film is late")


async def close(stage: Stage, show: OnSale) -> None:
    await stage.sale("closed")


async def reclaim(stage: Stage, show: OnSale) -> None:
    await stage.allocator.reclaim(show)


async def use_pass(stage: Stage, show: OnSale) -> None:
    await stage.sold(show, exact("A-7", "A-8"), entry=1)


async def hold_three(stage: Stage, show: OnSale) -> None:
    await stage.held(show, exact("A-6", "A-7", "A-8"))


async def sell_all(stage: Stage, show: OnSale) -> None:
    for n, names in enumerate((NAMES[:4], NAMES[4:8])):
        await stage.held(show, exact(*names), fan=f"other-{n}")


async def leave_one(stage: Stage, show: OnSale) -> None:
    for n, names in enumerate((NAMES[:4], NAMES[4:7])):
        await stage.held(show, exact(*names), fan=f"other-{n}")


async def nothing(stage: Stage, show: OnSale) -> None:
    """The hall is as it was loaded."""


Before = Callable[[Stage, OnSale], Awaitable[None]]
REFUSALS: Final[tuple[tuple[list[Before], Want, object], ...]] = (
    # what happened before, most important first; what is wanted; the answer
    ([lose_epoch, schedule], exact("A-1"), StoreUnavailable("the gate is closed")),
    ([lose_showtime, schedule], exact("A-1"), StoreUnavailable("the showtime is not loaded")),
    ([use_pass, schedule], exact("Z-1"), SaleNotOpen()),
    # A fan who has no seats yet is decided by a shorter way.
    ([schedule], best(1), SaleNotOpen()),
    ([pause], best(1), SalePaused("The film is late")),
    ([close], best(1), SaleClosed()),
    ([forget_sale], exact("Z-1"), SaleNotOpen()),
    ([use_pass, reclaim, pause], exact("Z-1"), SalePaused("The film is late")),
    ([use_pass, close], exact("Z-1"), SaleClosed()),
    ([use_pass, reclaim], exact("Z-1"), ShowtimeReclaimed()),
    ([use_pass, reclaim, close], exact("Z-1"), SaleClosed()),
    ([use_pass], exact(*NAMES[:5]), PassUsedUp()),
    ([hold_three], exact("Z-1", "A-9"), OverLimit(1)),
    ([nothing], exact("Z-1", "A-2", "A-9", "A-3"), NoSuchSeats((SeatName("Z-1"),))),
    ([nothing], exact("A-1", "A-2", "A-1"), NoSuchSeats((SeatName("A-1"),))),
    ([hold_three], exact("A-6"), SeatsTaken((SeatName("A-6"),))),
    ([nothing], exact("A-9", "A-7"), SeatsTaken((SeatName("A-9"),))),
    ([nothing], exact("A-2", "A-3"), LeavesSingle(SeatName("A-1"), (SeatName("A-1"), SeatName("A-2")))),
    ([sell_all], best(1), SoldOut()),
    ([leave_one], best(2), NoFit(largest=1, version=3)),
)


@pytest.mark.parametrize(("before", "want", "answer"), REFUSALS)
async def test_refusals(stage: Stage, show: OnSale, before: list[Before], want: Want, answer: object) -> None:
    for happened in before:
        await happened(stage, show)
    board = await stage.client.get(keys.board(SHARD, show.showtime.id))
    if isinstance(answer, StoreUnavailable):
        with pytest.raises(StoreUnavailable, match=str(answer)):
            await stage.hold(show, want)
    else:
        assert await stage.hold(show, want) == answer
    assert await stage.client.get(keys.board(SHARD, show.showtime.id)) == board


async def test_held(stage: Stage, show: OnSale) -> None:
    now = stage.store.clock.now_ms()
    held = await stage.held(show, exact("A-4", "A-3"))
    assert show.geometry.named(held.indices) == ("A-3", "A-4")
    assert (held.deadline_ms, held.together, held.replayed) == (now + SALE.hold_ms, True, False)
    assert await stage.seats(show) == "..hh....x"
    apart = await stage.held(show, exact("A-1", "A-2", "A-8"), fan="other")
    assert not apart.together


async def test_the_same_token_has_the_first_answer_whatever_happened(stage: Stage, show: OnSale) -> None:
    token = stage.token(show)
    first = await stage.allocator.hold(show, "fan", 1, token, exact("A-1", "A-2"))
    assert isinstance(first, Held)
    await stage.order(show, token)
    await stage.sale("closed")
    again = await stage.allocator.hold(show, "fan", 1, token, exact("A-5"))
    assert isinstance(again, Held)
    assert (again.replayed, again.indices, again.deadline_ms) == (True, first.indices, first.deadline_ms)
    assert await stage.seats(show) == "hh......x"


async def test_accessible_and_blocked_seats_stay_out(stage: Stage) -> None:
    show = await stage.load(onsale(drawn("aaa"), blocked=(SeatName("A-1"), SeatName("A-3"))))
    assert await stage.hold(show, exact("A-3")) == SeatsTaken((SeatName("A-3"),))
    assert (await stage.held(show, best(1))).indices == (1,)
    assert isinstance(await stage.hold(show, best(1), fan="other"), SoldOut)


async def test_an_unknown_category_has_no_seats(stage: Stage, show: OnSale) -> None:
    assert await stage.hold(show, best(1, "gold")) == NoSuchSeats(())


async def test_the_limit_counts_all_showtimes_of_the_sale(stage: Stage, show: OnSale) -> None:
    other = await stage.load(onsale(drawn("aaaaaa"), "late", serial=8))
    mine = await stage.held(show, best(3))
    assert await stage.hold(other, best(2)) == OverLimit(1)
    await stage.allocator.release(show, mine.token)
    assert isinstance(await stage.hold(other, best(4)), Held)
    assert await stage.hold(show, best(1)) == OverLimit(0)
    stage.ticks.ms += SALE.hold_ms
    assert isinstance(await stage.hold(show, best(4)), OverLimit)  # only the showtime asked for is swept
    assert await stage.allocator.sweep(other) == 1
    assert isinstance(await stage.hold(show, best(4)), Held)


async def test_lapsed_seats_are_free_at_once(stage: Stage, show: OnSale) -> None:
    await sell_all(stage, show)
    stage.ticks.ms += SALE.hold_ms - 1
    assert isinstance(await stage.hold(show, best(2)), SoldOut)
    stage.ticks.ms += 1
    assert isinstance(await stage.hold(show, best(2)), Held)


async def together(*asked: Awaitable[HoldAnswer]) -> list[str]:
    """The answers to decisions that travel in one batch, as names."""
    return [type(answer).__name__ for answer in await asyncio.gather(*asked)]


async def test_one_batch_one_seat_one_owner(stage: Stage, show: OnSale) -> None:
    asked = [stage.hold(show, exact("A-1"), fan=f"fan-{n}") for n in range(5)]
    assert await together(*asked) == ["Held"] + ["SeatsTaken"] * 4


async def test_one_batch_keeps_the_limit(stage: Stage, show: OnSale) -> None:
    other = await stage.load(onsale(drawn("aaaaaa"), "late", serial=8))
    asked = [stage.hold(where, best(2)) for where in (show, other, show, other)]
    assert await together(*asked) == ["Held", "Held", "OverLimit", "OverLimit"]


async def test_one_batch_repeats_a_token(stage: Stage, show: OnSale) -> None:
    token = stage.token(show)
    asked = [stage.allocator.hold(show, "fan", 1, token, best(2)) for _ in range(3)]
    answers = await asyncio.gather(*asked)
    assert [isinstance(a, Held) and a.replayed for a in answers] == [False, True, True]
    assert len({a.indices for a in answers if isinstance(a, Held)}) == 1


async def test_one_batch_fills_the_hall_to_the_last_seat(stage: Stage, show: OnSale) -> None:
    answers = await asyncio.gather(*(stage.hold(show, best(2, split=True), fan=f"fan-{n}") for n in range(6)))
    seats = [index for answer in answers if isinstance(answer, Held) for index in answer.indices]
    assert sorted(seats) == list(range(8))
    assert [type(answer).__name__ for answer in answers[4:]] == ["SoldOut"] * 2
