"""At the door over HTTP: who came, once a ticket, whatever is scanned, repeated or told late."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from api.tickets import TicketSigner
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import CINEMA, OPERATOR, SECRET, open_doors, settings, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil

PATH: Final = "/v1/tickets/check-ins"
DOOR: Final = "door-key"
SOLD_FOR: Final = timedelta(hours=1)
WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'UPDATE tickets'"
)
GENUINE: Final = TicketSigner(SECRET).view("1-0123456789abcdef", 1, 1, "A-1").code
FORGED: Final = TicketSigner(b"o" * 32).view("1-0123456789abcdef", 1, 1, "A-1").code

ODD: Final[list[tuple[dict[str, Any], str]]] = [
    ({}, "bad-request"),
    ({"code": 5}, "bad-request"),
    ({"code": GENUINE, "seat": "A-1"}, "bad-request"),
    ({"code": "\0"}, "bad-request"),
    ({"code": GENUINE, "at": "this evening"}, "bad-request"),
    ({"code": GENUINE, "at": "2026-12-24T19:30:00"}, "bad-request"),
    ({"code": GENUINE, "at": "1969-12-24T19:30:00Z"}, "bad-request"),
    ({"code": GENUINE, "at": "2999-12-24T19:30:00Z"}, "bad-request"),
    ({"code": ""}, "bad-ticket"),
    ({"code": "..."}, "bad-ticket"),
    ({"code": "二楼"}, "bad-ticket"),
    ({"code": "x" * 10_000}, "bad-ticket"),
    ({"code": FORGED}, "bad-ticket"),
    ({"code": GENUINE[:-1]}, "bad-ticket"),
    ({"code": GENUINE + "="}, "bad-ticket"),
    ({"code": " " + GENUINE}, "bad-ticket"),
    ({"code": GENUINE.replace(".1.", ".2.")}, "bad-ticket"),
    ({"code": GENUINE}, "unknown-ticket"),
    ({"code": GENUINE, "at": "2026-01-01T09:30:00+08:00"}, "unknown-ticket"),
]

WRONG_MOMENTS: Final = (timedelta(minutes=2), -SOLD_FOR - timedelta(minutes=2))
MOMENTS: Final = [
    (timedelta(seconds=30), timedelta()),
    (timedelta(), timedelta()),
    (-SOLD_FOR / 2, -SOLD_FOR / 2),
    (-SOLD_FOR - timedelta(seconds=30), -SOLD_FOR),
]
"""When a door says that it scanned, from now on -> what is kept, with an order confirmed an hour ago."""


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def sold(stage: Stage, *seats: str) -> list[dict[str, str]]:
    """The tickets of a new order that stands in Postgres."""
    order = await stage.order(await stage.come_in(), *seats)
    assert slug(await stage.pay(order, reference=order["order"])) == "201"

    tickets: list[dict[str, str]] = []

    async def settled() -> bool:
        found = (await stage.get(f"/v1/orders/{order['order']}")).json()
        tickets[:] = found["tickets"]
        return bool(found["durability"] == "settled")

    await stage.wait_until(settled)
    return tickets


async def scan(
    stage: Stage, code: str, key: str = DOOR, at: datetime | None = None, once: str = ""
) -> httpx.Response:
    body = {"code": code} | ({"at": at.isoformat()} if at else {})
    return await stage.post(PATH, body, key, **({"idempotency-key": once} if once else {}))


def moment(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.json()["checked_in_at"])


async def test_a_ticket_is_checked_in_once(stage: Stage) -> None:
    await stage.open()
    first, second = await sold(stage, "A-1", "A-2")
    came = await scan(stage, first["code"])
    assert slug(came) == "201"
    told = {"ticket": first["ticket"], "showtime": "late", "seat": "A-1"}
    assert came.json() == told | {"checked_in_at": came.json()["checked_in_at"]}
    assert came.headers["cache-control"] == "no-store"
    for key in (DOOR, "cinema-key", "operator-key"):
        copy = await scan(stage, first["code"], key)
        assert slug(copy) == "already-checked-in"
        assert copy.json()["checked_in_at"] == came.json()["checked_in_at"]
        assert came.json()["checked_in_at"] in copy.json()["detail"]
    assert slug(await scan(stage, second["code"], "cinema-key")) == "201"


async def test_whatever_else_is_scanned(stage: Stage) -> None:
    await stage.open()
    for body, word in ODD:
        assert slug(await stage.post(PATH, body, DOOR)) == word, body
    [ticket] = await sold(stage, "A-1")
    beyond = TicketSigner(SECRET).view(ticket["ticket"][2:-2], 9, 1, "A-9")
    assert slug(await scan(stage, beyond.code)) == "unknown-ticket"


async def test_only_doors_cinemas_and_operators_check_in(stage: Stage) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    for key, word in (("", "bad-token"), ("nonsense", "bad-token"), ("storefront-key", "not-allowed")):
        assert slug(await scan(stage, ticket["code"], key)) == word, key
    assert slug(await scan(stage, ticket["code"], await stage.come_in())) == "bad-token"
    assert slug(await scan(stage, ticket["code"], "operator-key")) == "201"


async def test_a_repeat_is_no_copy_even_when_the_answer_was_forgotten(stage: Stage, store: Store) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    first, again = [await scan(stage, ticket["code"], once="scan-1") for _ in range(2)]
    assert (slug(first), again.headers["idempotent-replayed"]) == ("201", "true")
    for name in [name async for name in store.client.scan_iter(keys.answer("*"))]:
        await store.client.delete(name)
    anew = await scan(stage, ticket["code"], once="scan-1")
    assert "idempotent-replayed" not in anew.headers
    assert (slug(anew), anew.json()) == ("201", first.json())
    assert slug(await scan(stage, ticket["code"], once="scan-2")) == "already-checked-in"
    assert slug(await scan(stage, ticket["code"])) == "already-checked-in"


async def test_of_two_doors_at_once_one_hears_that_the_ticket_was_used(stage: Stage, pool: Pool) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM tickets FOR UPDATE")
        doors = [asyncio.create_task(scan(stage, ticket["code"])) for _ in range(2)]

        async def both_wait() -> bool:
            return bool(await pool.fetchval(WAITING) == 2)

        await stage.wait_until(both_wait)
    answers = {slug(answer): answer for answer in await asyncio.gather(*doors)}
    assert answers.keys() == {"201", "already-checked-in"}
    assert moment(answers["201"]) == moment(answers["already-checked-in"])


async def test_a_ticket_that_was_given_back_lets_nobody_in(stage: Stage, pool: Pool) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    await pool.execute("UPDATE tickets SET live = false")
    await pool.execute("UPDATE orders SET state = 'refunded'")
    assert slug(await scan(stage, ticket["code"])) == "ticket-void"


async def test_a_door_without_a_network_tells_later_who_came(stage: Stage, pool: Pool) -> None:
    await stage.open()
    tickets = await sold(stage, "A-1", "A-2", "A-3", "A-4")
    earlier_ms = SOLD_FOR // timedelta(milliseconds=1)
    await pool.execute("UPDATE orders SET confirmed_ms = confirmed_ms - $1", earlier_ms)
    for ago in WRONG_MOMENTS:
        wrong = await scan(stage, tickets[0]["code"], at=datetime.now(UTC) + ago)
        assert slug(wrong) == "bad-request", ago
        assert wrong.json()["detail"].startswith("at: ")
    for ticket, (ago, kept) in zip(tickets, MOMENTS, strict=True):
        now = datetime.now(UTC)
        answer = await scan(stage, ticket["code"], at=now + ago)
        assert slug(answer) == "201", ago
        assert abs(moment(answer) - (now + kept)) < timedelta(seconds=10), ago
    late = await scan(stage, tickets[0]["code"], at=datetime.now(UTC) - SOLD_FOR / 2)
    assert slug(late) == "already-checked-in"


async def test_contracts_by_attendance_settle_who_came(stage: Stage) -> None:
    await stage.open()
    terms = {"valid_from": "2020-01-01", "fund_bp": 0, "vat_bp": 0, "cinema_bp": 5000, "basis": "attended"}
    assert slug(await stage.doors.put("/v1/contracts", json=terms, headers=OPERATOR)) == "200"
    tickets = {ticket["seat"]: ticket["code"] for ticket in await sold(stage, "A-1", "A-2", "B-1")}

    async def line() -> tuple[int, ...]:
        answer = await stage.doors.get("/v1/settlements?cinema=Roxy&day=2026-12-24", headers=CINEMA)
        [found] = answer.json()["lines"]
        return tuple(found[name] for name in ("tickets", "attended", "settled", "cinema_share"))

    assert await line() == (3, 0, 0, 0)
    for seat in ("A-1", "B-1", "B-1"):
        await scan(stage, tickets[seat])
    assert await line() == (3, 2, 3000 + 4500, 1500 + 2250)


async def test_a_door_knows_the_showtime_of_a_code_by_its_serial(stage: Stage) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    [listed] = (await stage.get("/v1/showtimes?sale=night")).json()["showtimes"]
    assert (await stage.get("/v1/showtimes/late")).json()["serial"] == listed["serial"]
    assert ticket["code"].split(".")[1] == str(listed["serial"])


async def test_without_postgres_the_door_tells_later(stage: Stage, valkey_url: str) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    async with open_doors(settings(valkey_url, "postgresql://127.0.0.1:9/nothing")) as doors:
        away = Stage(doors, stage.wait_until)
        assert slug(await scan(away, FORGED)) == "bad-ticket"
        assert slug(await scan(away, ticket["code"])) == "ledger-unavailable"
    assert slug(await scan(stage, ticket["code"])) == "201"


async def test_a_ledger_that_stands_still_is_not_waited_for(stage: Stage, pool: Pool) -> None:
    await stage.open()
    [ticket] = await sold(stage, "A-1")
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM tickets FOR UPDATE")
        assert slug(await scan(stage, ticket["code"], once="scan-1")) == "ledger-unavailable"
    assert slug(await scan(stage, ticket["code"], once="scan-1")) == "201"
