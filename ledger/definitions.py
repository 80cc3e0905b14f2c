"""Plans, sales and showtimes as delegated: written here first, then into the store; read for a rebuild.

Putting the same definition again changes nothing. A sale's serial, shard and seed and a showtime's serial are
given at the first put and stay for ever: tokens and ranks are made of them.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from allocator.plan import Plan, PlanDigest
from allocator.sale import Sale
from allocator.showtime import Showtime
from ledger.pool import Db, Pool
from ledger.queries import column, many, one, run, value

T = TypeVar("T")
CHANGEABLE_WHILE_OPEN: Final = frozenset({"title", "capacity", "shopping_ms"})
SEED_BYTES: Final = 32


Load = Callable[[Showtime], Awaitable[bool]]


class Stored(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The definition as it stands now; `changed` names the fields that a repeat changed."""

    definition: T
    created: bool = False
    changed: tuple[str, ...] = ()


class Fixed(msgspec.Struct, frozen=True):
    """Selling has begun, so `fields` cannot change any more; nothing was written."""

    fields: tuple[str, ...]


class StoredPlan(msgspec.Struct, frozen=True):
    name: str
    digest: PlanDigest
    left_out: tuple[str, ...]
    document: Plan


class StoredShowtime(msgspec.Struct, frozen=True):
    """`loaded`: the store had its seats at some time, so a store without them has lost something."""

    showtime: Showtime
    loaded: bool


async def put_plan(pool: Pool, name: str, plan: Plan, left_out: tuple[str, ...] = ()) -> PlanDigest:
    """Store a plan under its name; showtimes made with an earlier plan of that name keep theirs."""
    digest = plan.digest()
    async with pool.acquire() as db, db.transaction():
        await put_document(db, digest, msgspec.to_builtins(plan))
        await point_plan(db, name, digest, list(left_out))
    return digest


async def put_sale(pool: Pool, sale: Sale, *, fixed: bool = False) -> Stored[Sale] | Fixed:
    """Store a sale; the caller's serial and seed are ignored, its shard counts at the first put only.

    `fixed`: the sale has opened, so only its title, capacity and shopping time may differ.
    """
    async with pool.acquire() as db, db.transaction():
        await lock_definitions(db)
        known = await find_sale(db, sale.id)
        if known is None:
            drawn = msgspec.structs.replace(sale, seed=secrets.token_hex(SEED_BYTES))
            serial = await insert_sale(db, msgspec.to_builtins(drawn))
            return Stored(definition=msgspec.structs.replace(drawn, serial=serial), created=True)
        wanted = msgspec.structs.replace(sale, serial=known.serial, shard=known.shard, seed=known.seed)
        changed = _differences(known, wanted)
        if fixed and not CHANGEABLE_WHILE_OPEN.issuperset(changed):
            return Fixed(tuple(name for name in changed if name not in CHANGEABLE_WHILE_OPEN))
        if changed:
            await update_sale(db, msgspec.to_builtins(wanted))
        return Stored(definition=wanted, changed=changed)


async def tell_sale(pool: Pool, sale: str, tell: Callable[[Sale], Awaitable[None]]) -> None:
    """Hand over the sale as stored, one caller at a time, as `tell_showtime` does."""
    async with pool.acquire() as db, db.transaction():
        await lock_definitions(db)
        known = await find_sale(db, sale)
        assert known is not None, f"sale {sale} is stored before it is told"
        await tell(known)


async def put_showtime(
    pool: Pool, showtime: Showtime, *, fixed: bool = False, load: Load | None = None
) -> Stored[Showtime] | Fixed:
    """Store a showtime of a stored sale; the caller's serial is ignored, its sale can never change.

    `fixed`: its sale has opened, so nothing may differ; orders fix a showtime by themselves. `load` asks the
    store to take a changed showtime, which it refuses if the sale opened just now: then nothing is written.
    """
    async with pool.acquire() as db, db.transaction():
        await lock_definitions(db)
        known = await find_showtime(db, showtime.id)
        if known is None:
            serial = await _insert_showtime(db, showtime)
            return Stored(definition=msgspec.structs.replace(showtime, serial=serial), created=True)
        wanted = msgspec.structs.replace(showtime, serial=known.showtime.serial)
        changed = _differences(known.showtime, wanted)
        if "sale" in changed or (changed and (fixed or await has_orders(db, wanted.serial))):
            return Fixed(changed)
        if changed and load and not await load(wanted):
            return Fixed(changed)
        if changed:
            await update_showtime(db, _columns(wanted))
        return Stored(definition=wanted, changed=changed)


