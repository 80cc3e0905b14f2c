"""What a stream record says, as values: a sale, money to give back, a reclaim, or something unreadable.

Bodies are msgpack with the order and the payment inside as JSON bytes, as `allocator.outbox` packs them;
both are taken apart by their headers, be they msgpack strings or binaries.
"""

from typing import Final, Literal

import msgspec

from allocator.outbox import OrderBlob, PaymentBlob, Reclaimed, read_order, read_payment
from ledger.stream import Entry

Why = Literal["late", "double", "conflict"]
STRING_HEADERS: Final = {0xD9: 2, 0xDA: 3, 0xDB: 5, 0xC4: 2, 0xC5: 3, 0xC6: 5}
"""First byte of a long msgpack string or binary -> length of its header in bytes."""


class Sold(msgspec.Struct, frozen=True):
    """An order was paid in time: its seats are its own."""

    entry: Entry
    at_ms: int
    order: OrderBlob
    payment: PaymentBlob


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

_confirmed: Final = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw])
_refunded: Final = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw, Why])
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
        at_ms, order, payment = _confirmed.decode(entry.body)
        return Sold(entry, at_ms, read_order(_blob(order)), read_payment(_blob(payment)))
    if entry.kind == "refunded":
        at_ms, order, payment, why = _refunded.decode(entry.body)
        return Owed(entry, at_ms, read_order(_blob(order)), read_payment(_blob(payment)), why)
    if entry.kind == "reclaimed":
        return GivenBack(entry, _reclaimed.decode(entry.body))
    raise ValueError(f"unknown kind {entry.kind!r}")


def _fault(meaning: Written) -> str | None:
    """Why the record contradicts itself, or None."""
    if isinstance(meaning, GivenBack):
        return None
    order, payment = meaning.order, meaning.payment
    if not order.seats or len({seat.index for seat in order.seats}) != len(order.seats):
        return "an order without seats, or with one seat twice"
    if sum(seat.amount for seat in order.seats) + order.fees != order.amount:
        return "the seats and fees do not add up to the order's amount"
    if isinstance(meaning, Sold) and (payment.amount, payment.currency) != (order.amount, order.currency):
        return "the payment is not the order's amount"
    return None


def _blob(raw: msgspec.Raw) -> bytes:
    """The content of a msgpack string or binary."""
    packed = bytes(raw)
    header = 1 if 0xA0 <= packed[0] <= 0xBF else STRING_HEADERS.get(packed[0])
    if header is None:
        raise ValueError("a blob is expected here")
    return packed[header:]
