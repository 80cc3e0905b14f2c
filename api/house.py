"""The rooms as one process of doors holds them, and how they are opened and kept open.

The doors open even while an engine is away: until the store has answered once, every call that needs it is
refused with `store-unavailable`; Postgres is connected to when it is first asked.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import structlog
from litestar import Litestar

from api.library import library
from api.problems import Refused
from api.refusals import StoreAway
from api.rooms import Rooms
from api.settings import ApiSettings
from ledger import pool as ledger_pool
from store.cancellation import end_if_cancelled
from store.connection import Store
from store.unavailable import StoreUnavailable

RETRY_S: Final = 0.5
log = structlog.get_logger("usher.api")


class House:
    """What routes reach through `request.app.state.house`."""

    def __init__(self, settings: ApiSettings) -> None:
        self.settings = settings
        self._rooms: Rooms | None = None
        self._tried = asyncio.Event()

    @property
    def rooms(self) -> Rooms:
        """The open rooms, or `store-unavailable`."""
        if self._rooms is None:
            raise Refused(StoreAway())
        return self._rooms

    @property
    def is_open(self) -> bool:
        return self._rooms is not None

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Opens the rooms, or keeps trying behind closed ones; closes what it opened."""
        self._tried.clear()
        opening = asyncio.create_task(self._keep())
        opening.add_done_callback(lambda _: self._tried.set())
        try:
            await self._tried.wait()
            if opening.done():
                opening.result()  # a fault: better a worker that ends and says so than doors shut for ever
            yield
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            self._rooms = None

    async def _keep(self) -> None:
        """Holds the rooms open until cancelled."""
        async with AsyncExitStack() as stack:
            pool = await ledger_pool.connect(self.settings.postgres_url)
            stack.push_async_callback(pool.close)
            store = await self._reach_store()
            stack.push_async_callback(store.close)
            self._rooms = await stack.enter_async_context(Rooms.opened(self.settings, store, pool))
            self._tried.set()
            end_if_cancelled()
            await asyncio.Event().wait()

    async def _reach_store(self) -> Store:
        settings, loaded = self.settings, library()
        while True:
            try:
                return await Store.connect(settings.store_url, library=loaded, shards=settings.shards)
            except StoreUnavailable:
                log.warning("store away", worker=self.settings.worker)
                self._tried.set()
                await asyncio.sleep(RETRY_S)
