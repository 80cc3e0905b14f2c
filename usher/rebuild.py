"""`usher rebuild`: an empty store gets back what Postgres knows, and opened sales come back paused.

Back come: plans, sales, showtimes, every order with its seats and its buyer's count, and where the outbox
goes on. Gone with the old store are holds, unpaid orders and who stood where. Places are in the fans'
tokens, still good: entries go on far above all that were given, so that nobody shares one, and the old ones
count as called while absent, which lets them in by their rank.
"""

import asyncio
import sys
from collections import defaultdict
from typing import Any, Final

import asyncpg
import click
import msgspec
from rich.console import Console

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue
from allocator.sale import Sale
from api.library import library
from ledger import definitions, migrations
from ledger.cursors import all_cursors
from ledger.orders import SoldSeat, sold_seats
from ledger.pool import Pool, connect
from ledger.rebuild import last_entry, reclaimed_showtimes, sale_stand
from ledger.shards import OtherShards, hold_to_shards
from store import keys
from store.connection import Store
from store.unavailable import StoreUnavailable
from usher.lost_shards import REBUILDING, LostShards, NotEmpty, StillTelling
from usher.settings import Settings
from usher.sold_records import sold_records
from waiting_room.line import Line

ENTRIES_APART: Final = 1_000_000
"""More than ever join between the last buyer and the loss of the store."""
FAN_FACTOR: Final = 1024
"""How allocator/lua/fans.lua packs a fan: (2 * last used entry + 2) * 1024 + seats."""
NEVER_MS: Final = 2**52
REASON: Final = "The sale was restored after a fault; it goes on soon, and every ticket sold is valid."


FAILURES: Final = (
    NotEmpty,
    StillTelling,
    StoreUnavailable,
    OSError,
    asyncpg.PostgresError,
    migrations.MigrationChanged,
    migrations.NewerDatabase,
    OtherShards,
)


class Rebuilt(msgspec.Struct):
    """What came back."""

    sales: int = 0
    showtimes: int = 0
    seats_sold: int = 0


@click.command()
@click.option(
    "--replace",
    is_flag=True,
    help="Also empty and fill shards that contradict Postgres: their holds and unpaid orders are lost.",
)
def rebuild(replace: bool) -> None:
    """Fill an empty store from Postgres; open sales come back paused."""
    from usher.cli import settings_with_engines

    try:
        rebuilt = asyncio.run(_rebuild(settings_with_engines(), replace))
    except FAILURES as error:
        click.echo(f"usher: {error}", err=True)
        sys.exit(1)
    Console().print(
        f"{rebuilt.sales} sales and {rebuilt.showtimes} showtimes are back, {rebuilt.seats_sold} seats sold. "
        "Opened sales are paused: resume each when its fans may go on."
    )


async def _rebuild(settings: Settings, replace: bool) -> Rebuilt:
    await migrations.apply(settings.postgres_url)
    await hold_to_shards(settings.postgres_url, settings.shards)
    store = await Store.connect(settings.valkey_url, library=library(), shards=settings.shards)
    try:
        pool = await connect(settings.postgres_url)
        try:
            return await Rebuild(store, pool, replace=replace).run()
        finally:
            await pool.close()
    finally:
        await store.close()


