"""Orders and payments: every word in the order of precedence; money is never kept with lost seats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import msgspec
import pytest

from allocator.answers import (
    AlreadyPaid,
    Held,
    HoldExpired,
    LateRefunded,
    OrderConfirmed,
    Ordered,
    PassUsedUp,
    Released,
    UnknownHold,
    UnknownOrder,
    WrongAmount,
)
from allocator.catalogue import OnSale
from allocator.outbox import Confirmed, Refunded, Token, checksum, read_order, read_payment
from store import keys
from tests.allocator_stage import SALE, SHARD, Stage, blob, drawn, exact, onsale

PAIR: Final = exact("A-1", "A-2")
NEVER: Final = Token("7-0000000000000000")


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    return await stage.load(onsale(drawn("aaaa")))


async def hold(stage: Stage, show: OnSale) -> Token:
    return (await stage.held(show, PAIR)).token


async def order(stage: Stage, show: OnSale) -> Token:
    return await stage.ordered(show, PAIR)


async def pay(stage: Stage, show: OnSale) -> Token:
    return await stage.sold(show, PAIR)


async def hold_released(stage: Stage, show: OnSale) -> Token:
    held = await hold(stage, show)
    await stage.allocator.release(show, held)
    return held


async def hold_lapsed(stage: Stage, show: OnSale) -> Token:
    held = await hold(stage, show)
    stage.ticks.ms += SALE.hold_ms
    return held


async def order_released(stage: Stage, show: OnSale) -> Token:
    ordered = await order(stage, show)
    await stage.allocator.release(show, ordered)
    return ordered


async def order_lapsed(stage: Stage, show: OnSale) -> Token:
    ordered = await order(stage, show)
    stage.ticks.ms += SALE.pay_ms
    return ordered


async def order_lapsed_and_one_seat_taken(stage: Stage, show: OnSale) -> Token:
    ordered = await order_lapsed(stage, show)
    await stage.held(show, exact("A-1"), fan="quicker")
    return ordered


async def order_lapsed_and_reclaimed(stage: Stage, show: OnSale) -> Token:
    ordered = await order_lapsed(stage, show)
    await stage.allocator.reclaim(show)
    return ordered


async def order_reclaimed(stage: Stage, show: OnSale) -> Token:
    ordered = await order(stage, show)
    await stage.allocator.reclaim(show)
    return ordered


async def order_closed(stage: Stage, show: OnSale) -> Token:
    ordered = await order(stage, show)
    await stage.sale("closed")
    return ordered


async def refunded(stage: Stage, show: OnSale) -> Token:
    ordered = await order_lapsed_and_one_seat_taken(stage, show)
    assert await stage.pay(show, ordered) == LateRefunded()
    return ordered


async def hold_beside_an_order(stage: Stage, show: OnSale) -> Token:
    held = await stage.held(show, exact("A-3", "A-4"))
    await order(stage, show)
    return held.token


async def hold_beside_a_paid_order(stage: Stage, show: OnSale) -> Token:
    held = await stage.held(show, exact("A-3", "A-4"))
    await pay(stage, show)
    return held.token


async def hold_after_a_released_order(stage: Stage, show: OnSale) -> Token:
    await order_released(stage, show)
    return (await stage.held(show, exact("A-3", "A-4"))).token


async def nothing(stage: Stage, show: OnSale) -> Token:
    return NEVER


Before = Callable[[Stage, OnSale], Awaitable[Token]]
ORDERS: Final = (
    (pay, Ordered),
    (order_lapsed, Ordered),
    (nothing, UnknownHold),
    (hold_released, HoldExpired),
    (hold_lapsed, HoldExpired),
    (hold_beside_an_order, PassUsedUp),
    (hold_beside_a_paid_order, PassUsedUp),
    (hold_after_a_released_order, Ordered),
    (hold, Ordered),
)


@pytest.mark.parametrize(("before", "answer"), ORDERS)
async def test_order(stage: Stage, show: OnSale, before: Before, answer: type[object]) -> None:
    token = await before(stage, show)
    assert type(await stage.order(show, token)) is answer


async def test_an_order_has_its_own_deadline_and_keeps_its_first_text(stage: Stage, show: OnSale) -> None:
    held = await hold(stage, show)
    first = await stage.allocator.order(show, held, blob(show, held, (0, 1)))
    stage.ticks.ms += 1000
    later = msgspec.structs.replace(blob(show, held, (0, 1)), created_ms=99)
    assert await stage.allocator.order(show, held, later) == first
    assert isinstance(first, Ordered)
    assert first.deadline_ms == stage.store.clock.now_ms() - 1000 + SALE.pay_ms
    assert read_order(first.blob) == blob(show, held, (0, 1))


PAYMENTS: Final = (
    # what happened, the payment's reference and amount (0: the right one), answer, seats after
    (hold, "r1", 0, UnknownOrder(), "hh.."),
    (nothing, "r1", 0, UnknownOrder(), "...."),
    (pay, "r1", 5, "replayed", "ss.."),
    (refunded, "r1", 5, LateRefunded(), "h..."),
    (pay, "r2", 5, AlreadyPaid(), "ss.."),
    (order, "r1", 2199, WrongAmount(2200, "CNY"), "hh.."),
    (order_lapsed_and_one_seat_taken, "r1", 1, WrongAmount(2200, "CNY"), "h..."),
    (order_lapsed_and_one_seat_taken, "r1", 0, LateRefunded(), "h..."),
    (order_lapsed_and_reclaimed, "r1", 0, LateRefunded(), "...."),
    (refunded, "r2", 0, LateRefunded(), "h..."),
    (order_lapsed, "r1", 0, "confirmed", "ss.."),
    (order_released, "r1", 0, "confirmed", "ss.."),
    (order_reclaimed, "r1", 0, "confirmed", "ss.."),
    (order_closed, "r1", 0, "confirmed", "ss.."),
    (order, "r1", 0, "confirmed", "ss.."),
)


@pytest.mark.parametrize(("before", "reference", "amount", "answer", "seats"), PAYMENTS)
async def test_confirm(
    stage: Stage, show: OnSale, before: Before, reference: str, amount: int, answer: object, seats: str
) -> None:
    token = await before(stage, show)
    told = await stage.pay(show, token, reference, amount=amount or None)
    if isinstance(told, OrderConfirmed):
        assert ("replayed" if told.replayed else "confirmed") == answer
        assert (told.version, told.entry) == (len(await stage.outbox()), 1)
        assert told.replayed or read_order(told.order).token == token
    else:
        assert told == answer
    assert await stage.seats(show) == seats


async def test_another_currency_is_a_wrong_amount(stage: Stage, show: OnSale) -> None:
    token = await order(stage, show)
    assert await stage.pay(show, token, currency="USD") == WrongAmount(2200, "CNY")


async def test_a_payment_told_again_writes_nothing(stage: Stage, show: OnSale) -> None:
    token = await pay(stage, show)
    for reference in ("r1", "r2", "r2", "r1", "r3", "r3"):
        await stage.pay(show, token, reference)
    assert [kind for kind, _ in await stage.outbox()] == [b"confirmed", b"refunded", b"refunded"]


async def test_payments_of_one_batch_meet(stage: Stage, show: OnSale) -> None:
    token = await order(stage, show)
    told = await asyncio.gather(*(stage.pay(show, token, reference) for reference in ("r1", "r1", "r2")))
    assert isinstance(told[0], OrderConfirmed)
    assert isinstance(told[1], OrderConfirmed)
    assert (told[0].replayed, told[1].replayed, told[2]) == (False, True, AlreadyPaid())
    assert len(await stage.outbox()) == 2


async def test_the_outbox_is_contiguous_and_checked(stage: Stage, show: OnSale) -> None:
    token = await pay(stage, show)
    await stage.pay(show, token, "r2")
    entries = await stage.client.xrange(keys.outbox(SHARD))
    assert [entry for entry, _ in entries] == [b"1-0", b"2-0"]
    for version, (_, fields) in enumerate(entries, start=1):
        assert fields[b"sum"].decode() == checksum(version, fields[b"kind"].decode(), fields[b"body"])
    sold = msgspec.msgpack.decode(entries[0][1][b"body"], type=Confirmed)
    assert read_order(sold.order) == blob(show, token, (0, 1))
    assert read_payment(sold.payment).reference == "r1"
    owed = msgspec.msgpack.decode(entries[1][1][b"body"], type=Refunded)
    assert (owed.why, read_payment(owed.payment).reference) == ("double", "r2")
    assert sold.at_ms <= owed.at_ms <= stage.store.clock.now_ms()


async def test_late_money_is_written_down_as_late(stage: Stage, show: OnSale) -> None:
    await refunded(stage, show)
    (kind, body), *_ = await stage.outbox()
    assert (kind, msgspec.msgpack.decode(body, type=Refunded).why) == (b"refunded", "late")


async def test_a_paid_order_uses_up_its_pass_and_counts_against_the_limit(stage: Stage, show: OnSale) -> None:
    await stage.sold(show, PAIR, entry=4)
    for entry in (3, 4):
        assert await stage.hold(show, exact("A-3"), entry=entry) == PassUsedUp()
    again = await stage.hold(show, exact("A-3", "A-4"), entry=5)
    assert isinstance(again, Held)


async def test_late_money_buys_one_order_a_pass(stage: Stage, show: OnSale) -> None:
    """An order given back and paid all the same carries no fan past the limit or the pass."""
    first = await order_released(stage, show)
    second = await stage.ordered(show, exact("A-3", "A-4"))
    await stage.allocator.release(show, second)
    assert isinstance(await stage.pay(show, first), OrderConfirmed)
    assert await stage.pay(show, second, "r2") == LateRefunded()
    third = await stage.ordered(show, exact("A-3", "A-4"), entry=5)
    stage.ticks.ms += SALE.pay_ms
    await stage.sale("open", seats_per_fan=3)
    assert await stage.pay(show, third, "r3") == LateRefunded(), "two bought and two more are over three"


RELEASES: Final = (
    (nothing, UnknownHold(), "...."),
    (pay, AlreadyPaid(), "ss.."),
    (hold_released, Released(), "...."),
    (hold_lapsed, Released(), "...."),
    (order_lapsed, Released(), "...."),
    (refunded, Released(), "h..."),
    (order, Released(), "...."),
    (hold, Released(), "...."),
)


@pytest.mark.parametrize(("before", "answer", "seats"), RELEASES)
async def test_release(stage: Stage, show: OnSale, before: Before, answer: object, seats: str) -> None:
    token = await before(stage, show)
    assert await stage.allocator.release(show, token) == answer
    assert await stage.seats(show) == seats


STATES: Final = (
    (hold, "held"),
    (hold_lapsed, "expired"),
    (hold_released, "released"),
    (order, "awaiting"),
    (order_lapsed, "expired"),
    (order_released, "released"),
    (pay, "confirmed"),
    (refunded, "refunded"),
)


@pytest.mark.parametrize(("before", "state"), STATES)
async def test_find(stage: Stage, show: OnSale, before: Before, state: str) -> None:
    found = await stage.allocator.find(show, await before(stage, show))
    assert found is not None
    assert (found.state, found.fan, found.seats) == (state, "fan", (0, 1))
    assert await stage.allocator.find(show, NEVER) is None
