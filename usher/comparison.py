"""Whether Valkey and Postgres tell the same about everything sold: each difference named, nothing changed.

What the writer has still to write is read from the stream and counts as written. A sale that goes on moves
while it is looked at, so a difference counts only if several looks find it, one after the other.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import msgspec

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue, OnSale
from allocator.outbox import OrderBlob, read_order
from allocator.record import read_records
from ledger import definitions
from ledger.cursors import Cursor, find_cursor, shards_in_use
from ledger.gate import contradiction
from ledger.pool import Db
from ledger.rebuild import order_money, reclaimed_showtimes, sold_orders
from ledger.records import Owed, Sold, Unreadable, read
from ledger.stream import Stream
from store import keys
from store.connection import Store
from usher.rebuild import FAN_FACTOR

LOOKS: Final = 3
PAUSE_S: Final = 0.5
ROWS_MAX: Final = 1000
STATE, FAN, SEATS, ORDER, PAYMENTS = 0, 1, 5, 10, 11
"""Places in a record, see allocator/lua/record.lua."""
COUNTED: Final = ("held", "awaiting", "confirmed")
"""States whose seats count against the limit of their fan."""
SOLD: Final = ord("s")


class Owner(msgspec.Struct, frozen=True):
    """An order as one side tells it; seat indices in plan order."""

    fan: str
    seats: tuple[int, ...]
    amount: int


class Unwritten:
    """What the stream has behind the cursor: orders by showtime and token, payments, and what is wrong."""

    def __init__(self) -> None:
        self.orders: defaultdict[str, dict[str, Owner]] = defaultdict(dict)
        self.payments: set[str] = set()
        self.faults: list[str] = []


async def differences(store: Store, db: Db, *, pause_s: float = PAUSE_S) -> list[str]:
    """What stands differently on the two sides at every one of several looks, `pause_s` apart."""
    found = await _look(store, db)
    for _ in range(LOOKS - 1):
        if not found:
            break
        await asyncio.sleep(pause_s)
        again = set(await _look(store, db))
        found = [one for one in found if one in again]
    return found


async def _look(store: Store, db: Db) -> list[str]:
    catalogue = Catalogue(store)
    await catalogue.refresh()
    found = [one async for one in _definitions(catalogue, store, db)]
    reclaimed = set(await reclaimed_showtimes(db))
    unwritten = {shard: await _unwritten(store, db, shard) for shard in await shards_in_use(db)}
    found += [fault for told in unwritten.values() for fault in told.faults]
    for sale in catalogue.sales():
        counts: Counter[str] = Counter()
        for onsale in catalogue.showtimes_of(sale.id):
            look = _Showtime(store, db, onsale, unwritten.get(sale.shard) or Unwritten(), counts)
            found += [f"{onsale.showtime.id}: {one}" async for one in look.differences(reclaimed)]
        found += [f"{sale.id}: {one}" async for one in _fans(store, sale.shard, sale.id, counts)]
    return found


async def _definitions(catalogue: Catalogue, store: Store, db: Db) -> AsyncIterator[str]:
    client: Any = store.client
    known = await definitions.all_sales(db)
    for sale in known:
        if catalogue.sale(sale.id) is None or not await client.exists(keys.sale(sale.shard, sale.id)):
            yield f"{sale.id}: the sale is in Postgres, not in Valkey"
        elif catalogue.sale(sale.id) != sale:
            yield f"{sale.id}: the sale is defined otherwise in Valkey"
    for sale_id in sorted({sale.id for sale in catalogue.sales()} - {sale.id for sale in known}):
        yield f"{sale_id}: the sale is in Valkey, not in Postgres"
    for stored in await definitions.all_showtimes(db):
        here = catalogue.showtime(stored.showtime.id)
        if stored.loaded and here is None:
            yield f"{stored.showtime.id}: the showtime is in Postgres, not in Valkey"
        elif here and here.showtime != stored.showtime:
            yield f"{stored.showtime.id}: the showtime is defined otherwise in Valkey"


async def _unwritten(store: Store, db: Db, shard: int) -> Unwritten:
    """The records behind the cursor, and what is wrong with stream and cursor."""
    stream, told = Stream(store, shard), Unwritten()
    cursor = await find_cursor(db, shard) or Cursor(shard, 0, "", 0)
    at_cursor = await stream.at(cursor.version) if cursor.version else None
    if reason := contradiction(cursor, await stream.newest(), at_cursor.sum if at_cursor else None):
        told.faults.append(f"shard {shard}: {reason.detail}")
    version = cursor.version
    while entries := await stream.after(version, rows_max=ROWS_MAX):
        for entry in entries:
            if entry.version != version + 1:
                told.faults.append(f"shard {shard}: records {version + 1} to {entry.version - 1} are missing")
            version, meaning = entry.version, read(entry)
            if isinstance(meaning, Unreadable):
                told.faults.append(f"shard {shard}: record {version} cannot be read: {meaning.why}")
            if isinstance(meaning, Sold):
                told.orders[meaning.order.showtime][meaning.order.token] = _owner(meaning.order)
            if isinstance(meaning, Sold | Owed):
                told.payments.add(f"{meaning.payment.provider}:{meaning.payment.reference}")
    return told


class _Showtime:
    """One look at a showtime; adds to `counts` what each fan has by the records."""

    def __init__(
        self, store: Store, db: Db, onsale: OnSale, unwritten: Unwritten, counts: Counter[str]
    ) -> None:
        self._store, self._db, self._onsale = store, db, onsale
        self._unwritten, self._counts = unwritten, counts
        self._payments: set[str] = set()

    async def differences(self, reclaimed: set[int]) -> AsyncIterator[str]:
        show = self._onsale.showtime
        there = {
            row.token: Owner(row.fan, row.indices, row.amount)
            for row in await sold_orders(self._db, show.serial)
        } | self._unwritten.orders[show.id]
        for one in self._orders(await self._records(), there):
            yield one
        board = await Allocator(self._store).board(self._onsale)
        for one in self._seats(board.seats, there):
            yield one
        booked = {f"{paid.provider}:{paid.reference}" for paid in await order_money(self._db, show.serial)}
        for reference in sorted(self._payments - booked - self._unwritten.payments):
            yield f"payment {reference} is in Valkey, not in Postgres"
        if show.serial in reclaimed and not board.reclaimed:
            yield "it was reclaimed by Postgres, and still sells in Valkey"

    async def _records(self) -> dict[str, Owner]:
        """The confirmed orders of the store."""
        client: Any = self._store.client
        shard, show = self._onsale.sale.shard, self._onsale.showtime.id
        confirmed = {}
        stored = [each async for each in client.hscan_iter(keys.holds(shard, show), count=ROWS_MAX)]
        for token, record in read_records(stored).items():
            if record[STATE] in COUNTED:
                self._counts[record[FAN]] += len(record[SEATS])
            if record[STATE] == "confirmed":
                confirmed[token] = _owner(read_order(record[ORDER]))
                self._payments.update(payment[0] for payment in record[PAYMENTS])
        return confirmed

    def _orders(self, here: dict[str, Owner], there: dict[str, Owner]) -> Iterator[str]:
        for token in sorted(here.keys() - there.keys()):
            yield f"order o-{token} is in Valkey, not in Postgres"
        for token in sorted(there.keys() - here.keys()):
            yield f"order o-{token} is in Postgres, not in Valkey"
        for token in sorted(here.keys() & there.keys()):
            if here[token] != there[token]:
                sides = self._told(there[token]), self._told(here[token])
                yield f"order o-{token} is {sides[0]} in Postgres, {sides[1]} in Valkey"

    def _told(self, owner: Owner) -> str:
        return f"{owner.fan} {' '.join(self._onsale.geometry.named(owner.seats))} for {owner.amount}"

    def _seats(self, board: bytes, owners: dict[str, Owner]) -> Iterator[str]:
        name = self._onsale.geometry.names
        owner = {index: token for token, one in owners.items() for index in one.seats}
        for index, token in owner.items():
            if board[index] != SOLD:
                yield f"seat {name[index]} is of order o-{token} in Postgres, and not sold in Valkey"
        for index, state in enumerate(board):
            if state == SOLD and index not in owner:
                yield f"seat {name[index]} is sold in Valkey, and of no order in Postgres"


async def _fans(store: Store, shard: int, sale: str, counts: Counter[str]) -> AsyncIterator[str]:
    """What each fan has by the records, against what counts towards the limit."""
    client: Any = store.client
    counted: Counter[str] = Counter()
    async for fan, number in client.hscan_iter(keys.fans(shard, sale), count=ROWS_MAX):
        counted[fan.decode()] = int(number) % FAN_FACTOR
    for fan in sorted(counts.keys() | counted.keys()):
        if counts[fan] != counted[fan]:
            yield f"fan {fan} has {counts[fan]} seats, and {counted[fan]} count towards the limit"


def _owner(order: OrderBlob) -> Owner:
    return Owner(order.fan, tuple(seat.index for seat in order.seats), order.amount)
