"""An order as the wire shows it, from the store's record or, once it is settled, from the ledger."""

from typing import Any, Final, Literal

import msgspec

from allocator.catalogue import OnSale
from allocator.outbox import OrderBlob, read_order
from allocator.record import HoldRecord
from api.holds import SeatView
from api.moments import rfc3339
from api.settings import ApiSettings, link
from api.tickets import TicketSigner, TicketView
from ledger.orders import Settled

OrderState = Literal["awaiting_payment", "confirmed", "refunded", "exchanged", "expired"]
Durability = Literal["journalled", "settled"]
STATES: Final[dict[str, OrderState]] = {
    "awaiting": "awaiting_payment",
    "confirmed": "confirmed",
    "refunded": "refunded",
}


class OrderView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`durability` of a confirmed order: `journalled` is on disk in the store, `settled` also in Postgres."""

    order: str
    state: OrderState
    durability: Durability | None = None
    sale: str
    showtime: str
    film: str
    cinema: str
    auditorium: str
    starts_at: str
    seats: list[SeatView]
    fees: int
    amount: int
    currency: str
    pay_by: str | None = None
    pay_url: str | None = None
    tickets: list[TicketView]


def from_record(onsale: OnSale, record: HoldRecord, signer: TicketSigner, settings: ApiSettings) -> OrderView:
    """The order of a record that has become one."""
    assert record.order is not None
    order = read_order(record.order)
    state = STATES.get(record.state, "expired")
    if state == "confirmed":
        return just_sold(onsale, order, signer)
    payable = state == "awaiting_payment"
    pay_by = rfc3339(record.pay_by_ms) if payable else None
    url = pay_url(settings, order.token) if payable else None
    return _view(onsale, order, state, [], pay_by=pay_by, pay_url=url)


def just_sold(onsale: OnSale, order: OrderBlob, signer: TicketSigner) -> OrderView:
    """A confirmed order that the ledger has not written down yet."""
    tickets = _tickets(onsale, order, signer)
    return _view(onsale, order, "confirmed", tickets, durability="journalled")


def from_ledger(onsale: OnSale, settled: Settled, signer: TicketSigner) -> OrderView:
    """The order as it stands for good; tickets that are not live are left out."""
    order = settled.order
    serial = onsale.showtime.serial
    return OrderView(
        order=f"o-{order.token}",
        state=order.state,
        durability="settled",
        seats=[SeatView(ticket.seat, ticket.category, ticket.amount) for ticket in settled.tickets],
        fees=order.fees,
        amount=order.amount,
        currency=order.currency,
        tickets=[signer.view(order.token, t.n, serial, t.seat) for t in settled.tickets if t.live],
        **_about(onsale),
    )


def pay_url(settings: ApiSettings, token: str) -> str | None:
    """Where the test provider takes the money; other providers are the storefront's to show."""
    return link(settings, f"/test-provider/o-{token}") if settings.test_provider else None


def _view(
    onsale: OnSale, order: OrderBlob, state: OrderState, tickets: list[TicketView], **more: Any
) -> OrderView:
    return OrderView(
        order=f"o-{order.token}",
        state=state,
        seats=[SeatView(seat.seat, seat.category, seat.amount) for seat in order.seats],
        fees=order.fees,
        amount=order.amount,
        currency=order.currency,
        tickets=tickets,
        **_about(onsale),
        **more,
    )


def _tickets(onsale: OnSale, order: OrderBlob, signer: TicketSigner) -> list[TicketView]:
    serial = onsale.showtime.serial
    return [signer.view(order.token, n, serial, seat.seat) for n, seat in enumerate(order.seats, start=1)]


def _about(onsale: OnSale) -> dict[str, Any]:
    show = onsale.showtime
    return {
        "sale": show.sale,
        "showtime": show.id,
        "film": show.film,
        "cinema": show.cinema,
        "auditorium": show.auditorium,
        "starts_at": rfc3339(show.starts_at_ms),
    }
