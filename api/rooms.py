"""The open rooms of one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from api.settings import ApiSettings
from ledger.pool import Pool
from store.connection import Store


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """Connected and running; held by the house."""

    settings: ApiSettings
    store: Store
    pool: Pool

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: ApiSettings, store: Store, pool: Pool) -> AsyncIterator["Rooms"]:
        """The rooms over a store that has answered and a pool that connects when asked."""
        yield cls(settings=settings, store=store, pool=pool)
