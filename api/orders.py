"""Orders: a hold becomes one, and whoever knows its unguessable id may read it."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody

from allocator.answers import OrderAnswer, Ordered, UnknownHold, UnknownOrder
from allocator.catalogue import OnSale
from allocator.outbox import OrderBlob, Token, read_order
from allocator.pricing import price
from allocator.record import Given, HoldRecord
from api.fans import admitted, owned
from api.holds import SeatView, held_at, onsale_of
from api.moments import rfc3339
from api.order_view import OrderView, from_ledger, from_record, pay_url
from api.places import NO_STORE, once_of
from api.problems import Refused
from api.requests import Input, PathId
from api.rooms import OpenRooms, Rooms
from ledger import orders as ledger_orders
from ledger.trouble import POSTGRES_TROUBLE, within
from store.kept import Once

LEDGER_PATIENCE_S: Final = 1.0
"""A fan who reads an order waits no longer than this for Postgres; the store's answer is enough."""


class OrderBody(Input, frozen=True, kw_only=True):
    hold: str


class Placed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pay `amount` at `pay_url`, or through the storefront, before `pay_by`."""

    order: str
    state: str
    seats: list[SeatView]
    fees: int
    amount: int
    currency: str
    pay_by: str
    pay_url: str | None = None


@post("/v1/orders", operation_id="order", tags=["fans"], security=[{"bearer": []}])
async def place_order(
    request: Request[Any, Any, Any], data: JSONBody[OrderBody], rooms: OpenRooms
) -> Response[Placed]:
    """Makes the hold an order that waits for its money until `pay_by`."""
    view = await ordered(request.headers.get("authorization"), data, once_of(request), rooms)
    return Response(view, status_code=201, headers=NO_STORE)


async def ordered(authorization: str | None, body: OrderBody, once: Once | None, rooms: Rooms) -> Placed:
    """The order of a hold, priced now; asked again, the same order."""
    onsale, token = await held_at(body.hold, rooms)
    answer: OrderAnswer | None
    try:
        given = await given_to(authorization, onsale, token, rooms)
    except Refused:
        # A repeat has its answer also when the pass has run out since.
        answer = None if once is None else await rooms.allocator.ordered_before(onsale, token, once)
        if answer is None:
            raise
    else:
        blob = blob_of(onsale, token, given, rooms.store.clock.now_ms())
        answer = await rooms.allocator.order(onsale, token, blob, once)
    if not isinstance(answer, Ordered):
        raise Refused(answer)
    return placed(answer, rooms)


async def given_to(authorization: str | None, onsale: OnSale, token: Token, rooms: Rooms) -> Given:
    """The hold, which is the caller's own."""
    pass_ = admitted(authorization, rooms, onsale.sale)
    given = await rooms.allocator.given(onsale, token)
    if given is None:
        raise Refused(UnknownHold())
    owned(pass_, given.fan)
    return given


@get("/v1/orders/{order:str}", operation_id="getOrder", tags=["fans"])
async def get_order(order: PathId, rooms: OpenRooms) -> Response[OrderView]:
    """The order and, once confirmed, its tickets; `settled` when it stands in Postgres."""
    onsale, token = await ordered_at(order, rooms)
    return Response(await view_of(onsale, token, rooms), headers=NO_STORE)


async def ordered_at(order: str, rooms: Rooms) -> tuple[OnSale, Token]:
    """Where an order is kept, from its id alone."""
    found = await onsale_of(order, "o", rooms)
    if found is None:
        raise Refused(UnknownOrder())
    return found


async def view_of(onsale: OnSale, token: Token, rooms: Rooms) -> OrderView:
    """The ledger's word where it has one, the store's otherwise."""
    record = await rooms.allocator.find(onsale, token)
    if record is None or record.state not in ("held", "awaiting"):
        settled = await in_ledger(token, rooms)
        if settled is not None:
            return from_ledger(onsale, settled, rooms.tickets)
    if record is None or record.order is None:
        raise Refused(UnknownOrder())
    return from_record(onsale, record, rooms.tickets, rooms.settings)


async def in_ledger(token: Token, rooms: Rooms) -> ledger_orders.Settled | None:
    """The order in Postgres; None also while Postgres is away, for then it is `journalled`."""
    try:
        return await within(LEDGER_PATIENCE_S, ledger_orders.find(rooms.pool, token))
    except POSTGRES_TROUBLE:
        return None


def blob_of(onsale: OnSale, token: Token, given: Given | HoldRecord, now_ms: int) -> OrderBlob:
    """What the ledger will write down, priced now."""
    priced, fees, amount = price(onsale, given.seats)
    return OrderBlob(
        token=token,
        sale=onsale.sale.id,
        showtime=onsale.showtime.id,
        fan=given.fan,
        entry=given.entry,
        seats=priced,
        fees=fees,
        amount=amount,
        currency=onsale.showtime.currency,
        created_ms=now_ms,
    )


def placed(answer: Ordered, rooms: Rooms) -> Placed:
    order = read_order(answer.blob)
    return Placed(
        order=f"o-{answer.token}",
        state="awaiting_payment",
        seats=[SeatView(seat.seat, seat.category, seat.amount) for seat in order.seats],
        fees=order.fees,
        amount=order.amount,
        currency=order.currency,
        pay_by=rfc3339(answer.deadline_ms),
        pay_url=pay_url(rooms.settings, answer.token),
    )
