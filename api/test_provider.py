"""The built-in payment provider: a page where a person pays or declines, and then an event sent as a real
one is.

Nothing here knows the rooms: it reads the order over HTTP, signs its event by Standard Webhooks with the
secret of the provider `test`, and posts it to the public address.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import httpx
from litestar import Response, get, post
from litestar.response import Redirect
from standardwebhooks.webhooks import Webhook

from api.pages import IN_WORDS, AnyRequest, page
from api.problems import Refused
from api.provider_events import EventPayment, event
from api.refusals import BadRequest, NoSuchPage
from api.requests import PathId
from api.rooms import OpenRooms
from api.settings import ApiSettings, link
from api.words import plain_money

TIMEOUT_S: Final = 10.0
KINDS: Final = {"pay": "payment.succeeded", "decline": "payment.declined"}


@get("/test-provider/{order:str}", include_in_schema=False, exception_handlers=IN_WORDS)
async def ask_for_money(request: AnyRequest, order: PathId, rooms: OpenRooms) -> Response[bytes]:
    """What is bought, and two buttons."""
    found = await read_order(rooms.settings, order)
    return page(
        request,
        "pay.html",
        order=order,
        found=found,
        money=plain_money(found["amount"], found["currency"]),
        payable=found["state"] in ("awaiting_payment", "expired"),
    )


@post("/test-provider/{order:str}", include_in_schema=False, exception_handlers=IN_WORDS)
async def press(request: AnyRequest, order: PathId, rooms: OpenRooms) -> Redirect:
    """A button was pressed: the event goes out, and the fan goes back to the order with its outcome."""
    pressed = parse_qs((await request.body()).decode("latin-1")).get("press", [""])[0]
    if pressed not in KINDS:
        raise Refused(BadRequest(why="press: pay or decline."))
    outcome = await send(rooms.settings, order, KINDS[pressed])
    return Redirect(
        link(rooms.settings, f"/orders/{order}?{urlencode({'outcome': outcome})}"), status_code=303
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
    """Signs and posts the event; what came of it, in a word."""
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
    return str(told.get("outcome") or told.get("type"))
