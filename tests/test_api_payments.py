"""Money over HTTP: in time, twice, too late, too little; told by the storefront and by a provider."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from ledger import definitions
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import JSON, STOREFRONT, WHSEC, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def tell(
    stage: Stage, order: dict[str, Any], kind: str = "payment.succeeded", minutes_old: int = 0, **changes: Any
) -> httpx.Response:
    """An event of the provider `acme`."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_old)
    paid = {"order": order["order"], "amount": order["amount"], "currency": order["currency"]}
    data = paid | {"method": "card", "reference": "e-1"} | changes
    body = msgspec.json.encode({"type": kind, "timestamp": at.isoformat(), "data": data})
    signature = Webhook(WHSEC).sign("evt_1", at, body.decode())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return await stage.doors.post("/v1/payments/acme/events", content=body, headers=JSON | headers)


async def test_the_storefront_pays_once(stage: Stage) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    wrong = await stage.pay(order, amount=1)
    assert (slug(wrong), wrong.json()["amount"]) == ("wrong-amount", 6400)
    assert wrong.json()["detail"] == "64.00 CNY are due, that is an `amount` of 6400."
    assert slug(await stage.pay(order, currency="EUR")) == "wrong-amount"
    assert slug(await stage.pay(order, amount=-1)) == "bad-request"
    assert slug(await stage.pay(order, amount=6400.0)) == "bad-request"
    first = await stage.pay(order)
    assert slug(first) == "201"
    assert (await stage.pay(order)).json()["tickets"] == first.json()["tickets"]
    assert slug(await stage.pay(order, reference="r-2")) == "already-paid"
    for strange in ("nonsense", "o-1-nonsense", "h" + order["order"][1:], order["order"][:-4] + "0000"):
        assert slug(await stage.pay(order | {"order": strange})) == "unknown-order"
        assert slug(await stage.get(f"/v1/orders/{strange}")) == "unknown-order"


async def test_a_provider_tells_as_often_as_it_likes(stage: Stage) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    assert (await tell(stage, order, "payment.declined")).json()["outcome"] == "declined"
    assert (await tell(stage, order, "dispute.opened")).json()["outcome"] == "ignored"
    assert slug(await tell(stage, order, minutes_old=10)) == "bad-token"
    assert slug(await tell(stage, order, amount=1)) == "wrong-amount"
    assert slug(await tell(stage, order | {"order": "o-1-x"})) == "unknown-order"
    assert (await stage.get(f"/v1/orders/{order['order']}")).json()["state"] == "awaiting_payment"
    told = [(await tell(stage, order)).json() for _ in range(3)]
    assert told == [{"outcome": "confirmed", "order": order["order"], "state": "confirmed"}] * 3
    assert (await tell(stage, order, reference="e-2")).json()["outcome"] == "already-paid"
    answer = await stage.doors.post("/v1/payments/nobody/events", content=b"{}", headers=JSON)
    assert slug(answer) == "unknown-provider"


async def test_money_too_late_goes_back_when_the_seats_are_gone(stage: Stage) -> None:
    await stage.open(sale={"pay_s": 1})
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    await lapsed(stage, order)
    assert slug(await stage.hold(await stage.come_in(), {"seats": ["A-2", "A-3"]})) == "201"
    assert slug(await stage.pay(order)) == "late-refunded"
    assert (await tell(stage, order)).json()["outcome"] == "late-refunded"


async def test_money_too_late_buys_seats_that_are_still_free(stage: Stage) -> None:
    await stage.open(sale={"pay_s": 1})
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    await lapsed(stage, order)
    assert slug(await stage.pay(order)) == "201"


async def lapsed(stage: Stage, order: dict[str, Any]) -> None:
    async def expired() -> bool:
        found = (await stage.get(f"/v1/orders/{order['order']}")).json()
        return bool(found["state"] == "expired")

    await stage.wait_until(expired)


async def test_a_hold_that_lapsed_makes_no_order(stage: Stage, store: Store) -> None:
    await stage.open(sale={"hold_s": 1})
    pass_ = await stage.come_in()
    hold = (await stage.hold(pass_, {"seats": ["A-1"]})).json()["hold"]
    # The doors have a clock of their own, which may stand a little behind this one: a second more is enough.
    lapsed_ms = store.clock.now_ms() + 2_000
    await stage.wait_until(lambda: store.clock.now_ms() > lapsed_ms)
    assert slug(await stage.post("/v1/orders", {"hold": hold}, pass_)) == "hold-expired"


