"""What `usher doctor` looks at: each look is one row, good or with the reason why not; nothing is changed."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final

import asyncpg
from msgspec import Struct
from redis.exceptions import RedisError

from api.library import library
from ledger import migrations
from ledger.alarms import open_alarms
from ledger.cursors import all_cursors, shards_in_use
from ledger.pool import read_json
from ledger.shards import OtherShards, kept_shards
from store.connection import Store
from store.gate import gate_state
from store.unavailable import StoreUnavailable
from usher.away import shown, why_away
from usher.comparison import differences
from usher.data_folder import FREE_BYTES_MIN
from usher.run_folder import RunFolder, born
from usher.settings import Settings
from usher.up import doors_answer, why_closed

REDIS_OLDEST: Final = (7, 0)
POSTGRES_OLDEST: Final = 150_000
LAG_RECORDS_MAX: Final = 5_000
"""A writer further behind than this is in trouble rather than busy."""
WANTED: Final = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    RedisError,
    StoreUnavailable,
)


class Finding(Struct, frozen=True):
    """One row of the table."""

    what: str
    good: bool
    detail: str


async def look_at_all(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, in the order in which one trouble explains the next."""
    yield look_at_disk(settings)
    yield look_at_processes(settings)
    yield look_at_doors(settings)
    for look in (_with_store, _with_postgres, _with_both):
        async for finding in look(settings):
            yield finding


def look_at_disk(settings: Settings) -> Finding:
    if not settings.data.is_dir():
        return Finding("data folder", False, f"{settings.data} is not there")
    free = shutil.disk_usage(settings.data).free
    return Finding("data folder", free >= FREE_BYTES_MIN, f"{settings.data}, {free >> 20} MiB free")


def look_at_processes(settings: Settings) -> Finding:
    processes = RunFolder(settings.folder.run).processes()
    gone = [name for name, one in processes.items() if born(one.pid) != one.born]
    if gone:
        return Finding("processes", False, f"not running: {', '.join(gone)}")
    return Finding("processes", True, ", ".join(processes) or "no `usher up` runs on this folder")


def look_at_doors(settings: Settings) -> Finding:
    url = settings.local_url
    if doors_answer(url):
        return Finding("doors", True, url)
    return Finding("doors", False, f"{url} is not ready. {why_closed(url)}".rstrip())


async def _with_store(settings: Settings) -> AsyncIterator[Finding]:
    try:
        store = await _look_only(settings)
    except StoreUnavailable as error:
        yield Finding("valkey", False, f"{shown(settings.valkey_url)}: {why_away(error)}")
        return
    try:
        for look in (look_at_valkey, look_at_journal, look_at_functions):
            yield await _or_away(look.__name__.removeprefix("look_at_"), look(store))
    finally:
        await store.close()


async def _look_only(settings: Settings) -> Store:
    """A library that is loaded closes the gates of whoever sells with another one, so none is."""
    return await Store.connect(settings.valkey_url, library=library(), shards=settings.shards, load=False)


async def look_at_valkey(store: Store) -> Finding:
    info: Any = await store.client.info("server")
    oldest = ".".join(map(str, REDIS_OLDEST))
    version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
    name = (
        f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
    )
    good = version >= REDIS_OLDEST
    return Finding("valkey", good, name if good else f"{name} is too old: {oldest} is needed")


async def look_at_journal(store: Store) -> Finding:
    """An order number is shown only after its record is on disk: that needs these settings."""
    found: dict[Any, Any] = {}
    for name in WANTED:
        found |= await store.client.config_get(name)
    wrong = [
        f"{name} is {found.get(name)}, not {value}"
        for name, value in WANTED.items()
        if found.get(name) != value
    ]
    return Finding("journal", not wrong, "; ".join(wrong) or "every write is on disk before its reply")


async def look_at_functions(store: Store) -> Finding:
    good, name = await store.is_loaded(), f"library {store.library.digest[:12]}"
    return Finding("functions", good, f"{name} is {'loaded' if good else 'not loaded: a start loads it'}")


