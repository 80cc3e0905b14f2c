"""A sale that sells, with the writer behind it: what a rebuild and a doctor look at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from allocator.allocator import Allocator
from allocator.answers import Held
from allocator.catalogue import Catalogue, OnSale
from allocator.outbox import Token
from allocator.token import mint
from ledger import definitions
from ledger.pool import Pool
from ledger.shard_writer import Limits
from ledger.writer_process import run_writer
from store.connection import Store
from tests.allocator_stage import blob, exact
from tests.ledger_stream import delegate, payment, showtime
from waiting_room.line import Line


@asynccontextmanager
async def writing(store: Store, pool: Pool) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_writer(store, pool, stop=stop, limits=Limits(block_ms=50, linger_ms=1)))
    try:
        yield
    finally:
        stop.set()
        await task


async def put_on_sale(store: Store, pool: Pool) -> tuple[OnSale, OnSale]:
    """Two showtimes of an open sale, as the doors put them on sale; the second one's selling has ended."""
    await delegate(pool, showtime(), showtime("show-2"))
    catalogue, allocator = Catalogue(store), Allocator(store)
    for plan in await definitions.all_plans(pool):
        await catalogue.put_plan(plan.name, plan.document)
    (sale,) = await definitions.all_sales(pool)
    await catalogue.put_sale(sale)
    await store.open_gate(sale.shard, 0)
    for stored in await definitions.all_showtimes(pool):
        await catalogue.put_showtime(stored.showtime)
        onsale = catalogue.showtime(stored.showtime.id)
        assert onsale
        await allocator.load(onsale)
        await definitions.mark_loaded(pool, onsale.showtime.id)
    await Line(store).put_sale(sale)
    await definitions.mark_sale_loaded(pool, sale.id)
    await Line(store).move(sale, "open", "")
    first, second = catalogue.showtimes_of(sale.id)
    await allocator.reclaim(second)
    return first, second


async def buy(store: Store, show: OnSale, number: int, *seats: str) -> Token:
    """Fan `f<number>`, entry `number`, buys the seats."""
    allocator, token = Allocator(store), mint(show.showtime.serial, f"{number:020x}")
    held = await allocator.hold(show, f"f{number}", number, token, exact(*seats))
    assert isinstance(held, Held), held
    indices = show.geometry.indices(exact(*seats).seats)
    paid = msgspec.structs.replace(blob(show, token, tuple(indices or ()), f"f{number}"), entry=number)
    await allocator.order(show, token, paid)
    await allocator.confirm(show, token, payment(paid))
    return token
