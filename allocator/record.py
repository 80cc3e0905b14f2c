"""A hold and the order it becomes, as the store remembers them (laid out in allocator/lua/record.lua)."""

from typing import Literal

import msgspec

State = Literal["held", "released", "expired", "awaiting", "confirmed", "refunded"]


class HoldRecord(msgspec.Struct, frozen=True, array_like=True):
    """`seats` are indices in plan order. Of an order: `pay_by_ms`, `amount`, `currency` and `order`, the
    text for `outbox.read_order`; of a hold that was never ordered these are 0 and None.

    released: given back by the fan or by a reclaim. expired: a deadline passed. refunded: late money, to
    give back.
    """

    state: State
    fan: str
    entry: int
    deadline_ms: int
    created_ms: int
    seats: tuple[int, ...]
    together: bool
    pay_by_ms: int
    amount: int
    currency: str
    order: str | None
