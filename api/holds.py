"""Holds: a fan takes exact seats, or the best ones together, and may give them back."""

import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, post
from litestar.params import JSONBody

from allocator import token as tokens
from allocator.allocator import Best, Exact
from allocator.answers import AlreadyPaid, Held, HoldAnswer, Released, UnknownHold
from allocator.catalogue import OnSale
from allocator.geometry import SEATS_PER_HOLD_MAX
from allocator.outbox import Token
from allocator.plan import SeatName
from allocator.pricing import price
from api.fans import admitted, owned
from api.moments import rfc3339
from api.places import NO_STORE, once_of
from api.problems import Refused
from api.refusals import BadRequest, HoldPaid, TooMany
from api.requests import Input, PathId
from api.rooms import OpenRooms, Rooms
from store.kept import Once
from store.version import heard
from waiting_room.passes import Pass


class BestBody(Input, frozen=True, kw_only=True):
    """`category` may be left out where the showtime has only one."""

    count: Annotated[int, msgspec.Meta(ge=1, le=SEATS_PER_HOLD_MAX)]
    category: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    split: bool = False


class HoldBody(Input, frozen=True, kw_only=True):
    """Either `seats` or `best`."""

    seats: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=SEATS_PER_HOLD_MAX)] | None = None
    best: BestBody | None = None


class SeatView(msgspec.Struct, frozen=True):
    seat: str
    category: str
    price: int


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is what the fan would pay: the seats' prices and `fees`."""

    hold: str
    seats: list[SeatView]
    fees: int
    amount: int
    currency: str
    expires_at: str
    together: bool


@post("/v1/showtimes/{showtime:str}/holds", operation_id="hold", tags=["fans"], security=[{"bearer": []}])
async def hold(
    request: Request[Any, Any, Any], showtime: PathId, data: JSONBody[HoldBody], rooms: OpenRooms
) -> Response[HoldView]:
    """Keeps seats for the fan until `expires_at`."""
    onsale = await rooms.onsale(showtime)
    view = await held(onsale, request.headers.get("authorization"), data, once_of(request), rooms)
    return Response(view, status_code=201, headers=NO_STORE)


async def held(
    onsale: OnSale, authorization: str | None, body: HoldBody, once: Once | None, rooms: Rooms
) -> HoldView:
    """The seats, kept. One request keeps them once."""
    token = token_of(onsale, once)
    answer: HoldAnswer | None
    try:
        pass_, want = allowed(onsale, authorization, body, rooms)
    except Refused:
        # A repeat has its answer also when the pass has run out since.
        if once is None:
            raise
        answer = await rooms.allocator.held_before(onsale, token, lambda: wanted(body, onsale), once)
        if answer is None:
            raise
    else:
        answer = await rooms.allocator.hold(onsale, pass_.fan, pass_.entry, token, want, once=once)
        if (decision := heard.get()) is not None and decision.again:
            rooms.buckets.give_back(pass_.fan)
    if not isinstance(answer, Held):
        raise Refused(answer)
    return view_of(onsale, answer)


def allowed(
    onsale: OnSale, authorization: str | None, body: HoldBody, rooms: Rooms
) -> tuple[Pass, Exact | Best]:
    """Who asks, now and not too often, and for what."""
    pass_ = admitted(authorization, rooms, onsale.sale)
    if wait_s := rooms.buckets.take(pass_.fan):
        raise Refused(TooMany(retry_after_s=wait_s))
    return pass_, wanted(body, onsale)


@delete("/v1/holds/{hold_id:str}", operation_id="release", tags=["fans"], security=[{"bearer": []}])
async def release(request: Request[Any, Any, Any], hold_id: PathId, rooms: OpenRooms) -> None:
    """Gives the seats back; nothing happens when they are gone already."""
    onsale, token = await held_at(hold_id, rooms)
    pass_ = admitted(request.headers.get("authorization"), rooms, onsale.sale)
    record = await rooms.allocator.find(onsale, token)
    if record is None:
        raise Refused(UnknownHold())
    owned(pass_, record.fan)
    answer = await rooms.allocator.release(onsale, token)
    match answer:
        case Released():
            return
        case AlreadyPaid():
            raise Refused(HoldPaid())
        case UnknownHold():
            raise Refused(answer)


async def held_at(hold_id: str, rooms: Rooms) -> tuple[OnSale, Token]:
    """Where a hold is kept, from its id alone."""
    found = await onsale_of(hold_id, "h", rooms)
    if found is None:
        raise Refused(UnknownHold())
    return found


async def onsale_of(name: str, prefix: str, rooms: Rooms) -> tuple[OnSale, Token] | None:
    """The showtime that a hold's or an order's id begins with, and the token; None for no id of ours."""
    found, _, text = name.partition("-")
    serial = tokens.serial(text) if found == prefix else None
    onsale = None if serial is None else await rooms.onsale_by_serial(serial)
    return None if onsale is None else (onsale, Token(text))


def wanted(body: HoldBody, onsale: OnSale) -> Exact | Best:
    """What the body asks for, its category named or implied."""
    if (body.seats is None) == (body.best is None):
        raise Refused(BadRequest(why="Send either `seats` or `best`."))
    if body.seats is not None:
        if len(set(body.seats)) != len(body.seats):
            raise Refused(BadRequest(why="seats: a seat is named twice."))
        return Exact(tuple(SeatName(name) for name in body.seats))
    assert body.best is not None
    return Best(body.best.count, category_of(body.best, onsale), body.best.split)


def category_of(best: BestBody, onsale: OnSale) -> str:
    """The price would be a guess without it."""
    sold = onsale.geometry.categories
    if best.category is None and len(sold) == 1:
        return sold[0]
    if best.category is None or best.category not in sold:
        raise Refused(BadRequest(why=f"best.category: name one of {', '.join(sold)}."))
    return best.category


def token_of(onsale: OnSale, once: Once | None) -> Token:
    """A new token, or the one that this request had before."""
    return tokens.mint(onsale.showtime.serial, once.request if once else secrets.token_hex(10))


def view_of(onsale: OnSale, held: Held) -> HoldView:
    priced, fees, amount = price(onsale, held.indices)
    return HoldView(
        hold=f"h-{held.token}",
        seats=[SeatView(seat.seat, seat.category, seat.amount) for seat in priced],
        fees=fees,
        amount=amount,
        currency=onsale.showtime.currency,
        expires_at=rfc3339(held.deadline_ms),
        together=held.together,
    )
