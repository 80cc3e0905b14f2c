"""The mirror: every quarter second each worker learns what is new in the lines and hands over the polls it
answered.

If the store cannot answer, the last picture stays and says so: places go on being told, and nobody loses one.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Protocol

import msgspec
import structlog

from allocator.sale import Sale, SaleId
from store.cancellation import end_if_cancelled
from store.unavailable import StoreUnavailable
from waiting_room.line import GateClosed, Line
from waiting_room.place import RANK_UNKNOWN
from waiting_room.presence import Mark
from waiting_room.pulse import pulse
from waiting_room.view import AWAY, CHECKING, Head, SaleView

PERIOD_S: Final = 0.25
CLOSED_EVERY: Final = 20
"""A closed sale is looked at once in so many rounds."""
POLLS_PER_S_COMFORT: Final = 4000
"""What one worker answers with time to spare; above it fans are told to come less often."""
READS_PER_ROUND_MAX: Final = 64
MARK_CALLS_PER_ROUND_MAX: Final = 64
log = structlog.get_logger("usher.mirror")


class Sales(Protocol):
    """Where the sales are listed: the allocator's catalogue."""

    def sales(self) -> Iterable[Sale]: ...


class Mirror:
    """All lines as this worker knows them, and its way of telling who polled."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._views: dict[SaleId, SaleView] = {}
        self._rounds = 0

    def view(self, sale: Sale) -> SaleView:
        """The view of this sale by its newest definition; it knows nothing yet when the sale is new here."""
        view = self._views.get(sale.id)
        if view is None:
            view = self._views[sale.id] = SaleView(sale)
        elif view.sale is not sale:
            view.sale = sale
        return view

    async def run(self, catalogue: Sales) -> None:
        """Rounds for ever, PERIOD_S apart as long as the store answers in that time."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            end_if_cancelled()
            try:
                await self.round(catalogue.sales())
            except Exception:  # the mirror of a worker must outlive the fault of one round
                log.exception("mirror round failed")
            await asyncio.sleep(max(0.0, began + PERIOD_S - loop.time()))

    async def round(self, sales: Iterable[Sale]) -> None:
        """Once for each sale: learn what is new, then flush, so that an open just learnt gives the marks
        their ranks."""
        self._rounds += 1
        views = [self.view(sale) for sale in sales]
        due = [view for view in views if view.state != "closed" or self._rounds % CLOSED_EVERY == 0]
        await asyncio.gather(*(self._follow(view) for view in due))

    async def refresh(self, sale: Sale) -> None:
        """Learn what is new of one sale. StoreUnavailable: the view stays as it was and carries a message."""
        view = self.view(sale)
        try:
            for _ in range(READS_PER_ROUND_MAX):
                offset = view.offset
                answer, tail = await self._line.view(sale, offset)
                if answer[0] != "VIEW" or view.take(msgspec.convert(answer[1:], Head), tail, offset):
                    break
            view.trouble = None
        except StoreUnavailable as error:
            view.trouble = CHECKING if isinstance(error, GateClosed) else AWAY
            raise
        finally:
            self._tell(view)

    async def flush(self, sale: Sale) -> None:
        """Hand over the polls of one sale; what the store does not take stays for the next time.

        The sale may open between refresh and flush. Marks without their ranks would hide that some of these
        fans were called while they were absent, so the store takes none of them and the flush starts again
        with ranks.
        """
        view, window = self.view(sale), self._line.window(sale)
        view.presence.begin(window)
        for _ in range(MARK_CALLS_PER_ROUND_MAX):
            marks = view.presence.take()
            if not marks:
                return
            ranked = [_ranked(view, mark) for mark in marks]
            answer = await self._line.mark(sale, view.drawn, window, ranked)
            if answer[0] == "STALE":
                view.set_drawn(answer[1])
            else:
                view.presence.done(marks)

    async def _follow(self, view: SaleView) -> None:
        with suppress(StoreUnavailable):  # the view carries the message; the polls wait for the next round
            await self.refresh(view.sale)
            await self.flush(view.sale)

    def _tell(self, view: SaleView) -> None:
        if view.is_stale():
            view.estimate(view.take_load(POLLS_PER_S_COMFORT))
        view.pulse = pulse(view)


def _ranked(view: SaleView, mark: Mark) -> Mark:
    entry, rank = mark
    known = view.rank_of(entry) if rank == RANK_UNKNOWN else rank
    return entry, RANK_UNKNOWN if known is None else known
