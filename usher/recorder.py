"""Takes the samples that operators' curves are made of: each second of every sale that is open or about to.

It runs beside the batch clock. Several may run: the store keeps the first sample of a second.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue
from allocator.sale import Sale, SaleId
from api.action_log import drain
from api.boards import Boards, Seen
from api.latency import Interval, Since, Told
from api.samples import ROWS_MAX, Sample, StepS, trail
from api.teller import NOTES_MAX, meters
from ledger.counts import Progress, sale_progress
from ledger.pool import Pool
from ledger.stream import Stream
from ledger.trouble import POSTGRES_TROUBLE, within
from store.cancellation import end_if_cancelled
from store.connection import Store
from store.trail import Note
from store.unavailable import StoreUnavailable
from waiting_room.line import Line
from waiting_room.mirror import Mirror
from waiting_room.view import SaleView

SALES_AT_ONCE_MAX: Final = 8
LEDGER_PATIENCE_S: Final = 0.5
BEFORE_MS: Final = 24 * 3600 * 1000
"""A sale that opens later than this is not sampled yet."""
AFTER_MS: Final = 5 * 60 * 1000
"""A closed sale is sampled so much longer: holds lapse, payments come, the writer catches up."""
WORKER_HEARD_MS: Final = 5_000
log = structlog.get_logger("usher.recorder")


class Recorder:
    """Samples the sales of a catalogue, and carries the operators' log over to Postgres."""

    def __init__(self, store: Store, pool: Pool, catalogue: Catalogue) -> None:
        self._store = store
        self._pool = pool
        self._catalogue = catalogue
        self._mirror = Mirror(Line(store))
        self._boards = Boards(Allocator(store), poll_ms=0, versions_max=1)
        self._since: dict[StepS, Since] = {step: Since() for step in ROWS_MAX}
        self._progress: dict[SaleId, Progress] = {}
        self._closed_ms: dict[SaleId, int] = {}
        self._minute = self._second_ms = -1
        self._last_minute = Interval({}, 0, 0)
        self._noted: dict[SaleId, int] = {}
        self._at_once = asyncio.Semaphore(SALES_AT_ONCE_MAX)

    async def run(self) -> None:
        """A round at every full second of the store's clock, until cancelled."""
        while True:
            end_if_cancelled()
            await asyncio.sleep(1 - self._store.clock.now_ms() % 1000 / 1000)
            try:
                await self.round()
            except StoreUnavailable as error:
                log.warning("no samples", why=str(error))
            except Exception:  # the curves must outlive the fault of one round
                log.exception("recorder round failed")

    async def round(self) -> None:
        """One sample of every sale that is due, and one for the minute when it has none yet."""
        now_ms = self._store.clock.now_ms() // 1000 * 1000
        if now_ms == self._second_ms:
            return  # Woken a moment early: what this second has counted belongs to the next sample.
        self._second_ms = now_ms
        told = heard(await meters(self._store).newest(NOTES_MAX), now_ms)
        second = self._since[1].look(told)
        if now_ms // 60_000 != self._minute:
            self._minute, self._last_minute = now_ms // 60_000, self._since[60].look(told)
        sales = self._catalogue.sales()
        await asyncio.gather(*(self._sample(sale, now_ms, second) for sale in sales))
        with suppress(*POSTGRES_TROUBLE):
            await within(LEDGER_PATIENCE_S, drain(self._store, self._pool))

    def _is_over(self, sale: Sale, now_ms: int) -> bool:
        """Closed, and closed for good, so long ago that nothing moves any more."""
        return now_ms - self._closed_ms.get(sale.id, now_ms) >= AFTER_MS

    def _is_due(self, sale: Sale, now_ms: int) -> bool:
        state = self._mirror.view(sale).state
        if state == "closed":
            self._closed_ms.setdefault(sale.id, now_ms)
        return state != "scheduled" or sale.opens_at_ms - now_ms < BEFORE_MS

    async def _sample(self, sale: Sale, now_ms: int, second: Interval) -> None:
        """One sale's; a shard that does not answer leaves a gap in its curves, which is the truth."""
        async with self._at_once:
            try:
                if self._is_over(sale, now_ms):
                    return
                await self._mirror.refresh(sale)
                if not self._is_due(sale, now_ms):
                    return
                taken = await self._take(sale, now_ms, second)
                await self._keep(sale, 1, taken)
                if self._noted.get(sale.id) != self._minute:
                    of_minute = {"calls": self._last_minute.calls, "failures": self._last_minute.failures}
                    await self._keep(sale, 60, msgspec.structs.replace(taken, **of_minute))
                    self._noted[sale.id] = self._minute
            except StoreUnavailable as error:
                log.debug("sample missed", sale=sale.id, why=str(error))

    async def _keep(self, sale: Sale, step_s: StepS, taken: Sample) -> None:
        """A step has one name for all recorders: its first millisecond."""
        begun_ms = taken.at_ms // (step_s * 1000) * step_s * 1000
        await trail(self._store, sale, step_s).note(msgspec.msgpack.encode(taken), begun_ms)

    async def _take(self, sale: Sale, now_ms: int, interval: Interval) -> Sample:
        boards = [await self._boards.latest(show) for show in self._catalogue.showtimes_of(sale.id)]
        is_booked = await self._ask_ledger(sale)
        progress = self._progress.get(sale.id)
        # Asked after the ledger, so that the store is never behind what the ledger said.
        newest = await Stream(self._store, sale.shard).newest()
        lag = None if progress is None else max(0, newest - progress.version)
        return sample(
            self._mirror.view(sale),
            now_ms,
            boards,
            interval,
            orders=None if progress is None or lag is None else progress.orders + lag,
            lag=lag,
            is_booked=is_booked,
        )

    async def _ask_ledger(self, sale: Sale) -> bool:
        """Whether Postgres said how far it is; its last answer stays otherwise."""
        try:
            found = await within(LEDGER_PATIENCE_S, sale_progress(self._pool, sale.id))
        except POSTGRES_TROUBLE:
            return False
        if found is not None:
            self._progress[sale.id] = found
        return True


def sample(
    view: SaleView,
    now_ms: int,
    boards: Iterable[Seen],
    interval: Interval,
    *,
    orders: int | None,
    lag: int | None,
    is_booked: bool,
) -> Sample:
    """What was found out about a sale in this second."""
    seen = list(boards)
    return Sample(
        at_ms=now_ms,
        state=view.state,
        waiting=view.waiting,
        invited=len(view.invited),
        inside=len(view.inside),
        held=sum(board.held for board in seen),
        sold=sum(board.sold for board in seen),
        free=sum(board.free for board in seen),
        orders=orders,
        lag=lag,
        is_booked=is_booked,
        calls=interval.calls,
        failures=interval.failures,
        workers=interval.workers,
    )


def heard(notes: list[Note], now_ms: int) -> list[Told]:
    """The last word of every worker that spoke lately."""
    last: dict[str, Told] = {}
    for note in notes:
        if now_ms - note.at_ms < WORKER_HEARD_MS:
            told = msgspec.msgpack.decode(note.body, type=Told)
            last[told.worker] = told
    return list(last.values())
