"""A sale: one queue in front of a set of showtimes, and the rules all of them share."""

from typing import Literal, NewType

import msgspec

SaleId = NewType("SaleId", str)
SaleState = Literal["scheduled", "open", "paused", "closed"]
Identity = Literal["guest", "storefront"]


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What the storefront delegated. `serial` is a small number given by Postgres, `shard` the home shard.

    `seed` is 64 hex digits, drawn when the sale is first put and shown as `seed_sha256` until the draw.
    """

    id: SaleId
    serial: int
    shard: int
    title: str
    opens_at_ms: int
    draw: bool
    capacity: int
    shopping_ms: int
    seats_per_fan: int
    identity: Identity
    claim_ms: int
    hold_ms: int
    pay_ms: int
    presence_ms: int
    seed: str
