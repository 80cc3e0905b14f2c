"""Tells the store once a second what this worker has counted, for the curves that operators see."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
from litestar import Litestar

from api.house import House
from api.latency import BOUNDS_MS, CALLS, Told
from api.meter import Tally
from api.rooms import ended
from store import keys
from store.cancellation import end_if_cancelled
from store.connection import Store
from store.trail import Trail
from store.unavailable import StoreUnavailable

PERIOD_S: Final = 1.0
NOTES_MAX: Final = 1000
TTL_MS: Final = 60_000


def meters(store: Store) -> Trail:
    """Where workers tell and the recorder reads."""
    return Trail(store, keys.METERS, rows_max=NOTES_MAX, ttl_ms=TTL_MS)


class Teller:
    """One worker's; it keeps silent while the store is away."""

    def __init__(self, house: House, tally: Tally) -> None:
        self._house = house
        self._tally = tally
        self._worker = f"{tally.worker}-{secrets.token_hex(4)}"

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            await ended(task)

    async def _run(self) -> None:
        while True:
            end_if_cancelled()
            await asyncio.sleep(PERIOD_S)
            if self._house.is_open:
                with suppress(StoreUnavailable):
                    await meters(self._house.rooms.store).note(msgspec.msgpack.encode(self.told()))

    def told(self) -> Told:
        """All that this worker has counted, by call."""
        buckets: dict[str, list[int]] = {}
        for (method, route), name in CALLS.items():
            up_to = self._tally.answered_within(method, route)
            if up_to:
                assert len(up_to) == len(BOUNDS_MS) + 1, "the tally has other buckets"
                counts = [after - before for before, after in zip([0, *up_to], up_to, strict=False)]
                known = buckets.get(name, [0] * len(counts))
                buckets[name] = [a + b for a, b in zip(known, counts, strict=True)]
        return Told(self._worker, buckets, self._tally.failures)
