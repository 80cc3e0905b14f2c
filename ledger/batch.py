"""Writes a run of stream records in one transaction together with the cursor that says so.

The usual batch is a handful of COPYs straight into the tables: cursor and rows commit together, so a repeat
is rare and uniqueness needs no second pass. When the database refuses anything, the batch is halved under
savepoints until the refused record stands alone; then it is looked at: written before (dropped), a seat with
an owner (conflict, refund), or poison (dead letter). The others go in all the same.
"""

import asyncio
from typing import Final

import asyncpg
import msgspec
import structlog

from ledger.alarms import AlarmName, raise_alarm, shard_subject
from ledger.bookings import (
    COLUMNS,
    Rows,
    accounts_of,
    book,
    book_conflict,
    book_dead_letter,
    book_reused_payment,
    checked,
    showtime_of,
)
from ledger.books import Books
from ledger.cursors import Cursor, advance
from ledger.pool import Db, Pool
from ledger.queries import many, value
from ledger.records import GivenBack, Meaning, Owed, Sold, Unreadable, read
from ledger.stream import Entry

log: Final = structlog.get_logger("ledger")
SLICE_ROWS: Final = 64
"""So many records are made ready in one go; then others of this process get their turn."""
COPY_S: Final = 30.0
"""A full batch on a slow disk may take longer than other statements; cut short, it would only come again."""
REFUSED: Final = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, OverflowError)
"""What a record can be refused for; anything else is trouble with Postgres, and the batch comes again."""


class WrittenOrder(msgspec.Struct, frozen=True):
    token: str
    shard: int
    version: int


class SeatOwner(msgspec.Struct, frozen=True):
    seat: str
    token: str


