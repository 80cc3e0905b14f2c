"""What the allocator's calls answer: every refusal is a value.

Listed in the order of precedence of the Lua functions; `api/problems.py` has one row per refusal.
"""

import msgspec

from allocator.outbox import Token
from allocator.plan import SeatName


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Seats kept until `deadline_ms`. `indices` follow plan order; `together`: one unbroken block."""

    token: Token
    indices: tuple[int, ...]
    deadline_ms: int
    together: bool
    replayed: bool = False


class SaleNotOpen(msgspec.Struct, frozen=True): ...


class SalePaused(msgspec.Struct, frozen=True):
    reason: str


class SaleClosed(msgspec.Struct, frozen=True): ...


class ShowtimeReclaimed(SaleClosed, frozen=True):
    """Only this showtime: the storefront took it back, and the sale goes on."""


class PassUsedUp(msgspec.Struct, frozen=True): ...


class OverLimit(msgspec.Struct, frozen=True):
    left: int


class NoSuchSeats(msgspec.Struct, frozen=True):
    seats: tuple[SeatName, ...]


class SeatsTaken(msgspec.Struct, frozen=True):
    seats: tuple[SeatName, ...]


class LeavesSingle(msgspec.Struct, frozen=True):
    """`single` would be left alone; `instead` is a choice of the same size that fits."""

    single: SeatName
    instead: tuple[SeatName, ...]


class SoldOut(msgspec.Struct, frozen=True): ...


class NoFit(msgspec.Struct, frozen=True):
    """No block of that size; `largest` is the largest free one of the category; `version` of the board."""

    largest: int
    version: int


class UnknownHold(msgspec.Struct, frozen=True): ...


class HoldExpired(msgspec.Struct, frozen=True): ...


class Ordered(msgspec.Struct, frozen=True):
    """The hold is an order awaiting payment until `deadline_ms`; `blob` is for `outbox.read_order`."""

    token: Token
    deadline_ms: int
    blob: str


class Released(msgspec.Struct, frozen=True): ...


class UnknownOrder(msgspec.Struct, frozen=True): ...


class AlreadyPaid(msgspec.Struct, frozen=True):
    """Another payment confirmed the order before; this one is recorded as money to give back."""


class WrongAmount(msgspec.Struct, frozen=True):
    amount: int
    currency: str


class LateRefunded(msgspec.Struct, frozen=True):
    """The money came after the seats had gone to others; it is recorded as money to give back."""


class OrderConfirmed(msgspec.Struct, frozen=True):
    """Sold. `version` is the outbox version of its record in the home shard; `order`, for
    `outbox.read_order`, is told to the first payment only."""

    token: Token
    version: int
    entry: int
    order: str = ""
    replayed: bool = False


HoldRefusal = (
    SaleNotOpen
    | SalePaused
    | SaleClosed
    | ShowtimeReclaimed
    | PassUsedUp
    | OverLimit
    | NoSuchSeats
    | SeatsTaken
    | LeavesSingle
    | SoldOut
    | NoFit
)
HoldAnswer = Held | HoldRefusal
OrderAnswer = Ordered | UnknownHold | HoldExpired | PassUsedUp
ConfirmAnswer = OrderConfirmed | UnknownOrder | AlreadyPaid | WrongAmount | LateRefunded
ReleaseAnswer = Released | UnknownHold | AlreadyPaid
