"""The open rooms of one process, and the few ways in which every route finds its way through them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

import msgspec
from litestar.di import NamedDependency

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue, OnSale
from allocator.sale import Sale, SaleState
from api.boards import Boards
from api.buckets import Buckets
from api.problems import Refused
from api.refusals import LedgerAway, StoreAway, UnknownShowtime
from api.seats_left import SeatsLeftTeller
from api.settings import ApiSettings
from api.store_check import StoreCheck
from api.tickets import TicketSigner
from ledger.pool import Pool
from ledger.trouble import POSTGRES_TROUBLE
from store.connection import Store
from store.unavailable import StoreUnavailable
from waiting_room.answers import UnknownSale
from waiting_room.identity import Identity
from waiting_room.waiting_room import WaitingRoom

GATE_PATIENCE_S: Final = 3.0
"""A new sale's home shard is opened by the writer within about a second of its definition."""
GATE_PAUSE_S: Final = 0.1
T = TypeVar("T")


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """Connected and running; held by the house."""

    settings: ApiSettings
    store: Store
    pool: Pool
    catalogue: Catalogue
    store_check: StoreCheck
    allocator: Allocator
    waiting_room: WaitingRoom
    boards: Boards
    buckets: Buckets
    identity: Identity
    tickets: TicketSigner

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: ApiSettings, store: Store, pool: Pool) -> AsyncIterator["Rooms"]:
        """The rooms over a store that has answered and a pool that connects when asked."""
        limits = settings.limits
        catalogue, allocator = Catalogue(store), Allocator(store)
        rooms = cls(
            settings=settings,
            store=store,
            pool=pool,
            catalogue=catalogue,
            store_check=StoreCheck(store, pool, catalogue),
            allocator=allocator,
            waiting_room=WaitingRoom(store, settings.secret),
            boards=Boards(allocator, limits.board_poll_ms, limits.board_versions_max),
            buckets=Buckets(
                limits.holds_per_fan_per_s,
                limits.holds_per_fan_burst,
                limits.fans_remembered_max,
                time.monotonic,
            ),
            identity=Identity(settings.identity_jwks, lambda: store.clock.now_ms() / 1000),
            tickets=TicketSigner(settings.secret),
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(rooms.waiting_room.close)
            await catalogue.refresh()
            await rooms.waiting_room.mirror.round(catalogue.sales())
            seats = SeatsLeftTeller(catalogue, rooms.boards, rooms.waiting_room)
            for work in (catalogue.run(), rooms.waiting_room.run(catalogue), seats.run()):
                task = asyncio.create_task(work)
                stack.push_async_callback(ended, task)
            yield rooms

    async def sale(self, sale: str) -> Sale:
        """The sale of this id, or `unknown-sale`; `store-unavailable` while the store may have lost it."""
        found = self.catalogue.sale(sale)
        if found is None:
            await self.catalogue.refresh()
            found = self.catalogue.sale(sale)
        if found is None:
            may_exist = await self.store_check.may_exist(sale)
            raise Refused(StoreAway() if may_exist else UnknownSale())
        return found

    async def onsale(self, showtime: str) -> OnSale:
        """The showtime of this id with its sale and plan, or `unknown-showtime`."""
        found = self.catalogue.showtime(showtime)
        if found is None:
            await self.catalogue.refresh()
            found = self.catalogue.showtime(showtime)
        if found is None:
            may_exist = await self.store_check.may_exist()
            raise Refused(StoreAway() if may_exist else UnknownShowtime())
        return found

    async def onsale_by_serial(self, serial: int) -> OnSale | None:
        """The showtime that a token begins with."""
        found = self.catalogue.by_serial(serial)
        if found is None:
            await self.catalogue.refresh()
            found = self.catalogue.by_serial(serial)
        if found is None and await self.store_check.may_exist():
            raise Refused(StoreAway())
        return found

    def state_of(self, sale: Sale) -> SaleState:
        """The sale's state as this worker's mirror has it."""
        return self.waiting_room.counts(sale).state

    async def has_begun(self, sale: str) -> bool:
        """Whether the sale has opened, asked of the store: what stands then must not change."""
        await self.catalogue.refresh()
        found = self.catalogue.sale(sale)
        if found is None:
            return False
        await past_gate(lambda: self.waiting_room.mirror.refresh(found))
        return self.state_of(found) != "scheduled"


@asynccontextmanager
async def reaching_ledger() -> AsyncIterator[None]:
    """Postgres away, slow or restarting becomes `ledger-unavailable`."""
    try:
        yield
    except POSTGRES_TROUBLE as error:
        raise Refused(LedgerAway()) from error


async def past_gate(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, asked again while the gate of a shard that is new or restarted is still closed.

    Only for calls that may be repeated: loading definitions.
    """
    until = time.monotonic() + GATE_PATIENCE_S
    while True:
        try:
            return await ask()
        except StoreUnavailable:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(GATE_PAUSE_S)


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


OpenRooms = NamedDependency[Rooms]
"""What a route asks for to be given the rooms."""
