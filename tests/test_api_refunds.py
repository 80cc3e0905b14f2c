"""Money to give back over HTTP: which payments, and that they went, once, whatever they are called."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from api.refunds import PAGE_ROWS
from ledger.pool import Pool
from store.connection import Store
from tests.api_doors import open_doors, settings, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil
from tests.test_api_payments import lapsed, tell

PATH: Final = "/v1/refunds"
SENT: Final = "/v1/refunds/sent"
KEY: Final = "storefront-key"
DUE_FOR: Final = timedelta(hours=1)
WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'UPDATE refunds'"
)
BALANCES: Final = """
    SELECT kind, -sum(e.amount)::bigint AS balance FROM entries e JOIN accounts a ON a.id = e.account
    GROUP BY kind"""
"""What each kind of account owes; money at a provider is owed to us, and less than nothing here."""
NAMED: Final = {"provider": "storefront", "reference": "r-1"}
ODD: Final[list[tuple[dict[str, Any], str]]] = [
    ({}, "bad-request"),
    ({"provider": "storefront"}, "bad-request"),
    (NAMED | {"reference": ""}, "bad-request"),
    (NAMED | {"reference": "x" * 129}, "bad-request"),
    (NAMED | {"reference": "\0"}, "bad-request"),
    (NAMED | {"reference": 1}, "bad-request"),
    (NAMED | {"order": "o-1-x"}, "bad-request"),
    (NAMED | {"at": "this evening"}, "bad-request"),
    (NAMED | {"at": "2026-12-24T19:30:00"}, "bad-request"),
    (NAMED | {"at": "1969-12-24T19:30:00Z"}, "bad-request"),
    (NAMED | {"at": "2999-12-24T19:30:00Z"}, "bad-request"),
    (NAMED, "unknown-refund"),
    (NAMED | {"at": "2026-01-01T09:30:00+08:00"}, "unknown-refund"),
    (NAMED | {"provider": "\u4e8c/\u697c"}, "unknown-refund"),
]
WRONG_MOMENTS: Final = (timedelta(minutes=2), -DUE_FOR - timedelta(minutes=2))
MOMENTS: Final = [
    (timedelta(seconds=30), timedelta()),
    (timedelta(), timedelta()),
    (-DUE_FOR / 2, -DUE_FOR / 2),
    (-DUE_FOR - timedelta(seconds=30), -DUE_FOR),
]
"""When money is said to have gone, from now on -> what is kept, with a refund due for an hour."""
REFERENCES: Final = [
    "a/b", "..", ".", "/", "//", "?state=sent", "#", "%2F", "%", "a b", " ", "\n", "'; --", '"', "\\",
    "sent", "\u00e9", "\u4e8c\u697c", "\U0001f39f", "x" * 128,
]  # fmt: skip


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def paid_again(stage: Stage, *references: str) -> dict[str, Any]:
    """A paid order, with a second payment under each of these references that stands in Postgres as due."""
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    assert slug(await stage.pay(order, reference="first")) == "201"
    for reference in references:
        assert slug(await stage.pay(order, reference=reference)) == "already-paid"
    await written(stage, len(references))
    return order


async def test_a_reference_that_paid_another_order_owes_nothing(stage: Stage, pool: Pool) -> None:
    await stage.open()
    first = await paid_again(stage, "twice")
    second = await stage.order(await stage.come_in(), "A-3")
    assert slug(await stage.pay(second, reference="second")) == "201"
    for reference in ("first", "twice"):
        answers = [await stage.pay(second, reference=reference, key=f"key-{reference}") for _ in range(2)]
        assert {slug(answer) for answer in answers} == {"already-paid"}
        assert {answer.json()["other"] for answer in answers} == {first["order"]}
        assert first["order"] in answers[0].json()["detail"]
    own = await stage.pay(second, reference="own")
    assert (slug(own), "other" in own.json()) == ("already-paid", False)
    await written(stage, 2)
    assert {one["reference"]: one["order"] for one in await pages(stage)} == {
        "twice": first["order"],
        "own": second["order"],
    }
    assert await pool.fetchval("SELECT count(*) FROM payments") == 4
    kinds = [one["kind"] for one in (await stage.get("/v1/troubles", "operator-key")).json()["troubles"]]
    assert {"payment-reused", "refunds-due"} <= set(kinds)
    assert sum((await balances(pool)).values()) == 0


async def written(stage: Stage, count: int) -> None:
    async def all_are() -> bool:
        return len(await pages(stage)) == count

    await stage.wait_until(all_are)


async def pages(stage: Stage, state: str = "due") -> list[dict[str, Any]]:
    """All refunds, page after page."""
    found, after = list[dict[str, Any]](), ""
    while True:
        answer = await listed(stage, state=state, after=after)
        assert slug(answer) == "200", answer.text
        found += answer.json()["refunds"]
        if not (after := answer.json().get("next", "")):
            return found


async def listed(stage: Stage, key: str = KEY, **params: str) -> httpx.Response:
    return await stage.doors.get(PATH, params=params, headers={"authorization": f"Bearer {key}"})


async def send(
    stage: Stage, reference: str, at: datetime | None = None, provider: str = "storefront"
) -> httpx.Response:
    body = {"provider": provider, "reference": reference} | ({"at": at.isoformat()} if at else {})
    return await stage.post(SENT, body, KEY)


async def balances(pool: Pool) -> dict[str, int]:
    return {row["kind"]: row["balance"] for row in await pool.fetch(BALANCES)}


async def owed(stage: Stage) -> list[str]:
    troubles = (await stage.get("/v1/troubles", "operator-key")).json()["troubles"]
    return [item for one in troubles if one["kind"] == "refunds-due" for item in one["items"]]


def moment(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.json()["sent_at"])


async def test_money_too_late_is_owed_until_it_is_told_as_given_back(stage: Stage, pool: Pool) -> None:
    await stage.open(sale={"pay_s": 1})
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    await lapsed(stage, order)
    assert slug(await stage.hold(await stage.come_in(), {"seats": ["A-2", "A-3"]})) == "201"
    assert (await tell(stage, order)).json()["outcome"] == "late-refunded"
    await written(stage, 1)
    [due] = await pages(stage)
    told = {"provider": "acme", "reference": "e-1", "order": order["order"], "amount": 6400}
    assert due == told | {"currency": "CNY", "why": "late", "state": "due", "due_at": due["due_at"]}
    assert await owed(stage) == ["6400 CNY"]
    assert await balances(pool) == {"clearing": -6400, "refunds_due": 6400}

    sent = await send(stage, "e-1", provider="acme")
    assert slug(sent) == "200"
    assert sent.json() == due | {"state": "sent", "sent_at": sent.json()["sent_at"]}
    assert sent.headers["cache-control"] == "no-store"
    assert await pages(stage) == []
    assert await pages(stage, "sent") == [sent.json()]
    assert await owed(stage) == []
    assert await balances(pool) == {"clearing": 0, "refunds_due": 0}


async def test_what_is_sent_stays_so_whatever_is_told_again(stage: Stage, pool: Pool) -> None:
    await stage.open()
    order = await paid_again(stage, "r-2")
    before = datetime.now(UTC) - timedelta(seconds=1)
    first = await send(stage, "r-2")
    assert moment(first) > before
    for at in (None, datetime.now(UTC), datetime.now(UTC) - timedelta(days=1)):
        again = await send(stage, "r-2", at)
        assert (slug(again), again.json()) == ("200", first.json())
    assert slug(await stage.pay(order, reference="r-2")) == "already-paid"
    assert slug(await stage.pay(order, reference="r-3")) == "already-paid"
    await written(stage, 1)
    assert await pages(stage, "sent") == [first.json()]
    kept = {"box_office": 6000, "service_fees": 400}
    assert await balances(pool) == kept | {"clearing": -2 * 6400, "refunds_due": 6400}


async def test_two_that_tell_it_at_once_are_told_the_same(stage: Stage, pool: Pool) -> None:
    await stage.open()
    await paid_again(stage, "r-2")
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM refunds FOR UPDATE")
        earlier = datetime.now(UTC) - timedelta(seconds=20)
        calls = [asyncio.create_task(send(stage, "r-2", at)) for at in (None, earlier)]

        async def both_wait() -> bool:
            return bool(await pool.fetchval(WAITING) == 2)

        await stage.wait_until(both_wait)
    first, second = await asyncio.gather(*calls)
    assert (slug(first), slug(second), first.json()) == ("200", "200", second.json())
    assert await pool.fetchval("SELECT count(*) FROM movements WHERE cause ~ '^sent/'") == 1


async def test_whatever_else_is_told(stage: Stage) -> None:
    await stage.open()
    for body, word in ODD:
        assert slug(await stage.post(SENT, body, KEY)) == word, body
    await paid_again(stage, "r-2")
    assert slug(await send(stage, "first")) == "unknown-refund"
    assert slug(await send(stage, "r-2", provider="acme")) == "unknown-refund"
    assert [one["reference"] for one in await pages(stage)] == ["r-2"]


async def test_a_reference_may_be_any_text(stage: Stage) -> None:
    await stage.open()
    await paid_again(stage, *REFERENCES)
    assert {one["reference"] for one in await pages(stage)} == set(REFERENCES)
    for reference in REFERENCES:
        answer = await send(stage, reference)
        assert (slug(answer), answer.json()["reference"]) == ("200", reference)
    assert {one["reference"] for one in await pages(stage, "sent")} == set(REFERENCES)


async def test_the_moment_it_went_lies_between_due_and_now(stage: Stage, pool: Pool) -> None:
    await stage.open()
    await paid_again(stage, "r-2", "r-3", "r-4", "r-5")
    await pool.execute("UPDATE refunds SET due_ms = due_ms - $1", DUE_FOR // timedelta(milliseconds=1))
    for ago in WRONG_MOMENTS:
        wrong = await send(stage, "r-2", datetime.now(UTC) + ago)
        assert slug(wrong) == "bad-request", ago
        assert wrong.json()["detail"].startswith("at: ")
    assert len(await pages(stage)) == len(MOMENTS)
    for n, (ago, kept) in enumerate(MOMENTS, 2):
        now = datetime.now(UTC)
        answer = await send(stage, f"r-{n}", now + ago)
        assert slug(answer) == "200", ago
        assert abs(moment(answer) - (now + kept)) < timedelta(seconds=10), ago
        assert moment(answer) >= datetime.fromisoformat(answer.json()["due_at"])


async def test_pages_hold_all_once_in_the_order_of_their_dues(stage: Stage, pool: Pool) -> None:
    await stage.open()
    names = [f"r/{n}" for n in range(PAGE_ROWS + 1)]
    await paid_again(stage, *names)
    # Many at one moment: their names keep them apart.
    await pool.execute("UPDATE refunds SET due_ms = due_ms - due_ms % 1000")
    page = (await listed(stage)).json()
    assert slug(await send(stage, page["refunds"][0]["reference"])) == "200"
    behind = (await listed(stage, after=page["next"])).json()
    found = [*page["refunds"], *behind["refunds"]]
    assert sorted(one["reference"] for one in found) == sorted(names)
    assert [one["due_at"] for one in found] == sorted(one["due_at"] for one in found)
    assert (len(page["refunds"]), "next" in behind) == (PAGE_ROWS, False)
    for odd in ("x", "\u00e9", "W10", "bnVsbA", "WzEsIlx1MDAwMCIsIngiXQ", "x" * 3000):
        assert slug(await listed(stage, after=odd)) == "bad-request", odd
    assert slug(await listed(stage, state="lost")) == "bad-request"


async def test_nothing_paid_twice_is_nothing_to_move(stage: Stage, pool: Pool) -> None:
    await stage.open(showtime={"prices": {"front": 0, "back": 0}, "service_fee": 0})
    await paid_again(stage, "r-2")
    assert slug(await send(stage, "r-2")) == "200"
    assert await balances(pool) == {}


async def test_only_storefronts_and_operators_give_back(stage: Stage) -> None:
    await stage.open()
    await paid_again(stage, "r-2")
    body = NAMED | {"reference": "r-2"}
    refused = {"nonsense": "bad-token", "cinema-key": "not-allowed", "door-key": "not-allowed"}
    for key, word in refused.items():
        assert slug(await listed(stage, key)) == word, key
        assert slug(await stage.post(SENT, body, key)) == word, key
    assert slug(await stage.get(PATH)) == slug(await stage.post(SENT, body)) == "bad-token"
    assert slug(await listed(stage, "operator-key")) == "200"
    assert slug(await stage.post(SENT, body, "operator-key")) == "200"


async def test_without_postgres_refunds_wait(stage: Stage, valkey_url: str) -> None:
    await stage.open()
    async with open_doors(settings(valkey_url, "postgresql://127.0.0.1:9/nothing")) as doors:
        away = Stage(doors, stage.wait_until)
        assert slug(await listed(away)) == "ledger-unavailable"
        assert slug(await send(away, "r-1")) == "ledger-unavailable"


async def test_a_ledger_that_stands_still_is_not_waited_for(stage: Stage, pool: Pool) -> None:
    await stage.open()
    await paid_again(stage, "r-2")
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM refunds FOR UPDATE")
        assert slug(await send(stage, "r-2")) == "ledger-unavailable"
    assert slug(await send(stage, "r-2")) == "200"
