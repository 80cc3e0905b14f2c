"""Carries one shard's stream into Postgres, record by record in order, and trims it behind the cursor.

    read behind the cursor -> check order -> one transaction (rows + cursor) -> trim -> read ...

While a full read is being written, the next one is read and made ready, so that Postgres never waits for us;
it is written only where it follows the cursor. Memory is bounded by two reads (`rows_max`), a transaction by
`bytes_max`. A missing version stops the shard: it writes nothing more, says so, and goes on only when the
missing record is there.
"""

import asyncio
from typing import Final

import msgspec
import structlog

from ledger.alarms import close_alarm, raise_alarm, shard_subject
from ledger.batch import Batch
from ledger.books import Books
from ledger.cursors import Cursor, CursorMoved, find_cursor
from ledger.pool import Pool
from ledger.stream import Entry, Stream
from ledger.trouble import TROUBLE, Backoff
from store.cancellation import end_if_cancelled
from store.connection import Store

log: Final = structlog.get_logger("ledger")
SLICE_ROWS: Final = 64
"""So many records are read at once, so that what is being written meanwhile never waits long for us."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`rows_first`: of a read that nothing is written beside; `linger_ms`: pause after a small batch, so that
    a busy stream is not written order by order.
    """

    rows_max: int = 1000
    rows_first: int = 200
    bytes_max: int = 1 << 20
    block_ms: int = 500
    linger_ms: int = 25
    small_rows: int = 100
    gap_check_s: float = 1.0


class Ready(msgspec.Struct, frozen=True):
    """One read: what was found, and as batches, made ready, what of it may be written now.

    `is_full`: all that was asked for, so there may be more.
    """

    found: list[Entry]
    batches: list[Batch]
    is_full: bool


class ShardWriter:
    """The writer of one shard, while this process has its lock."""

    def __init__(self, store: Store, pool: Pool, books: Books, shard: int, limits: Limits) -> None:
        self._stream = Stream(store, shard)
        self._clock = store.clock
        self._pool = pool
        self._books = books
        self._limits = limits
        # None: not known, since an alarm of an earlier writer may still be open.
        self._gap: bool | None = None
        self._ahead: Ready | None = None
        self.shard = shard

    async def run(self, stop: asyncio.Event) -> None:
        """Write until cancelled; once `stop` is set, until everything there is has been written."""
        backoff, cursor = Backoff(), None
        while True:
            end_if_cancelled()
            try:
                if cursor is None:
                    cursor = await self._find_cursor()
                before, cursor = (
                    cursor,
                    await self._step(cursor, None if stop.is_set() else self._limits.block_ms),
                )
                backoff.reset()
            except (CursorMoved, *TROUBLE) as error:
                # Whether a lost commit happened is known to Postgres alone, so the cursor is read again.
                cursor = None
                delay_s = backoff.next_s()
                log.warning("writer-waits", shard=self.shard, error=repr(error), delay_s=delay_s)
                await asyncio.sleep(delay_s)
                continue
            if stop.is_set() and before.version == cursor.version:
                return

    async def _find_cursor(self) -> Cursor:
        known = await find_cursor(self._pool, self.shard)
        return known or Cursor(self.shard, 0, "", 0)

    async def _step(self, cursor: Cursor, block_ms: int | None) -> Cursor:
        """One read and the transactions it takes; the cursor as it stands afterwards."""
        first = min(self._limits.rows_first, self._limits.rows_max)
        ready, self._ahead = self._ahead or await self._read(cursor.version, first, block_ms), None
        if not ready.found:
            await self._look_for_lost_records(cursor)
            return cursor
        if not ready.batches:
            await self._stop_at_gap(cursor, ready.found[0].version)
            return cursor
        await self._clear_gap()
        reading = asyncio.create_task(self._read_on(ready)) if ready.is_full else None
        try:
            for batch in ready.batches:
                cursor = await batch.write(self._pool, cursor)
                await self._stream.trim(cursor.version)
            self._ahead = await reading if reading else None
        finally:
            if reading:
                reading.cancel()
        if len(ready.found) < self._limits.small_rows:
            await asyncio.sleep(self._limits.linger_ms / 1000)
        return cursor

    async def _read(self, version: int, rows_max: int, block_ms: int | None) -> Ready:
        """Up to `rows_max` entries behind `version`; waits up to `block_ms` for the first one."""
        slice_rows = min(SLICE_ROWS, rows_max)
        found = more = await self._stream.after(version, rows_max=slice_rows)
        if not found and block_ms is not None:
            found = more = await self._stream.after(version, rows_max=slice_rows, block_ms=block_ms)
        while len(more) == slice_rows and len(found) < rows_max:
            rest = min(slice_rows, rows_max - len(found))
            more = await self._stream.after(found[-1].version, rows_max=rest)
            found = found + more
        fitting = contiguous(version, found)
        if fitting:
            await self._stream.settle()
        now_ms = self._clock.now_ms()
        batches = [Batch(self._books, piece, now_ms) for piece in pieces(fitting, self._limits.bytes_max)]
        for batch in batches:
            await batch.prepare(self._pool)
        return Ready(found, batches, len(fitting) == rows_max)

    async def _read_on(self, ready: Ready) -> Ready | None:
        """The read behind a full one, if it is worth keeping; trouble is left to be met in its turn."""
        try:
            ahead = await self._read(ready.batches[-1].version, self._limits.rows_max, None)
        except TROUBLE:
            return None
        return ahead if ahead.batches else None

    async def _look_for_lost_records(self, cursor: Cursor) -> None:
        """An empty stream whose shard counts further than the cursor has lost records."""
        newest = await self._stream.newest()
        # Read again: a record may have come between the empty read and the question for the newest.
        if newest > cursor.version and not await self._stream.after(cursor.version, rows_max=1):
            await self._stop_at_gap(cursor, newest + 1)

    async def _stop_at_gap(self, cursor: Cursor, found: int) -> None:
        detail = f"records {cursor.version + 1} to {found - 1} are missing; nothing behind them is written"
        if not self._gap:
            log.error("gap", shard=self.shard, detail=detail)
            await raise_alarm(self._pool, "gap", shard_subject(self.shard), detail, self._clock.now_ms())
            self._gap = True
        await asyncio.sleep(self._limits.gap_check_s)

    async def _clear_gap(self) -> None:
        if self._gap is not False:
            await close_alarm(self._pool, "gap", shard_subject(self.shard), self._clock.now_ms())
            self._gap = False


def contiguous(version: int, entries: list[Entry]) -> list[Entry]:
    """The leading entries that follow `version` without a gap."""
    for at, entry in enumerate(entries):
        if entry.version != version + 1 + at:
            return entries[:at]
    return entries


def pieces(entries: list[Entry], bytes_max: int) -> list[list[Entry]]:
    """The entries in runs of at most `bytes_max`; an entry larger than that goes alone."""
    runs: list[list[Entry]] = []
    size = bytes_max
    for entry in entries:
        if size + entry.size_bytes > bytes_max:
            runs.append([])
            size = 0
        runs[-1].append(entry)
        size += entry.size_bytes
    return runs
