"""The nights of a history: small sales of one showtime each, which go by from empty to sold out."""

from functools import cache
from typing import Final

import msgspec

from allocator import token as tokens
from allocator.catalogue import OnSale
from allocator.outbox import Token
from allocator.plan import Plan
from allocator.sale import SaleId
from allocator.showtime import Orphans, ShowtimeId
from tests.allocator_stage import SALE, drawn, onsale

SHARDS: Final = 8
ROW: Final = "a" * 16 + "_" + "b" * 14 + "_" + "a" * 16
ROWS_MAX: Final = 25
OPERATIONS_PER_ROW: Final = 400
"""Then the hall is nearly full at the end of its night."""
LIMITS: Final = (6, 2, 4)
MODES: Final[tuple[Orphans, ...]] = ("strict", "off", "prefer")
HOLD_MS: Final = 400
PAY_MS: Final = 300
SEAT_COSTS: Final = 1100


class Night(msgspec.Struct, frozen=True):
    """`fans` people want seats, each with a few passes, at most `limit` seats each."""

    number: int
    shard: int
    limit: int
    orphans: Orphans
    fans: int
    show: OnSale

    def token(self, number: int) -> Token:
        return tokens.mint(self.show.showtime.serial, f"{number:020x}")


@cache
def hall(rows: int) -> OnSale:
    plan: Plan = drawn(*([ROW] * rows))
    return onsale(plan)


def night(number: int, operations: int) -> Night:
    """The night of that number, for about so many calls."""
    rows = max(2, min(ROWS_MAX, operations // OPERATIONS_PER_ROW))
    like, shard = hall(rows), number % SHARDS
    limit, orphans = LIMITS[number % len(LIMITS)], MODES[number // len(LIMITS) % len(MODES)]
    name = f"night-{number}"
    sale = msgspec.structs.replace(
        SALE,
        id=SaleId(name),
        serial=number + 1,
        shard=shard,
        hold_ms=HOLD_MS,
        pay_ms=PAY_MS,
        seats_per_fan=limit,
    )
    showtime = msgspec.structs.replace(
        like.showtime, id=ShowtimeId(name), serial=number + 1, sale=sale.id, orphans=orphans
    )
    show = OnSale(sale, showtime, like.plan, like.geometry)
    return Night(number, shard, limit, orphans, max(4, len(like.geometry) // 3), show)
