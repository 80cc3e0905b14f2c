"""The calls that a release night is made of, answered before the framework: join, hold, order, pay, event.

The rules are those of the routes: a turnstile reads what nearly everyone sends, calls the function that the
route calls, and writes its answer down. Whatever is spelt in another way goes on to the framework as it came,
so that there is one answer to it: a body that is chunked, too large or not of its type, a header sent twice,
an id that nobody knows, another content type.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from allocator.catalogue import OnSale
from allocator.sale import Sale
from api.callers import check_role
from api.holds import HoldBody, held
from api.house import House
from api.meter import trace_of
from api.orders import OrderBody, ordered
from api.payments import PaymentBody, sold, told
from api.places import JoinBody, joined
from api.problems import Refused
from api.refusals import IdempotencyMismatch, OurFault, StoreAway
from api.replies import PERSONAL, Answer, json_answer, problem_answer, send_answer
from api.requests import ID_PATTERN, after, decode
from api.rooms import Rooms
from store.kept import Once, OtherBody
from store.unavailable import StoreUnavailable

MEDIA: Final = frozenset({b"application/json", b"application/json; charset=utf-8"})
Headers = Mapping[bytes, bytes]
Reply = tuple[int, msgspec.Struct]
S = TypeVar("S")
B = TypeVar("B")
_encode: Final = msgspec.json.Encoder().encode
_join_body: Final = msgspec.json.Decoder[JoinBody | None](JoinBody | None)
_hold_body: Final = msgspec.json.Decoder(HoldBody)
_order_body: Final = msgspec.json.Decoder(OrderBody)
_payment_body: Final = msgspec.json.Decoder(PaymentBody)
_is_id: Final = re.compile(ID_PATTERN).match
log = structlog.get_logger("usher.api")


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One request. `once` names it when it came with an Idempotency-Key."""

    headers: Headers
    once: Once | None

    @property
    def authorization(self) -> str | None:
        found = self.headers.get(b"authorization")
        return None if found is None else found.decode("latin-1")


class Call(msgspec.Struct, Generic[S, B], frozen=True):
    """`find` gives what the address names, None to leave the answer to the framework, as `read` does by
    Unread. A call that `keeps` takes the request's Idempotency-Key along to its decision."""

    route: str
    find: Callable[[Rooms, str], S | None]
    read: Callable[[bytes], B]
    answer: Callable[[S, B, Asked, Rooms], Awaitable[Reply]]
    headers: tuple[tuple[bytes, bytes], ...] = (PERSONAL,)
    keeps: bool = False


class Unread(Exception):
    """The body is not one that a turnstile reads; nothing was done."""


async def join(sale: Sale, body: JoinBody | None, asked: Asked, rooms: Rooms) -> Reply:
    view, again = await joined(sale, body, asked.once, rooms)
    return 200 if again else 201, view


async def hold(onsale: OnSale, body: HoldBody, asked: Asked, rooms: Rooms) -> Reply:
    return 201, await held(onsale, asked.authorization, body, asked.once, rooms)


async def order(_: str, body: OrderBody, asked: Asked, rooms: Rooms) -> Reply:
    return 201, await ordered(asked.authorization, body, asked.once, rooms)


async def pay(order: str, body: PaymentBody, asked: Asked, rooms: Rooms) -> Reply:
    check_role(rooms.settings, asked.authorization, "storefront")
    return 201, await sold(order, body, asked.once, rooms)


async def paid(provider: str, body: bytes, asked: Asked, rooms: Rooms) -> Reply:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in asked.headers.items()}
    return 200, await told(provider, body, headers, rooms)


def read_join(body: bytes) -> JoinBody | None:
    return read(body, _join_body) if body else None


def read_hold(body: bytes) -> HoldBody:
    return read(body, _hold_body)


def read_order(body: bytes) -> OrderBody:
    return read(body, _order_body)


def read_payment(body: bytes) -> PaymentBody:
    return read(body, _payment_body)


def as_it_is(body: bytes) -> bytes:
    """A signature is over the bytes."""
    return body


