"""A fan's whole way over HTTP: from the storefront's delegation to the row of the settlement."""

from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.pool import Pool
from ledger.tickets import read_ticket_code
from store.connection import Store
from tests.api_doors import CINEMA, OPERATOR, STOREFRONT
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def test_from_the_plan_file_to_the_settlement(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    held = (await stage.hold(pass_, {"best": {"count": 2, "category": "back"}})).json()
    assert held["together"]
    assert held["amount"] == 2 * 4500 + 2 * 200
    assert [seat["price"] for seat in held["seats"]] == [4500, 4500]
    placed = (await stage.post("/v1/orders", {"hold": held["hold"]}, pass_)).json()
    assert placed["state"] == "awaiting_payment"
    assert placed["order"].removeprefix("o-") == held["hold"].removeprefix("h-")
    paid = await stage.pay(placed)
    assert paid.status_code == 201, paid.text
    assert paid.json()["state"] == "confirmed"
    tickets = paid.json()["tickets"]
    assert [ticket["seat"] for ticket in tickets] == [seat["seat"] for seat in held["seats"]]
    assert tickets[0]["ticket"] == f"t-{placed['order'][2:]}-1"
    await scanned_at_the_door(stage, tickets[0])
    await settled(stage, placed["order"])
    await counted_and_paid_out(stage)


async def scanned_at_the_door(stage: Stage, ticket: dict[str, str]) -> None:
    """With the published key alone."""
    door = {"authorization": "Bearer door-key"}
    key = (await stage.doors.get("/v1/tickets/key", headers=door)).json()
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "="))
    scanned = read_ticket_code(ticket["code"], public)
    assert scanned is not None
    assert (scanned.ticket, scanned.seat) == (ticket["ticket"], ticket["seat"])


async def settled(stage: Stage, order: str) -> None:
    """The same tickets once the writer has written them down."""
    before = (await stage.get(f"/v1/orders/{order}")).json()

    async def in_postgres() -> bool:
        return bool((await stage.get(f"/v1/orders/{order}")).json()["durability"] == "settled")

    await stage.wait_until(in_postgres)
    after = (await stage.get(f"/v1/orders/{order}")).json()
    assert after == before | {"durability": "settled"}


async def counted_and_paid_out(stage: Stage) -> None:
    counts: dict[str, int] = {}

    async def read_anew() -> bool:
        counts.update((await stage.doors.get("/v1/sales/night", headers=STOREFRONT)).json())
        return counts["sold"] > 0

    # The worker may know the hall from just before: it reads it five times a second.
    await stage.wait_until(read_anew)
    assert (counts["sold"], counts["free"], counts["orders"], counts["writer_lag"]) == (2, 22, 1, 0)
    terms = {"valid_from": "2020-01-01", "fund_bp": 500, "vat_bp": 330, "cinema_bp": 5700}
    assert (await stage.doors.put("/v1/contracts", json=terms, headers=OPERATOR)).status_code == 200
    answer = await stage.doors.get("/v1/settlements?cinema=Roxy&day=2026-12-24", headers=CINEMA)
    [line] = answer.json()["lines"]
    assert (line["film"], line["tickets"], line["gross"], line["fees"]) == ("Lantern", 2, 9000, 400)
    table = await stage.doors.get("/v1/settlements?cinema=Roxy&day=2026-12-24&format=csv", headers=OPERATOR)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert "Lantern" in table.text
    back = (await stage.post("/v1/showtimes/late/reclaim", **STOREFRONT)).json()
    assert len(back["sold"]) == 2
    assert len(back["back"]) == 22
