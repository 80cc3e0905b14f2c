"""The records that confirmed orders leave in the shard's stream for the ledger.

A stream entry has the id `<version>-0` and the fields `kind`, `body`, `sum`; `sum` is the SHA-1 of
`version:kind:body`, because an append-only file has no checksums of its own. Bodies are msgpack. Orders and
payments inside them are JSON bytes (`pack`, `read_order`, `read_payment`), because they travel through Lua,
whose msgpack does not read the type `bin`.
"""

import hashlib
from typing import Literal, NewType

import msgspec

Token = NewType("Token", str)
"""`<showtime serial base32>-<16 chars>`: names a hold (`h-` before it) and the order it becomes (`o-`)."""
Kind = Literal["confirmed", "refunded", "reclaimed"]


class PricedSeat(msgspec.Struct, frozen=True, array_like=True, gc=False):
    index: int
    seat: str
    category: str
    amount: int


class OrderBlob(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Packed as JSON when the hold becomes an order, stored with it, carried to the ledger unread.

    `amount` is what the fan pays: the seats' amounts plus `fees`, minor units of `currency`.
    """

    token: Token
    sale: str
    showtime: str
    fan: str
    entry: int
    seats: tuple[PricedSeat, ...]
    fees: int
    amount: int
    currency: str
    created_ms: int


class PaymentBlob(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment as told by the storefront or a provider; (provider, reference) is unique."""

    provider: str
    method: str
    reference: str
    amount: int
    currency: str


class Confirmed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Body of `confirmed`; `order` and `payment` as packed by `pack`.

    What is left of the hold lets a rebuilt store answer repeated requests as the lost one would have.
    """

    at_ms: int
    order: bytes
    payment: bytes
    held_ms: int
    hold_until_ms: int
    together: bool
    pay_by_ms: int


class Refunded(msgspec.Struct, frozen=True, array_like=True):
    """Body of `refunded`: money that came too late or twice and goes back; the order keeps no seat by it."""

    at_ms: int
    order: bytes
    payment: bytes
    why: str


class Reclaimed(msgspec.Struct, frozen=True, array_like=True):
    """Body of `reclaimed`: the showtime went back to the storefront; seat indices in plan order."""

    at_ms: int
    showtime: str
    sold: tuple[int, ...]
    back: tuple[int, ...]


def pack(blob: OrderBlob | PaymentBlob) -> str:
    """The text that travels through Lua unread: a JSON array of the fields in order."""
    return msgspec.json.encode(blob).decode()


def read_order(packed: bytes | str) -> OrderBlob:
    return msgspec.json.decode(packed, type=OrderBlob)


def read_payment(packed: bytes | str) -> PaymentBlob:
    return msgspec.json.decode(packed, type=PaymentBlob)


def checksum(version: int, kind: str, body: bytes) -> str:
    return hashlib.sha1(b"%d:%s:%s" % (version, kind.encode(), body), usedforsecurity=False).hexdigest()
