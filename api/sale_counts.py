"""How a sale stands: the line from the mirror, the halls from the boards, the orders from the ledger."""

import msgspec

from allocator.sale import Sale, SaleState
from api.rooms import Rooms
from ledger import counts as ledger_counts
from ledger.trouble import POSTGRES_TROUBLE, within
from store.unavailable import StoreUnavailable

LEDGER_PATIENCE_S = 2.0


class SaleCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Fans in the line and seats in the halls; `orders` and `writer_lag` are None while Postgres is away."""

    sale: str
    state: SaleState
    waiting: int
    invited: int
    inside: int
    held: int
    sold: int
    free: int
    orders: int | None = None
    writer_lag: int | None = None


async def counts_of(sale: Sale, rooms: Rooms) -> SaleCounts:
    """The counts that need no Postgres."""
    line = rooms.waiting_room.counts(sale)
    boards = [await rooms.boards.latest(onsale) for onsale in rooms.catalogue.showtimes_of(sale.id)]
    return SaleCounts(
        sale=sale.id,
        state=line.state,
        waiting=line.waiting,
        invited=line.invited,
        inside=line.inside,
        held=sum(board.held for board in boards),
        sold=sum(board.sold for board in boards),
        free=sum(board.free for board in boards),
    )


async def with_ledger(sale: Sale, rooms: Rooms) -> SaleCounts:
    """All counts; what Postgres would say is left out while it is away."""
    counts = await counts_of(sale, rooms)
    try:
        booked = await within(LEDGER_PATIENCE_S, ledger_counts.of_sale(rooms.pool, sale.id))
    except POSTGRES_TROUBLE:
        return counts
    behind = (await lag(rooms) or {}).get(sale.shard, 0)
    return msgspec.structs.replace(counts, orders=booked.orders, writer_lag=behind)


async def lag(rooms: Rooms) -> dict[int, int] | None:
    """Records not yet in Postgres, by shard; None while either engine is away."""
    try:
        return await within(LEDGER_PATIENCE_S, ledger_counts.lag(rooms.pool, rooms.store))
    except (*POSTGRES_TROUBLE, StoreUnavailable):
        return None