async def tell_showtime(pool: Pool, showtime: str, tell: Callable[[Showtime], Awaitable[None]]) -> None:
    """Hand over the showtime as stored, one caller at a time: what is told last is what was stored last."""
    async with pool.acquire() as db, db.transaction():
        await lock_definitions(db)
        known = await find_showtime(db, showtime)
        assert known is not None, f"showtime {showtime} is stored before it is told"
        await tell(known.showtime)


async def lock_definitions(db: Db) -> None:
    await run(db, "lock_definitions")


async def put_document(db: Db, digest: str, document: dict[str, Any]) -> None:
    await run(db, "put_document", digest, document)


async def point_plan(db: Db, name: str, digest: str, left_out: list[str]) -> None:
    await run(db, "point_plan", name, digest, left_out)


async def find_plan(db: Db, name: str) -> StoredPlan | None:
    return await one(db, "find_plan", StoredPlan, name)


async def all_plans(db: Db) -> list[StoredPlan]:
    return await many(db, "all_plans", StoredPlan)


async def find_document(db: Db, digest: str) -> Plan | None:
    found = await column(db, "find_document", Plan, digest)
    return found[0] if found else None


async def find_sale(db: Db, sale: str) -> Sale | None:
    return await one(db, "find_sale", Sale, sale)


async def all_sales(db: Db) -> list[Sale]:
    return await many(db, "all_sales", Sale)


async def insert_sale(db: Db, sale: dict[str, Any]) -> int:
    return await value(db, "insert_sale", int, sale)


async def update_sale(db: Db, sale: dict[str, Any]) -> None:
    await run(db, "update_sale", sale)


async def set_capacity(db: Db, sale: str, capacity: int) -> Sale | None:
    """The sale as it stands afterwards; None when there is none of this id."""
    return await one(db, "set_capacity", Sale, sale, capacity)


async def mark_sale_loaded(db: Db, sale: str) -> None:
    """From now on a store without this sale does not sell."""
    await run(db, "mark_sale_loaded", sale)


class ShowtimeRow(Showtime, frozen=True, kw_only=True):
    loaded: bool


async def find_showtime(db: Db, showtime: str) -> StoredShowtime | None:
    row = await one(db, "find_showtime", ShowtimeRow, showtime)
    return None if row is None else _stored(row)


async def all_showtimes(db: Db) -> list[StoredShowtime]:
    return [_stored(row) for row in await many(db, "all_showtimes", ShowtimeRow)]


async def insert_showtime(db: Db, showtime: dict[str, Any], sale: int) -> int:
    return await value(db, "insert_showtime", int, showtime, sale)


async def update_showtime(db: Db, showtime: dict[str, Any]) -> None:
    await run(db, "update_showtime", showtime)


async def has_orders(db: Db, showtime: int) -> bool:
    return await value(db, "has_orders", bool, showtime)


async def mark_loaded(db: Db, showtime: str) -> None:
    """From now on a store without this showtime's seats does not sell."""
    await run(db, "mark_loaded", showtime)


async def _insert_showtime(db: Db, showtime: Showtime) -> int:
    sale = await find_sale(db, showtime.sale)
    assert sale is not None, f"sale {showtime.sale} is stored before its showtimes"
    return await insert_showtime(db, _columns(showtime), sale.serial)


def _columns(showtime: Showtime) -> dict[str, Any]:
    """The showtime as columns; `sale` is a serial there and set apart."""
    columns: dict[str, Any] = msgspec.to_builtins(showtime)
    del columns["sale"]
    return columns


def _stored(row: ShowtimeRow) -> StoredShowtime:
    fields = {name: getattr(row, name) for name in Showtime.__struct_fields__}
    return StoredShowtime(Showtime(**fields), row.loaded)


def _differences(known: msgspec.Struct, wanted: msgspec.Struct) -> tuple[str, ...]:
    return tuple(name for name in known.__struct_fields__ if getattr(known, name) != getattr(wanted, name))
