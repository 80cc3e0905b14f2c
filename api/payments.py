"""Money for orders: told by the storefront, or by a payment provider's signed event."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody

from allocator.answers import (
    AlreadyPaid,
    ConfirmAnswer,
    LateRefunded,
    OrderConfirmed,
    UnknownOrder,
    WrongAmount,
)
from allocator.catalogue import OnSale
from allocator.outbox import PaymentBlob, Token, read_order
from api.callers import need
from api.order_view import OrderView, just_sold
from api.orders import LEDGER_PATIENCE_S, ordered_at, view_of
from api.places import NO_STORE, once_of
from api.problems import Refused, row_of
from api.provider_events import Amount, EventPayment, Word, verified
from api.refusals import PaidElsewhere, UnknownProvider
from api.requests import Currency, Input, PathId, check_media
from api.rooms import OpenRooms, Rooms, reaching_ledger
from ledger import orders as ledger_orders
from ledger.trouble import POSTGRES_TROUBLE, within
from store.kept import Once


class PaymentBody(Input, frozen=True, kw_only=True):
    amount: Amount
    currency: Currency
    method: Word
    reference: Word


class EventView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the event did. Money of `already-paid` and `late-refunded` goes back, see `/v1/refunds`."""

    outcome: str
    order: str | None = None
    state: str | None = None


@post(
    "/v1/orders/{order:str}/payments",
    operation_id="pay",
    tags=["storefront"],
    guards=[need("storefront")],
    security=[{"bearer": []}],
)
async def pay(
    request: Request[Any, Any, Any], order: PathId, data: JSONBody[PaymentBody], rooms: OpenRooms
) -> Response[OrderView]:
    """The storefront took the money: the order is confirmed, and so it stays when told again."""
    view = await sold(order, data, once_of(request), rooms)
    return Response(view, status_code=201, headers=NO_STORE)


async def sold(order: str, body: PaymentBody, once: Once | None, rooms: Rooms) -> OrderView:
    """The order, confirmed by the storefront's word that it has the money."""
    onsale, token = await ordered_at(order, rooms)
    payment = PaymentBlob("storefront", body.method, body.reference, body.amount, body.currency)
    answer = await confirm(onsale, token, payment, once, rooms)
    if not isinstance(answer, OrderConfirmed):
        raise Refused(answer)
    if answer.replayed:
        return await view_of(onsale, token, rooms)
    # What was sold this moment is not in Postgres yet.
    return just_sold(onsale, read_order(answer.order), rooms.tickets)


@post("/v1/payments/{provider:str}/events", operation_id="paymentEvent", tags=["providers"], status_code=200)
async def payment_event(request: Request[Any, Any, Any], provider: PathId, rooms: OpenRooms) -> EventView:
    """A provider's event, signed by Standard Webhooks. Told again, it changes nothing."""
    return await told(provider, await request.body(), request.headers, rooms)


async def told(provider: str, body: bytes, headers: Mapping[str, str], rooms: Rooms) -> EventView:
    """What a provider's event did, once its signature is found good."""
    secret = rooms.settings.providers.get(provider)
    if secret is None or (provider == "test" and not rooms.settings.test_provider):
        raise Refused(UnknownProvider())
    check_media(headers.get("content-type", ""))
    event = verified(secret, body, headers)
    if event is None:
        return EventView(outcome="ignored")
    if event.type == "payment.declined":
        onsale, token = await ordered_at(event.data.order, rooms)
        return EventView(
            outcome="declined", order=event.data.order, state=(await view_of(onsale, token, rooms)).state
        )
    return await paid(provider, event.data, rooms)


async def paid(provider: str, told: EventPayment, rooms: Rooms) -> EventView:
    """Money that came twice or too late is noted and given back: nothing to send again, no error."""
    onsale, token = await ordered_at(told.order, rooms)
    payment = PaymentBlob(provider, told.method, told.reference, told.amount, told.currency)
    answer = await confirm(onsale, token, payment, None, rooms)
    match answer:
        case OrderConfirmed():
            return EventView(outcome="confirmed", order=told.order, state="confirmed")
        case AlreadyPaid() | LateRefunded():
            return EventView(outcome=row_of(answer).slug, order=told.order)
        case UnknownOrder() | WrongAmount():
            raise Refused(answer)


async def confirm(
    onsale: OnSale, token: Token, payment: PaymentBlob, once: Once | None, rooms: Rooms
) -> ConfirmAnswer:
    """Sold, for good; the fan's place is done with it."""
    answer = await rooms.allocator.confirm(onsale, token, payment, once)
    if isinstance(answer, UnknownOrder):
        return await confirmed_before(token, payment, rooms) or answer
    if isinstance(answer, AlreadyPaid):
        return await paid_elsewhere(token, payment, rooms) or answer
    if isinstance(answer, OrderConfirmed):
        # The pass ends by itself too, only later: no payer waits for this.
        rooms.waiting_room.finish_soon(onsale.sale, answer.entry)
    return answer


async def paid_elsewhere(token: Token, payment: PaymentBlob, rooms: Rooms) -> PaidElsewhere | None:
    """Whether the payment is another order's: a shard knows the references of its own orders only.

    None also while the ledger has not heard of the other order, or cannot say.
    """
    asked = ledger_orders.paid_by(rooms.pool, payment.provider, payment.reference)
    try:
        other = await within(LEDGER_PATIENCE_S, asked)
    except POSTGRES_TROUBLE:
        return None
    return None if other in (None, token) else PaidElsewhere(f"o-{other}")


async def confirmed_before(token: Token, payment: PaymentBlob, rooms: Rooms) -> OrderConfirmed | None:
    """The order as the ledger knows it by this very payment: the store was rebuilt since and forgot both."""
    async with reaching_ledger():
        order = await ledger_orders.find_order(rooms.pool, token)
        known = await ledger_orders.order_payments(rooms.pool, token) if order else []
    this = (payment.provider, payment.reference, payment.amount, payment.currency)
    if order is None or order.state != "confirmed":
        return None
    if this not in {(one.provider, one.reference, one.amount, one.currency) for one in known}:
        return None
    return OrderConfirmed(token, order.version, order.entry, replayed=True)
