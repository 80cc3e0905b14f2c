"""What a rebuild of the store needs to know beside definitions and sold seats."""

import msgspec

from ledger.pool import Db
from ledger.queries import column, many, one, value


class SoldOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order and the hold it was (None: not kept then); `indices` to `amounts` go together."""

    token: str
    fan: str
    entry: int
    fees: int
    amount: int
    currency: str
    created_ms: int
    version: int
    held_ms: int | None
    hold_until_ms: int | None
    together: bool | None
    pay_by_ms: int | None
    indices: tuple[int, ...]
    seats: tuple[str, ...]
    categories: tuple[str, ...]
    amounts: tuple[int, ...]


class OrderMoney(msgspec.Struct, frozen=True, kw_only=True):
    """A payment by record `version` (None: not kept then); `why` it goes back, None if it does not."""

    token: str
    provider: str
    reference: str
    version: int | None
    why: str | None


class SaleStand(msgspec.Struct, frozen=True):
    opened: bool
    closed: bool


async def reclaimed_showtimes(db: Db) -> list[int]:
    return await column(db, "reclaimed_showtimes", int)


async def sold_orders(db: Db, showtime: int) -> list[SoldOrder]:
    return await many(db, "sold_orders", SoldOrder, showtime)


async def order_money(db: Db, showtime: int) -> list[OrderMoney]:
    return await many(db, "order_money", OrderMoney, showtime)


async def sale_stand(db: Db, sale: str, now_ms: int) -> SaleStand | None:
    return await one(db, "sale_stand", SaleStand, sale, now_ms)


async def last_entry(db: Db, sale: str) -> int:
    return await value(db, "last_entry", int, sale)
