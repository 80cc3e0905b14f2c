"""Opens the store's shards for selling, after comparing what the store has with what the ledger knows it had.

A store that restarted, was emptied, failed over or was set back has closed gates. It sells again only if it
has every record the ledger has seen and every sale and showtime the ledger has seen loaded; otherwise it
stays closed, with the reason in an alarm, until it is rebuilt.
"""

import asyncio
from typing import Any, Final

import msgspec
import structlog

from ledger.alarms import AlarmName, close_alarm, raise_alarm, shard_subject
from ledger.cursors import Cursor, find_cursor, shards_in_use
from ledger.pool import Db, Pool
from ledger.queries import column
from ledger.stream import Stream
from ledger.trouble import TROUBLE
from ledger.writer import pause
from store import keys
from store.cancellation import end_if_cancelled
from store.connection import ERRORS, Store
from store.gate import gate_state
from store.unavailable import StoreUnavailable

log: Final = structlog.get_logger("ledger")
CLOSED_LOOK_S: Final = 0.25
OPEN_LOOK_S: Final = 1.0
REASONS: Final[tuple[AlarmName, ...]] = ("store-behind", "store-differs", "showtime-missing")


class Reason(msgspec.Struct, frozen=True):
    """Why a shard must not sell."""

    name: AlarmName
    detail: str


class Gate:
    """Looks at the gates of all shards in use."""

    def __init__(self, store: Store, pool: Pool) -> None:
        self._store = store
        self._pool = pool
        # None: open without an alarm. Unknown at first: an earlier writer may have left one.
        self._told: dict[int, Reason | None] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look at all gates each second, and four times a second while one is closed or a shard is new."""
        due_s, seen = 0.0, list[int]()
        while not stop.is_set():
            end_if_cancelled()
            try:
                now_s, shards = asyncio.get_running_loop().time(), await shards_in_use(self._pool)
                if now_s >= due_s or shards != seen:
                    due_s = now_s if await self.look() else now_s + OPEN_LOOK_S
                    seen = shards
            except TROUBLE as error:
                log.warning("gate-waits", error=repr(error))
                due_s = 0.0
            await pause(stop, CLOSED_LOOK_S)

    async def look(self) -> int:
        """Open what may open; answers with how many shards in use stay closed."""
        shards = await shards_in_use(self._pool)
        return sum([not await self._is_open_now(shard) for shard in shards])

    async def _is_open_now(self, shard: int) -> bool:
        state = await gate_state(self._store, shard)
        if state.is_open:  # A rebuild opens gates too.
            if shard not in self._told or self._told[shard]:
                await self._untell(shard)
            return True
        reason = await self.reason(shard, state.version)
        if reason is not None:
            await self._tell(shard, reason)
            return False
        word = (await self._store.open_gate(shard, state.version))[0]
        if word == "DIFFERS":
            return False  # it moved on meanwhile: compared anew at the next look
        log.info("gate-opened", shard=shard, version=state.version)
        await self._untell(shard)
        return True

    async def reason(self, shard: int, version: int) -> Reason | None:
        """Why this shard must stay closed, or None."""
        cursor = await find_cursor(self._pool, shard)
        entry = await Stream(self._store, shard).at(cursor.version) if cursor else None
        lacking = contradiction(cursor, version, entry.sum if entry else None)
        if lacking is not None:
            return lacking
        sales, showtimes = await loaded_sales(self._pool, shard), await loaded_showtimes(self._pool, shard)
        wanted = {one: keys.sale(shard, one) for one in sales}
        wanted |= {one: keys.show(shard, one) for one in showtimes}
        missing = await self._missing(wanted)
        return Reason("showtime-missing", f"the store has lost {', '.join(missing)}") if missing else None

    async def _missing(self, wanted: dict[str, str]) -> list[str]:
        """Of these names those whose keys the store has not."""
        client: Any = self._store.client
        try:
            return [name for name, key in wanted.items() if not await client.exists(key)]
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def _tell(self, shard: int, reason: Reason) -> None:
        """Raise the alarm once per reason, not at every look."""
        if self._told.get(shard) != reason:
            log.error("gate-stays-closed", shard=shard, reason=reason.name, detail=reason.detail)
            now_ms = self._store.clock.now_ms()
            await raise_alarm(self._pool, reason.name, shard_subject(shard), reason.detail, now_ms)
            self._told[shard] = reason

    async def _untell(self, shard: int) -> None:
        for name in REASONS:
            await close_alarm(self._pool, name, shard_subject(shard), self._store.clock.now_ms())
        self._told[shard] = None


def contradiction(cursor: Cursor | None, version: int, sum_at_cursor: str | None) -> Reason | None:
    """What in the store's outbox speaks against selling. `sum_at_cursor`: None if it was trimmed already."""
    if cursor is None:
        return None
    if version < cursor.version:
        return Reason("store-behind", f"the store stands at {version}, the ledger at {cursor.version}")
    if sum_at_cursor is not None and sum_at_cursor != cursor.sum:
        return Reason("store-differs", f"record {cursor.version} is not the one the ledger has written")
    return None


async def loaded_sales(db: Db, shard: int) -> list[str]:
    return await column(db, "loaded_sales", str, shard)


async def loaded_showtimes(db: Db, shard: int) -> list[str]:
    return await column(db, "loaded_showtimes", str, shard)
