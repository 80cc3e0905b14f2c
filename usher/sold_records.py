"""The records of confirmed orders as the lost store had them, byte for byte, so that a repeated request has
its first answer from a rebuilt store too.

The layout is that of allocator/lua/record.lua.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from allocator.catalogue import OnSale
from allocator.outbox import OrderBlob, PricedSeat, Token, pack
from ledger.pool import Db
from ledger.rebuild import OrderMoney, SoldOrder, order_money, sold_orders

WORDS: Final = {None: "CONFIRMED", "double": "ALREADY_PAID", "late": "LATE_REFUNDED"}
"""Why money goes back -> what its payment was answered."""


async def sold_records(db: Db, onsale: OnSale) -> dict[str, bytes]:
    """Token -> record, of every order that owns seats and whose hold was kept."""
    serial, money = onsale.showtime.serial, defaultdict[str, list[OrderMoney]](list)
    for paid in await order_money(db, serial):
        money[paid.token].append(paid)
    orders = [order for order in await sold_orders(db, serial) if order.held_ms is not None]
    return {order.token: _record(onsale, order, money[order.token]) for order in orders}


def _record(onsale: OnSale, order: SoldOrder, money: list[OrderMoney]) -> bytes:
    return msgspec.msgpack.encode(
        [
            "confirmed",
            order.fan,
            order.entry,
            order.hold_until_ms,
            order.held_ms,
            order.indices,
            order.together,
            order.pay_by_ms,
            order.amount,
            order.currency,
            pack(_blob(onsale, order)),
            list(_payments(money)),
        ]
    )


def _payments(money: list[OrderMoney]) -> Iterator[tuple[str, str, int | None]]:
    for paid in money:
        yield f"{paid.provider}:{paid.reference}", WORDS[paid.why], paid.version


def _blob(onsale: OnSale, order: SoldOrder) -> OrderBlob:
    seats = zip(order.indices, order.seats, order.categories, order.amounts, strict=True)
    return OrderBlob(
        token=Token(order.token),
        sale=onsale.sale.id,
        showtime=onsale.showtime.id,
        fan=order.fan,
        entry=order.entry,
        seats=tuple(PricedSeat(*seat) for seat in seats),
        fees=order.fees,
        amount=order.amount,
        currency=order.currency,
        created_ms=order.created_ms,
    )