class Rebuild:
    """One rebuild; it may run again after it was broken off."""

    def __init__(self, store: Store, pool: Pool, *, replace: bool = False) -> None:
        self._store = store
        self._pool = pool
        self._replace = replace
        self._client: Any = store.client
        self._catalogue = Catalogue(store)
        self._allocator = Allocator(store)
        self._rebuilt = Rebuilt()

    async def run(self) -> Rebuilt:
        """Fills what is lost; raises NotEmpty when that would overwrite what is not."""
        shards = await LostShards(self._store, self._pool, replace=self._replace).emptied()
        await self._put_definitions()
        versions = {cursor.shard: cursor.version for cursor in await all_cursors(self._pool)}
        for shard in shards:
            await self._open(shard, versions.get(shard, 0))
        mine = [sale for sale in self._catalogue.sales() if sale.shard in shards]
        for sale in mine:
            await self._load_showtimes(sale)
        # Sales come last: without its sale a showtime refuses every hold, so nothing is sold half-loaded.
        for sale in mine:
            await self._put_sale(sale)
        for shard in shards:
            await self._client.hdel(keys.shard(shard), REBUILDING)
        return self._rebuilt

    async def _put_definitions(self) -> None:
        plans = await definitions.all_plans(self._pool)
        current = {plan.name: plan.digest for plan in plans}
        for stored in await definitions.all_showtimes(self._pool):
            show = stored.showtime
            if current.get(show.plan) != show.plan_digest:  # the name points at a newer plan by now
                old = await definitions.find_document(self._pool, show.plan_digest)
                assert old, "a showtime's plan is stored"
                await self._catalogue.put_plan(show.plan, old)
        for plan in plans:
            await self._catalogue.put_plan(plan.name, plan.document)
        for sale in await definitions.all_sales(self._pool):
            await self._catalogue.put_sale(sale)
        for stored in await definitions.all_showtimes(self._pool):
            await self._catalogue.put_showtime(stored.showtime)

    async def _open(self, shard: int, version: int) -> None:
        """Opens the gate where the ledger stands: the next record is the one after the last written."""
        await self._client.hset(keys.shard(shard), mapping={"version": version, REBUILDING: 1})
        await self._store.open_gate(shard, version)

    async def _load_showtimes(self, sale: Sale) -> None:
        ended = set(await reclaimed_showtimes(self._pool))
        sold: list[SoldSeat] = []
        for onsale in self._catalogue.showtimes_of(sale.id):
            show = onsale.showtime
            owned = await sold_seats(self._pool, show.serial)
            loaded = await self._allocator.load(onsale, [seat.seat_index for seat in owned])
            if records := await sold_records(self._pool, onsale):
                await self._client.hset(keys.holds(sale.shard, show.id), mapping=records)
            # Another version, so that nobody believes what was read before the records were there.
            stand: dict[str, str | int] = {"version": loaded.version + 1}
            if show.serial in ended:
                stand |= {"state": "reclaimed", "told": loaded.version + 1}
            await self._client.hset(keys.show(sale.shard, show.id), mapping=stand)
            await definitions.mark_loaded(self._pool, show.id)
            sold += owned
            self._rebuilt.showtimes += 1
        if fans := packed_fans(sold):
            await self._client.hset(keys.fans(sale.shard, sale.id), mapping=fans)
        self._rebuilt.seats_sold += len(sold)

    async def _put_sale(self, sale: Sale) -> None:
        """Puts the sale as one that never opens, then gives it its place in one write."""
        await Line(self._store).put_sale(msgspec.structs.replace(sale, opens_at_ms=NEVER_MS))
        now_ms = self._store.clock.now_ms()
        joined = await last_entry(self._pool, sale.id) + ENTRIES_APART
        stand: dict[str, str | int] = {"opens_at_ms": sale.opens_at_ms, "joined": joined, "base": joined}
        stood = await sale_stand(self._pool, sale.id, now_ms)
        assert stood, "a sale that comes back is in Postgres"
        if stood.closed:
            stand |= {"state": "closed", "drawn": 0, "serving": joined}
        elif stood.opened:
            stand |= {"state": "paused", "reason": REASON, "paused_ms": now_ms, "drawn": 0, "serving": joined}
        await self._client.hset(keys.sale(sale.shard, sale.id), mapping=stand)
        await definitions.mark_sale_loaded(self._pool, sale.id)
        self._rebuilt.sales += 1


def packed_fans(sold: list[SoldSeat]) -> dict[str, int]:
    """Fan -> seats owned and last entry used up, as the seat functions keep them."""
    seats: defaultdict[str, int] = defaultdict(int)
    entries: defaultdict[str, int] = defaultdict(int)
    for seat in sold:
        seats[seat.fan] += 1
        entries[seat.fan] = max(entries[seat.fan], seat.entry)
    return {fan: (2 * entries[fan] + 2) * FAN_FACTOR + count for fan, count in seats.items()}