def sale_of(rooms: Rooms, name: str) -> Sale | None:
    return rooms.catalogue.sale(name)


def onsale_of(rooms: Rooms, name: str) -> OnSale | None:
    return rooms.catalogue.showtime(name)


def no_name(_: Rooms, name: str) -> str:
    return name


def id_of(_: Rooms, name: str) -> str | None:
    return name if _is_id(name) else None


def provider_of(rooms: Rooms, name: str) -> str | None:
    return name if name in rooms.settings.providers else None


CALLS: Final[dict[tuple[str, ...], Call[Any, Any]]] = {
    ("sales", "places"): Call("/v1/sales/{sale}/places", sale_of, read_join, join, keeps=True),
    ("showtimes", "holds"): Call("/v1/showtimes/{showtime}/holds", onsale_of, read_hold, hold, keeps=True),
    ("payments", "events"): Call("/v1/payments/{provider}/events", provider_of, as_it_is, paid, ()),
    ("orders",): Call("/v1/orders", no_name, read_order, order, keeps=True),
    ("orders", "payments"): Call("/v1/orders/{order}/payments", id_of, read_payment, pay, keeps=True),
}


class Turnstiles:
    """ASGI in front of the framework; other calls go on to `app`."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app = app
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or not self.house.is_open:
            await self.app(scope, receive, send)
            return
        rooms, headers = self.house.rooms, headers_of(scope)
        call, named = addressed(scope["path"].removeprefix(scope.get("root_path", "")), rooms)
        if call is None or headers is None or not is_plain(headers, rooms):
            await self.app(scope, receive, send)
            return
        message = await receive()
        try:
            if message["type"] != "http.request" or message["more_body"]:
                raise Unread
            read = call.read(message["body"])
        except Unread:
            await self.app(scope, after(message, receive), send)
            return
        asked = Asked(headers, scope.get("state", {}).get("once"))
        answer = await answered(call, named, read, asked, rooms)
        scope["path_template"] = call.route
        await send_answer(answer, send)


def call_at(path: str) -> tuple[Call[Any, Any] | None, str]:
    """The call of an address and the name in it; None for all others."""
    version, *parts = [part for part in path.split("/") if part] or [""]  # as the framework reads a path
    name = parts.pop(1) if len(parts) == 3 else ""
    return CALLS.get(tuple(parts)) if version == "v1" else None, name


def addressed(path: str, rooms: Rooms) -> tuple[Call[Any, Any] | None, Any]:
    """The call of an address and what it names; None for all others."""
    call, name = call_at(path)
    if call is None:
        return None, None
    named = call.find(rooms, name)
    return (None, None) if named is None else (call, named)


def headers_of(scope: HTTPScope) -> Headers | None:
    """None when one is sent twice, for it is the framework that chooses."""
    sent = list(scope["headers"])
    headers = dict(sent)
    return headers if len(headers) == len(sent) else None


def is_plain(headers: Headers, rooms: Rooms) -> bool:
    """Whether the headers are those of a JSON body of known and modest length."""
    length = headers.get(b"content-length", b"")
    return (
        headers.get(b"content-type") in MEDIA
        and length.isdigit()
        and int(length) <= rooms.settings.limits.body_bytes_max
    )


async def answered(call: Call[Any, Any], named: Any, read: Any, asked: Asked, rooms: Rooms) -> Answer:
    """What the route of the call would answer."""
    try:
        status, view = await call.answer(named, read, asked, rooms)
    except Refused as refused:
        return problem_answer(refused.refusal)
    except StoreUnavailable:
        return problem_answer(StoreAway())
    except OtherBody:
        return problem_answer(IdempotencyMismatch())
    except Exception as error:
        log.error("fault", route=call.route, trace=trace_of(error))
        return problem_answer(OurFault())
    return json_answer(status, _encode(view), *call.headers)


def read(body: bytes, decoder: msgspec.json.Decoder[S]) -> S:
    try:
        return decode(body, decoder)
    except Refused as refused:
        raise Unread from refused