async def _with_postgres(settings: Settings) -> AsyncIterator[Finding]:
    looks: dict[str, Callable[[Any], Awaitable[Finding]]] = {
        "postgres": look_at_postgres,
        "schema": look_at_schema,
        "shards": partial(look_at_number_of_shards, settings.shards),
        "alarms": look_at_alarms,
    }
    try:
        db = await asyncpg.connect(settings.postgres_url, timeout=5)
    except AWAY as error:
        yield Finding("postgres", False, f"{shown(settings.postgres_url)}: {why_away(error)}")
        return
    try:
        for what, look in looks.items():
            finding = await _or_away(what, look(db))
            yield finding
            if not finding.good and what == "schema":
                return
    finally:
        await db.close()


async def look_at_postgres(db: Any) -> Finding:
    number = int(await db.fetchval("SHOW server_version_num"))
    version = await db.fetchval("SHOW server_version")
    if number < POSTGRES_OLDEST:
        return Finding("postgres", False, f"{version} is too old: {POSTGRES_OLDEST // 10_000} is needed")
    off = [name for name in ("fsync", "synchronous_commit") if await db.fetchval(f"SHOW {name}") == "off"]
    return Finding("postgres", not off, "; ".join(f"{name} is off" for name in off) or f"Postgres {version}")


async def look_at_schema(db: Any) -> Finding:
    wanted = {one.number: one.checksum() for one in migrations.migrations()}
    if await db.fetchval("SELECT to_regclass('migrations')") is None:
        return Finding("schema", False, "no migration is applied: a start applies them")
    done = {row["number"]: row["sha256"] for row in await db.fetch("SELECT number, sha256 FROM migrations")}
    return Finding("schema", wanted == done, f"{len(done)} of {len(wanted)} migrations are applied")


async def look_at_number_of_shards(given: int, db: Any) -> Finding:
    for kept in await kept_shards(db):
        if kept != given:
            return Finding("shards", False, str(OtherShards(given, kept)))
    return Finding("shards", True, f"USHER_SHARDS is {given}, and so it was from the first start on")


async def look_at_alarms(db: Any) -> Finding:
    told = [f"{one.id} {one.name} {one.subject}: {one.detail}" for one in await open_alarms(db)]
    return Finding("alarms", not told, "; ".join(told) or "none")


async def _with_both(settings: Settings) -> AsyncIterator[Finding]:
    try:
        store = await _look_only(settings)
    except StoreUnavailable:
        return
    try:
        db = await asyncpg.connect(settings.postgres_url, timeout=5)
        try:
            await read_json(db)
            for finding in await look_at_shards(store, db):
                yield finding
            for finding in await look_at_differences(store, db):
                yield finding
        finally:
            await db.close()
    except asyncpg.UndefinedTableError:
        return  # The row of the schema has said so.
    except AWAY as error:
        yield Finding("gates", False, why_away(error))
    finally:
        await store.close()


async def look_at_shards(store: Store, db: Any) -> tuple[Finding, Finding]:
    """The gates of all shards in use, and how far the writer is behind their outboxes."""
    cursors = {cursor.shard: cursor.version for cursor in await all_cursors(db)}
    shards = await shards_in_use(db)
    closed, behind, ahead = [], 0, []
    for shard in shards:
        state, written = await gate_state(store, shard), cursors.get(shard, 0)
        behind += max(0, state.version - written)
        if not state.is_open:
            closed.append(f"s{shard}")
        if written > state.version:
            ahead.append(f"s{shard}: Postgres has {written} records, Valkey {state.version}")
    all_open = f"open on all shards that have sales ({len(shards)})" if shards else "no sale yet"
    gates = Finding("gates", not closed, f"closed: {', '.join(closed)}" if closed else all_open)
    good = behind <= LAG_RECORDS_MAX and not ahead
    return gates, Finding("writer", good, "; ".join(ahead) or f"{behind} records behind")


async def look_at_differences(store: Store, db: Any) -> list[Finding]:
    """Everything sold, compared between Valkey and Postgres; one row a difference."""
    found = await differences(store, db)
    return [Finding("difference", False, one) for one in found] or [
        Finding("books", True, "Valkey and Postgres tell the same")
    ]


async def _or_away(what: str, look: Awaitable[Finding]) -> Finding:
    try:
        return await look
    except AWAY as error:
        return Finding(what, False, why_away(error))
