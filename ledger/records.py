"""What a stream record says, as values: a sale, money to give back, a reclaim, or something unreadable."""

from typing import Final, Literal

import msgspec

from allocator.outbox import (
    Confirmed,
    OrderBlob,
    PaymentBlob,
    Reclaimed,
    Refunded,
    read_order,
    read_payment,
)
from ledger.stream import Entry

Why = Literal["late", "double", "conflict"]


class Hold(msgspec.Struct, frozen=True, gc=False):
    """The hold that the order was, and until when it was to be paid."""

    held_ms: int
    hold_until_ms: int
    together: bool
    pay_by_ms: int


class Sold(msgspec.Struct, frozen=True, gc=False):
    """An order was paid in time: its seats are its own."""

    entry: Entry
    at_ms: int
    order: OrderBlob
    payment: PaymentBlob
    hold: Hold


class Owed(msgspec.Struct, frozen=True):
    """Money came too late or twice and goes back."""

    entry: Entry
    at_ms: int
    order: OrderBlob
    payment: PaymentBlob
    why: Why


class GivenBack(msgspec.Struct, frozen=True):
    """A showtime went back to the storefront."""

    entry: Entry
    reclaimed: Reclaimed


class Unreadable(msgspec.Struct, frozen=True):
    """The entry cannot be written down; `why` is for the operator."""

    entry: Entry
    why: str


Written = Sold | Owed | GivenBack
Meaning = Written | Unreadable

_confirmed: Final = msgspec.msgpack.Decoder(Confirmed)
_refunded: Final = msgspec.msgpack.Decoder(Refunded)
_reclaimed: Final = msgspec.msgpack.Decoder(Reclaimed)


def read(entry: Entry) -> Meaning:
    """Never raises: what is broken, unknown or does not add up is Unreadable."""
    if not entry.is_whole():
        return Unreadable(entry, "checksum differs")
    try:
        meaning = _decode(entry)
    except (msgspec.MsgspecError, ValueError) as error:
        return Unreadable(entry, f"undecodable: {error}")
    fault = _fault(meaning)
    return meaning if fault is None else Unreadable(entry, fault)


def _decode(entry: Entry) -> Written:
    if entry.kind == "confirmed":
        paid = _confirmed.decode(entry.body)
        hold = Hold(paid.held_ms, paid.hold_until_ms, paid.together, paid.pay_by_ms)
        return Sold(entry, paid.at_ms, read_order(paid.order), read_payment(paid.payment), hold)
    if entry.kind == "refunded":
        back = _refunded.decode(entry.body)
        why = msgspec.convert(back.why, Why)
        return Owed(entry, back.at_ms, read_order(back.order), read_payment(back.payment), why)
    if entry.kind == "reclaimed":
        return GivenBack(entry, _reclaimed.decode(entry.body))
    raise ValueError(f"unknown kind {entry.kind!r}")


def _fault(meaning: Written) -> str | None:
    """Why the record contradicts itself, or None."""
    if isinstance(meaning, GivenBack):
        return None
    order, payment, seats = meaning.order, meaning.payment, meaning.order.seats
    if not seats or len({seat.index for seat in seats}) != len(seats):
        return "an order without seats, or with one seat twice"
    if sum([seat.amount for seat in seats]) + order.fees != order.amount:
        return "the seats and fees do not add up to the order's amount"
    if isinstance(meaning, Sold) and (payment.amount, payment.currency) != (order.amount, order.currency):
        return "the payment is not the order's amount"
    return None
