"""Orders as they stand for good."""

from typing import Literal

import msgspec

from ledger.pool import Db
from ledger.queries import column, many, one

OrderState = Literal["confirmed", "refunded", "exchanged"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed order; `amount` = `gross` (its seats) + `fees`, minor units of `currency`."""

    token: str
    sale: str
    showtime: str
    fan: str
    entry: int
    gross: int
    fees: int
    amount: int
    currency: str
    created_ms: int
    confirmed_ms: int
    state: OrderState
    shard: int
    version: int


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """Seat `n` (from 1) of an order; not `live` once refunded or exchanged."""

    n: int
    seat: str
    seat_index: int
    category: str
    amount: int
    live: bool
    checked_in_ms: int | None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    reference: str
    method: str
    amount: int
    currency: str
    at_ms: int


class Settled(msgspec.Struct, frozen=True):
    """An order with its tickets in order of their numbers."""

    order: Order
    tickets: tuple[Ticket, ...]


class SoldSeat(msgspec.Struct, frozen=True):
    token: str
    seat: str
    seat_index: int
    fan: str
    entry: int


async def find(db: Db, token: str) -> Settled | None:
    """The order of this token, or None while it has not been written down."""
    order = await find_order(db, token)
    return None if order is None else Settled(order, tuple(await order_tickets(db, token)))


async def find_order(db: Db, token: str) -> Order | None:
    return await one(db, "find_order", Order, token)


async def order_tickets(db: Db, token: str) -> list[Ticket]:
    return await many(db, "order_tickets", Ticket, token)


async def order_payments(db: Db, token: str) -> list[Payment]:
    return await many(db, "order_payments", Payment, token)


async def paid_by(db: Db, provider: str, reference: str) -> str | None:
    """The token of the order that a payment came for."""
    found = await column(db, "paid_by", str, provider, reference)
    return found[0] if found else None


async def sold_seats(db: Db, showtime: int) -> list[SoldSeat]:
    """Every seat with an owner; `showtime` is the serial."""
    return await many(db, "sold_seats", SoldSeat, showtime)
