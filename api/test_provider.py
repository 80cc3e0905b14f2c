"""The built-in payment provider: a page where a person pays or declines, and then an event sent as a real
one is.

Nothing here knows the rooms: it reads the order over HTTP, signs its event by Standard Webhooks with the
secret of the provider `test`, and posts it to the public address.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
from litestar import Request, Response, get, post
from standardwebhooks.webhooks import Webhook

from api.pages import page
from api.problems import Refused
from api.provider_events import EventPayment, event
from api.refusals import BadRequest, NoSuchPage
from api.requests import PathId
from api.rooms import OpenRooms, Rooms
from api.settings import ApiSettings, link

TIMEOUT_S: Final = 10.0
KINDS: Final = {"pay": "payment.succeeded", "decline": "payment.declined"}
WORDS: Final = {
    "confirmed": "Paid. The seats are yours.",
    "declined": "The payment was declined. You may try again until the time to pay ends.",
    "already-paid": "The order was paid before; this money goes back.",
    "late-refunded": "The money came too late; it goes back.",
}


@get("/test-provider/{order:str}", include_in_schema=False)
async def ask_for_money(order: PathId, rooms: OpenRooms) -> Response[str]:
    """What is bought, and two buttons."""
    return await pay_page(order, rooms, "")


@post("/test-provider/{order:str}", include_in_schema=False, status_code=200)
async def press(request: Request[Any, Any, Any], order: PathId, rooms: OpenRooms) -> Response[str]:
    """A button was pressed: the event goes out, its outcome is shown."""
    pressed = parse_qs((await request.body()).decode("latin-1")).get("press", [""])[0]
    if pressed not in KINDS:
        raise Refused(BadRequest(why="press: pay or decline."))
    return await pay_page(order, rooms, await send(rooms.settings, order, KINDS[pressed]))


async def pay_page(order: str, rooms: Rooms, outcome: str) -> Response[str]:
    settings = rooms.settings
    found = await read_order(settings, order)
    return page(
        "pay.html",
        settings.root_path,
        title="Test payment",
        order=order,
        seats=[f"{seat['seat']} ({seat['category']})" for seat in found["seats"]],
        amount=f"{found['amount']} {found['currency']} (minor units)",
        payable=found["state"] == "awaiting_payment",
        outcome=outcome,
    )


async def read_order(settings: ApiSettings, order: str) -> dict[str, Any]:
    """The order as anyone sees it who has its id."""
    if not settings.test_provider:
        raise Refused(NoSuchPage())
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        answer = await client.get(link(settings, f"/v1/orders/{order}"))
    if answer.status_code != 200:
        raise Refused(NoSuchPage())
    found: dict[str, Any] = answer.json()
    return found


async def send(settings: ApiSettings, order: str, kind: str) -> str:
    """Signs and posts the event; what came of it, in words."""
    found = await read_order(settings, order)
    now = datetime.now(UTC)
    payment = EventPayment(
        order=order,
        amount=found["amount"],
        currency=found["currency"],
        method="test",
        reference=f"test-{secrets.token_hex(8)}",
    )
    body, name = event(kind, now.isoformat(), payment), f"evt_{secrets.token_hex(12)}"
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(settings.providers["test"]).sign(name, now, body.decode()),
    }
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        answer = await client.post(link(settings, "/v1/payments/test/events"), content=body, headers=headers)
    told = answer.json()
    outcome = str(told.get("outcome") or told.get("detail"))
    return WORDS.get(outcome, outcome)
