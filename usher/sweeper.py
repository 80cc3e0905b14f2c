"""Gives back what lapsed: showtimes are swept twice a second, so that no seat waits for its next asker."""

import asyncio
from typing import Final

import structlog

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue, OnSale
from store.cancellation import end_if_cancelled
from store.unavailable import StoreUnavailable

SWEEP_EVERY_S: Final = 0.5
SWEEPS_AT_ONCE_MAX: Final = 16
log = structlog.get_logger("usher.sweeper")


class Sweeper:
    """Sweeps the showtimes of a catalogue; several may run, each lapse is given back once."""

    def __init__(self, allocator: Allocator, catalogue: Catalogue) -> None:
        self._allocator = allocator
        self._catalogue = catalogue
        self._at_once = asyncio.Semaphore(SWEEPS_AT_ONCE_MAX)

    async def run(self) -> None:
        """Sweeps until cancelled; a store that is away is swept when it is back."""
        while True:
            end_if_cancelled()
            try:
                await self.round()
            except Exception:  # the sweeper must outlive the fault of one round
                log.exception("sweep round failed")
            await asyncio.sleep(SWEEP_EVERY_S)

    async def round(self) -> int:
        """One sweep of every showtime; how many holds and unpaid orders lapsed."""
        sales = self._catalogue.sales()
        shows = [onsale for sale in sales for onsale in self._catalogue.showtimes_of(sale.id)]
        return sum(await asyncio.gather(*map(self._sweep, shows)))

    async def _sweep(self, onsale: OnSale) -> int:
        async with self._at_once:
            try:
                return await self._allocator.sweep(onsale)
            except StoreUnavailable as error:
                log.debug("sweep missed", showtime=onsale.showtime.id, why=str(error))
                return 0
