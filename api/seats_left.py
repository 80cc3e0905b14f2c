"""Tells the pulse what is left to buy, so that a fan in the line knows of it without asking.

Each showtime of a sale that sells is looked at once in a round, one after the other, and never because
somebody asks. What this worker has just read for choosing fans is used as it is.
"""

import asyncio
from typing import Final

import structlog

from allocator.catalogue import Catalogue
from allocator.sale import Sale
from api.boards import Boards
from store.cancellation import end_if_cancelled
from store.unavailable import StoreUnavailable
from waiting_room.answers import SeatsLeft
from waiting_room.waiting_room import WaitingRoom

PERIOD_S: Final = 2.0
log = structlog.get_logger("usher.seats_left")


class SeatsLeftTeller:
    """One worker's; while the store is away the last word stands."""

    def __init__(self, catalogue: Catalogue, boards: Boards, waiting_room: WaitingRoom) -> None:
        self._catalogue = catalogue
        self._boards = boards
        self._waiting_room = waiting_room

    async def run(self) -> None:
        """Rounds for ever, with PERIOD_S between them."""
        while True:
            end_if_cancelled()
            try:
                for sale in self._catalogue.sales():
                    if self._waiting_room.state(sale) in ("open", "paused"):
                        self._waiting_room.tell_seats(sale, await self.left(sale))
            except StoreUnavailable:
                pass  # the waiting room's own message says so
            except Exception:  # what fans read in the line must outlive the fault of one round
                log.exception("seats left round failed")
            await asyncio.sleep(PERIOD_S)

    async def left(self, sale: Sale) -> SeatsLeft:
        """The seats free in all, and the showtimes that have none."""
        shows = self._catalogue.showtimes_of(sale.id)
        free = {onsale.showtime.id: await self._boards.free(onsale) for onsale in shows}
        return SeatsLeft(sum(free.values()), tuple(show for show, seats in free.items() if seats == 0))