async def test_one_pass_one_order(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    order = await stage.order(pass_, "A-1", "A-2")
    hold = "h" + order["order"][1:]
    assert slug(await stage.post("/v1/orders", {"hold": hold}, pass_)) == "201"
    assert slug(await stage.post("/v1/orders", {"hold": hold}, await stage.come_in())) == "not-allowed"
    assert slug(await stage.post("/v1/orders", {"hold": "h-1-x"}, pass_)) == "unknown-hold"
    assert slug(await stage.post("/v1/orders", {"hold": hold})) == "bad-token"
    await stage.pay(order)
    assert slug(await stage.hold(pass_, {"seats": ["B-1"]})) == "pass-used-up"
    bearer = {"authorization": f"Bearer {pass_}"}
    assert slug(await stage.doors.delete(f"/v1/holds/{hold}", headers=bearer)) == "already-paid"


async def test_the_test_provider_pays_as_a_real_one(stage: Stage) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    page = await stage.doors.get(order["pay_url"])
    assert 'data-seat-name="A-1"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (
        slug(await stage.doors.post(order["pay_url"], content="press=steal", headers=form)) == "bad-request"
    )
    declined = await stage.doors.post(order["pay_url"], content="press=decline", headers=form)
    assert declined.headers["location"].endswith(f"/orders/{order['order']}?outcome=declined")
    paid = await stage.doors.post(order["pay_url"], content="press=pay", headers=form)
    assert paid.headers["location"].endswith(f"/orders/{order['order']}?outcome=confirmed")
    assert 'name="press"' in page.text
    assert 'name="press"' not in (await stage.doors.get(order["pay_url"])).text
    assert (await stage.get(f"/v1/orders/{order['order']}")).json()["state"] == "confirmed"
    assert slug(await stage.doors.get("/test-provider/o-1-x")) == "not-found"


async def test_a_settlement_needs_a_contract(stage: Stage, pool: Pool) -> None:
    await stage.delegate()
    rows = await pool.fetch("DELETE FROM contracts RETURNING *")
    path = "/v1/settlements?cinema=Roxy&day=2026-12-24"
    answer = await stage.doors.get(path, headers={"authorization": "Bearer cinema-key"})
    assert slug(answer) == "unknown-contract", rows
    terms = {"valid_from": "2020-01-01", "fund_bp": 500, "vat_bp": 330, "cinema_bp": 5700}
    operator = {"authorization": "Bearer operator-key"}
    put = await stage.doors.put("/v1/contracts", json=terms, headers=operator)
    assert slug(put) == "200"
    listed = (await stage.doors.get("/v1/contracts", headers=operator)).json()["contracts"]
    assert [one["cinema_bp"] for one in listed] == [5700]
    assert slug(await stage.doors.get(path, headers={"authorization": "Bearer cinema-key"})) == "200"


async def test_other_keys_do_not_take_money(stage: Stage) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1")
    body = {"amount": order["amount"], "currency": "CNY", "method": "card", "reference": "r"}
    path = f"/v1/orders/{order['order']}/payments"
    assert slug(await stage.post(path, body, "cinema-key")) == "not-allowed"
    assert slug(await stage.post(path, body, **STOREFRONT)) == "201"


async def test_a_payment_told_again_after_the_store_forgot_the_order(
    stage: Stage, store: Store, pool: Pool
) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    lost = await stage.order(await stage.come_in(), "A-3")
    assert slug(await stage.pay(order)) == "201"

    async def settled() -> bool:
        return bool((await stage.get(f"/v1/orders/{order['order']}")).json()["durability"] == "settled")

    await stage.wait_until(settled)
    sale = await definitions.find_sale(pool, "night")
    assert sale is not None
    await store.client.delete(keys.holds(sale.shard, "late"))
    again = await stage.pay(order)
    assert (slug(again), again.json()["state"], len(again.json()["tickets"])) == ("201", "confirmed", 2)
    assert slug(await stage.pay(order, reference="r-2")) == "unknown-order"
    assert slug(await stage.pay(lost, reference="r-3")) == "unknown-order"
    # What is left has seats without their orders, which no test may leave behind.
    await store.client.flushall()
