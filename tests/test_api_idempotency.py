"""Idempotency-Key: the same request again has the same answer and one effect."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from allocator import answers
from api.idempotency import PASSING, Stored
from api.problem_table import ROWS
from api.settings import Limits
from ledger.pool import Pool
from store.connection import Store
from store.functions import STORE_LUA
from tests.api_doors import OPERATOR, STOREFRONT, slug
from tests.api_stage import Answer, Stage, open_stage
from tests.conftest import WaitUntil
from tests.kept_answers import forget, names

WANT: dict[str, Any] = {"best": {"count": 2, "category": "back"}}
OTHER: dict[str, Any] = {"best": {"count": 1, "category": "back"}}
KEPT_LUA: Final = (STORE_LUA / "kept.lua").read_text()


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def test_a_repeat_gets_the_stored_answer(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    key = {"idempotency-key": "wish-1"}
    first = await stage.hold(pass_, WANT, **key)
    again = await stage.hold(pass_, WANT, **key)
    assert (slug(first), first.content) == (slug(again), again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert slug(await stage.hold(pass_, OTHER, **key)) == "idempotency-mismatch"
    mine = (await stage.hold(await stage.come_in(), WANT, **key)).json()
    assert mine["hold"] != first.json()["hold"]


async def test_little_is_kept_beside_the_answer(stage: Stage, store: Store) -> None:
    """Millions of answers are kept for a day."""
    await stage.open()
    first = await stage.post("/v1/sales/night/places", **{"idempotency-key": "wish-1"})
    [name] = await names(store)
    kept: Any = await store.client.get(name)
    assert len(name) + len(kept) < 130
    again = await stage.post("/v1/sales/night/places", **{"idempotency-key": "wish-1"})
    told = [dict(answer.headers) for answer in (first, again)]
    assert told[1].pop("idempotent-replayed") == "true"
    assert told[0] == told[1]
    assert "usher-version" in told[1]


async def test_a_refusal_is_stored_too_but_not_now_is_not(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    refused = await stage.hold(pass_, {"seats": ["Z-1"]}, **{"idempotency-key": "wish-1"})
    again = await stage.hold(pass_, {"seats": ["Z-1"]}, **{"idempotency-key": "wish-1"})
    assert (slug(again), again.headers["content-type"]) == ("no-such-seats", refused.headers["content-type"])
    # At once, so that a slow machine does not give the fan's bucket the time to fill again.
    many = [{"idempotency-key": f"many-{number}"} for number in range(12)]
    answers = await asyncio.gather(*(stage.hold(pass_, WANT, **key) for key in many))
    key, answer = next(told for told in zip(many, answers, strict=True) if slug(told[1]) == "too-many")
    await asyncio.sleep(int(answer.headers["retry-after"]))
    assert slug(await stage.hold(pass_, WANT, **key)) != "too-many"


async def test_a_repeat_has_its_answer_also_when_nothing_new_would_be_given(stage: Stage) -> None:
    await stage.open(sale={"shopping_s": 5})
    pass_ = await stage.come_in()
    first = await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})

    async def expired() -> bool:
        return (await stage.hold(pass_, {"seats": ["Z-1"]})).status_code == 401

    await stage.wait_until(expired, timeout_s=20)
    again = await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert again.headers["usher-version"] == first.headers["usher-version"]
    assert slug(await stage.hold(pass_, OTHER, **{"idempotency-key": "wish-1"})) == "idempotency-mismatch"


async def test_repeats_leave_the_fan_its_asks(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    """A fan whose answers were lost sends them again and still chooses other seats."""
    limits = Limits(holds_per_fan_per_s=0.001, holds_per_fan_burst=2)
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, limits=limits) as stage:
        await stage.open()
        pass_ = await stage.come_in()
        repeats = [await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"}) for _ in range(4)]
        assert [slug(answer) for answer in repeats] == ["201"] * 4
        assert slug(await stage.hold(pass_, OTHER, **{"idempotency-key": "wish-2"})) == "201"
        assert slug(await stage.hold(pass_, OTHER, **{"idempotency-key": "wish-3"})) == "too-many"


async def test_what_was_given_back_is_still_the_answer(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    first = await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})
    await stage.doors.delete(
        f"/v1/holds/{first.json()['hold']}", headers={"authorization": f"Bearer {pass_}"}
    )
    await stage.move("pause", {"reason": "A moment."})
    again = await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})
    assert (slug(again), again.content) == ("201", first.content)


async def test_an_order_is_told_again_whatever_became_of_it(stage: Stage) -> None:
    await stage.open(sale={"shopping_s": 5})
    pass_ = await stage.come_in()
    wanted = [
        {"hold": (await stage.hold(pass_, {"seats": [seat]})).json()["hold"]} for seat in ("B-1", "C-1")
    ]

    async def order(body: dict[str, str], key: str = "order-1") -> Answer:
        return await stage.post("/v1/orders", body, pass_, **{"idempotency-key": key})

    async def expired() -> bool:
        return (await stage.hold(pass_, {"seats": ["Z-1"]})).status_code == 401

    first, refused = await order(wanted[0]), await order(wanted[1], "order-2")
    assert (slug(first), slug(refused)) == ("201", "pass-used-up")
    assert slug(await stage.pay(first.json())) == "201"
    assert slug(await order(wanted[1])) == "idempotency-mismatch"
    await stage.wait_until(expired, timeout_s=20)
    for asked, key, before in ((wanted[0], "order-1", first), (wanted[1], "order-2", refused)):
        again = await order(asked, key)
        assert (again.content, again.headers["idempotent-replayed"]) == (before.content, "true")
        told = [name for name in before.headers if name != "date"]
        assert [again.headers[name] for name in told] == [before.headers[name] for name in told]


async def test_a_payment_is_told_again_whatever_became_of_it(stage: Stage, store: Store) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "B-1", "B-2")

    async def pay(key: str, **changes: Any) -> Answer:
        return await stage.pay(order, key=key, **changes)

    calls = {
        "little": await pay("little", amount=1),
        "all": await pay("all"),
        "double": await pay("double", reference="r-2"),
    }
    assert [slug(answer) for answer in calls.values()] == ["wrong-amount", "201", "already-paid"]
    assert slug(await pay("all", reference="r-3")) == "idempotency-mismatch"
    nowhere = order | {"order": order["order"][:-4] + "0000"}
    assert slug(await stage.pay(nowhere, key="all")) == "unknown-order"
    kept = len(await names(store))
    again = {"little": await pay("little", amount=1), "all": await pay("all")}
    again["double"] = await pay("double", reference="r-2")
    for key, answer in again.items():
        assert (answer.content, answer.headers["idempotent-replayed"]) == (calls[key].content, "true")
        assert answer.headers["usher-version"] == calls[key].headers["usher-version"]
    assert len(await names(store)) == kept


async def test_an_address_with_a_slash_behind_is_kept_as_any_other(stage: Stage, store: Store) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "B-1", "B-2")
    body = {name: order[name] for name in ("amount", "currency")} | {"method": "card", "reference": "r-1"}
    path, headers = f"/v1/orders/{order['order']}/payments/", STOREFRONT | {"idempotency-key": "money-1"}
    first, again = [await stage.post(path, body, **headers) for _ in range(2)]
    assert (slug(first), first.content, again.headers["idempotent-replayed"]) == (
        "201",
        again.content,
        "true",
    )
    assert len(await names(store)) == 1


async def test_the_effect_happens_once_even_when_the_answer_was_lost(stage: Stage, store: Store) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    first = (await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})).json()
    await forget(store)
    again = (await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})).json()
    assert again == first


async def test_a_second_request_while_the_first_runs_is_told_so(stage: Stage, store: Store) -> None:
    await stage.open()

    async def pause() -> Answer:
        headers = OPERATOR | {"idempotency-key": "pause-1"}
        return await stage.post("/v1/sales/night/pause", {"reason": "A moment."}, **headers)

    first = await pause()
    assert first.is_success
    [name] = await names(store)
    stored: Any = await store.client.get(name)
    lease = Stored(msgspec.msgpack.decode(stored, type=Stored).body_digest)
    await store.client.set(name, msgspec.msgpack.encode(lease), px=60_000)
    answer = await pause()
    assert slug(answer) == "in-progress"
    assert answer.headers["retry-after"] == "1"
    await store.client.pexpire(name, 1)

    async def free_again() -> bool:
        return slug(await pause()) == slug(first)

    await stage.wait_until(free_again)


async def test_a_guest_who_repeats_the_join_has_one_place(stage: Stage, store: Store) -> None:
    await stage.delegate()
    key = {"idempotency-key": "browser-1"}
    first = await stage.post("/v1/sales/night/places", **key)
    await forget(store)
    again = await stage.post("/v1/sales/night/places", **key)
    assert (slug(first), slug(again)) == ("201", "200")
    assert again.json()["place"] == first.json()["place"]


async def test_keys_have_limits(stage: Stage) -> None:
    await stage.delegate()
    path = "/v1/sales/night/places"
    assert slug(await stage.post(path, **{"idempotency-key": "x" * 256})) == "bad-request"
    assert slug(await stage.post(path, **{"idempotency-key": ""})) == "bad-request"
    assert slug(await stage.post(path, {"identity": "x" * 70_000}, **{"idempotency-key": "k"})) == "too-large"


async def test_two_at_once_have_one_effect(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    answers = await asyncio.gather(
        *(stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"}) for _ in range(5))
    )
    assert {(slug(answer), answer.content) for answer in answers} == {("201", answers[0].content)}
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
    assert len({answer.headers["usher-version"] for answer in answers}) == 1

    async def read_anew() -> bool:
        return bool((await stage.get("/v1/showtimes/late")).json()["free"] < 24)

    # The worker may know the hall from just before: it reads it five times a second.
    await stage.wait_until(read_anew)
    assert (await stage.get("/v1/showtimes/late")).json()["free"] == 22


async def test_half_a_body_does_not_take_the_key(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    where, body = stage.doors.base_url, msgspec.json.encode(WANT)
    head = (
        f"POST /v1/showtimes/late/holds HTTP/1.1\r\nHost: {where.host}\r\nAuthorization: Bearer {pass_}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: wish-1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(where.host, where.port)
    writer.write(head.encode() + body[:5])
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert slug(await stage.hold(pass_, WANT, **{"idempotency-key": "wish-1"})) == "201"


@pytest.mark.parametrize(
    ("word", "refusal"),
    [
        ("SALE_NOT_OPEN", answers.SaleNotOpen),
        ("SALE_PAUSED", answers.SalePaused),
        ("SALE_CLOSED", answers.SaleClosed),
        ("PASS_USED_UP", answers.PassUsedUp),
        ("OVER_LIMIT", answers.OverLimit),
        ("NO_SUCH_SEATS", answers.NoSuchSeats),
        ("TAKEN", answers.SeatsTaken),
        ("LEAVES_SINGLE", answers.LeavesSingle),
        ("SOLD_OUT", answers.SoldOut),
        ("NO_FIT", answers.NoFit),
        ("UNKNOWN_HOLD", answers.UnknownHold),
        ("EXPIRED", answers.HoldExpired),
        ("UNKNOWN_ORDER", answers.UnknownOrder),
        ("ALREADY_PAID", answers.AlreadyPaid),
        ("WRONG_AMOUNT", answers.WrongAmount),
        ("LATE_REFUNDED", answers.LateRefunded),
    ],
)
def test_a_decision_keeps_what_any_other_call_would(word: str, refusal: type[msgspec.Struct]) -> None:
    is_passing = f"{word} = true" in KEPT_LUA
    assert is_passing == (ROWS[refusal].status in PASSING)