class Batch:
    """One run of consecutive records of one shard, on the way into Postgres."""

    def __init__(self, books: Books, entries: list[Entry], now_ms: int) -> None:
        self._books = books
        self._now_ms = now_ms
        self._unread = entries
        self._meanings: list[Meaning] = []
        self._rows = Rows()
        last = entries[-1]
        self._after = Cursor(last.shard, last.version, last.sum, now_ms)

    @property
    def version(self) -> int:
        """Of the last record."""
        return self._after.version

    async def prepare(self, db: Db) -> None:
        """All that can be done before the batch's turn: read, check and book its records.

        Showtimes are learnt and accounts opened outside the transaction: they stay when it is rolled back.
        """
        while self._unread:
            await asyncio.sleep(0)
            meanings = [read(entry) for entry in self._unread[:SLICE_ROWS]]
            shows = {showtime_of(meaning) for meaning in meanings} - {None}
            await self._books.learn_shows(db, {show for show in shows if show is not None})
            meanings = [checked(meaning, self._books) for meaning in meanings]
            accounts = set().union(*(accounts_of(meaning, self._books) for meaning in meanings))
            await self._books.learn_accounts(db, accounts)
            for meaning in meanings:
                book(self._rows, meaning, self._books, self._now_ms)
            self._meanings += meanings
            self._unread = self._unread[SLICE_ROWS:]

    async def write(self, pool: Pool, cursor: Cursor) -> Cursor:
        """Everything or nothing, with the cursor moved from `cursor` behind the last record.

        Raises CursorMoved, or what asyncpg raises when Postgres is in trouble; then nothing has changed.
        """
        await self.prepare(pool)
        async with pool.acquire() as db:
            try:
                async with db.transaction():
                    await advance(db, cursor, self._after)
                    await self._copy(db, self._rows, self._meanings)
            except REFUSED:
                async with db.transaction():
                    await advance(db, cursor, self._after)
                    await self._write_all_but_written(db)
        return self._after

    async def _copy(self, db: Db, rows: Rows, meanings: list[Meaning]) -> None:
        await copy(db, rows)
        for meaning in meanings:
            if isinstance(meaning, Unreadable):
                await self._tell(db, "dead-letter", meaning.entry, meaning.why)

    async def _write_all_but_written(self, db: Db) -> None:
        """A replay is dropped at once instead of being halved down to its records."""
        tokens: list[str] = [one.order.token for one in self._meanings if isinstance(one, Sold)]
        known = {(one.shard, one.version) for one in await written_orders(db, tokens)}
        fresh = [one for one in self._meanings if (one.entry.shard, one.entry.version) not in known]
        if fresh:
            await self._halve(db, fresh)

    async def _halve(self, db: Db, meanings: list[Meaning]) -> None:
        rows = Rows()
        for meaning in meanings:
            book(rows, meaning, self._books, self._now_ms)
        try:
            async with db.transaction():
                await self._copy(db, rows, meanings)
        except REFUSED as error:
            if len(meanings) == 1:
                await self._write_alone(db, meanings[0], error)
                return
            middle = len(meanings) // 2
            await self._halve(db, meanings[:middle])
            await self._halve(db, meanings[middle:])

    async def _write_alone(self, db: Db, meaning: Meaning, refusal: Exception) -> None:
        """Look at the one record that was refused: known, explicable, or poison."""
        if await self._is_known(db, meaning):
            return
        try:
            async with db.transaction():
                explained = await self._explain(db, meaning)
        except REFUSED as error:
            explained, refusal = False, error
        if not explained:
            await self._bury(db, meaning.entry, f"refused: {refusal}")

    async def _is_known(self, db: Db, meaning: Meaning) -> bool:
        match meaning:
            case Sold():
                return False  # orders that stand were left out before the halving
            case Owed():
                return await refund_known(db, meaning.payment.provider, meaning.payment.reference)
            case GivenBack() | Unreadable():
                return await record_known(db, meaning.entry.shard, meaning.entry.version)

    async def _explain(self, db: Db, meaning: Meaning) -> bool:
        """Write down what something else stands against; False if nothing does."""
        match meaning:
            case Sold():
                return await self._explain_order(db, meaning)
            case Owed():
                return await self._explain_owed(db, meaning)
            case GivenBack() | Unreadable():
                return False

    async def _explain_owed(self, db: Db, owed: Owed) -> bool:
        """Money under a reference that is booked already is not a second time there to give back."""
        paid = owed.payment
        if not await payment_known(db, paid.provider, paid.reference):
            return False
        detail = f"{paid.provider} {paid.reference} paid another order"
        await self._tell(db, "payment-reused", owed.entry, f"order {owed.order.token}: {detail}")
        return True

    async def _explain_order(self, db: Db, sold: Sold) -> bool:
        """Write an order whose seat has an owner, or whose payment is another's; False if it is neither."""
        order, paid, rows = sold.order, sold.payment, Rows()
        show = self._books.show(order.showtime)
        assert show is not None
        owners = await seat_owners(db, show.serial, [seat.seat for seat in order.seats])
        reused = await payment_known(db, paid.provider, paid.reference)
        if owners:
            goes_back = reused and await refund_known(db, paid.provider, paid.reference)
            lost = {one.seat: one.token for one in owners}
            book_conflict(rows, sold, lost, self._books, new_payment=not reused, new_refund=not goes_back)
        elif reused:
            book_reused_payment(rows, sold, self._books)
        else:
            return False
        await copy(db, rows)
        if owners:
            detail = ", ".join(f"{one.seat} is {one.token}'s" for one in owners)
            await self._tell(db, "seat-conflict", sold.entry, f"order {order.token}: {detail}")
        if reused:
            detail = f"{paid.provider} {paid.reference} paid another order"
            await self._tell(db, "payment-reused", sold.entry, f"order {order.token}: {detail}")
        return True

    async def _bury(self, db: Db, entry: Entry, why: str) -> None:
        rows = Rows()
        book_dead_letter(rows, entry, why, self._now_ms)
        await copy(db, rows)
        await self._tell(db, "dead-letter", entry, why)

    async def _tell(self, db: Db, name: AlarmName, entry: Entry, detail: str) -> None:
        log.error(name, shard=entry.shard, version=entry.version, detail=detail)
        said = f"record {entry.version}: {detail}".replace("\0", "?")
        await raise_alarm(db, name, shard_subject(entry.shard), said, self._now_ms)


async def copy(db: Db, rows: Rows) -> None:
    """Binary COPY into every table that has rows, parents before children."""
    for table, columns in COLUMNS.items():
        if records := rows.tables[table]:
            await db.copy_records_to_table(table, records=records, columns=columns, timeout=COPY_S)


async def written_orders(db: Db, tokens: list[str]) -> list[WrittenOrder]:
    return await many(db, "written_orders", WrittenOrder, tokens)


async def seat_owners(db: Db, showtime: int, seats: list[str]) -> list[SeatOwner]:
    return await many(db, "seat_owners", SeatOwner, showtime, seats)


async def payment_known(db: Db, provider: str, reference: str) -> bool:
    return await value(db, "payment_known", bool, provider, reference)


async def refund_known(db: Db, provider: str, reference: str) -> bool:
    return await value(db, "refund_known", bool, provider, reference)


async def record_known(db: Db, shard: int, version: int) -> bool:
    return await value(db, "record_known", bool, shard, version)
