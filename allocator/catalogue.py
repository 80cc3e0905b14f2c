"""What is on sale: plans, sales and showtimes, read from the store and kept in this process's memory.

Definitions stand in Postgres for good and in the store for everyday use, so that fans are served while
Postgres is away. Each put raises `version`; a follower compares it every `FOLLOW_MS`. A plan never changes
under its digest, so only unknown plans are read; `name:<plan>` points to the digest that new showtimes get.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec

from allocator.geometry import Geometry
from allocator.plan import Plan, PlanDigest
from allocator.sale import Sale
from allocator.showtime import Showtime, read_showtime
from store import keys
from store.cancellation import end_if_cancelled
from store.connection import ERRORS, Store
from store.unavailable import StoreUnavailable

FOLLOW_MS: Final = 250
T = TypeVar("T")
_read_sale: Final = msgspec.msgpack.Decoder(Sale).decode


class OnSale(msgspec.Struct, frozen=True):
    """A showtime with all that a decision about its seats needs."""

    sale: Sale
    showtime: Showtime
    plan: Plan
    geometry: Geometry


class Catalogue:
    """The definitions as of `version`; lookups answer from memory, `refresh` catches up."""

    def __init__(self, store: Store) -> None:
        self.version = -1
        self._store = store
        self._reading = asyncio.Lock()
        self._plans: dict[str, tuple[Plan, Geometry]] = {}
        self._digests: dict[str, str] = {}
        self._sales: dict[str, Sale] = {}
        self._onsales: dict[str, OnSale] = {}
        self._serials: dict[int, OnSale] = {}
        # Most definitions never change: what is stored in bytes of the same digest stays the same object.
        self._read_before: dict[str, tuple[bytes, Any]] = {}

    async def put_plan(self, name: str, plan: Plan) -> PlanDigest:
        digest = plan.digest()
        await self._put({f"plan:{digest}": msgspec.msgpack.encode(plan), f"name:{name}": digest})
        return digest

    async def put_sale(self, sale: Sale) -> None:
        await self._put({f"sale:{sale.id}": msgspec.msgpack.encode(sale)})

    async def put_showtime(self, showtime: Showtime) -> None:
        await self._put({f"showtime:{showtime.id}": msgspec.msgpack.encode(showtime)})

    async def plan(self, name: str) -> Plan | None:
        """The plan that a new showtime gets by this name, asked of the store."""
        await self.refresh()
        digest = self._digests.get(name)
        return None if digest is None else self._plans[digest][0]

    def sale(self, sale: str) -> Sale | None:
        return self._sales.get(sale)

    def sales(self) -> list[Sale]:
        return list(self._sales.values())

    def showtime(self, showtime: str) -> OnSale | None:
        return self._onsales.get(showtime)

    def by_serial(self, serial: int) -> OnSale | None:
        return self._serials.get(serial)

    def showtimes_of(self, sale: str) -> list[OnSale]:
        return [onsale for onsale in self._onsales.values() if onsale.sale.id == sale]

    async def refresh(self) -> None:
        """Catch up with the store; StoreUnavailable leaves what was known."""
        try:
            # One at a time, for an older reading that ends later would put the newer one away.
            async with self._reading:
                version = int(await self._execute("HGET", "version") or 0)
                if version != self.version:
                    await self._read(version)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def run(self) -> None:
        """Follow the store until cancelled."""
        while True:
            end_if_cancelled()
            with suppress(StoreUnavailable):
                await self.refresh()
            await asyncio.sleep(FOLLOW_MS / 1000)

    async def _read(self, version: int) -> None:
        fields = [field.decode() for field in await self._execute("HKEYS")]
        known = {f"plan:{digest}" for digest in self._plans}
        wanted = sorted(set(fields) - known - {"version"})
        values = await self._execute("HMGET", *wanted) if wanted else []
        await self._take(dict(zip(wanted, values, strict=True)))
        self.version = version

    async def _take(self, found: dict[str, bytes]) -> None:
        for digest, packed in _of("plan", found):
            plan = msgspec.msgpack.decode(packed, type=Plan)
            # A plan of tens of thousands of seats takes long enough to compile for others to notice.
            self._plans[digest] = (plan, await asyncio.to_thread(Geometry, plan))
        self._digests = {name: digest.decode() for name, digest in _of("name", found)}
        read: dict[str, tuple[bytes, Any]] = {}
        sales = self._definitions("sale", _read_sale, found, read)
        self._sales = {sale.id: sale for sale in sorted(sales, key=lambda sale: sale.serial)}
        shows = self._definitions("showtime", read_showtime, found, read)
        onsales = [self.put_together(show) for show in sorted(shows, key=lambda show: show.serial)]
        self._onsales = {onsale.showtime.id: onsale for onsale in onsales if onsale is not None}
        self._serials = {onsale.showtime.serial: onsale for onsale in self._onsales.values()}
        self._read_before = read

    def _definitions(
        self,
        kind: str,
        decode: Callable[[bytes], T],
        found: dict[str, bytes],
        read: dict[str, tuple[bytes, Any]],
    ) -> list[T]:
        """All of one kind; `read` is told what they were read from."""
        definitions: list[T] = []
        for name, packed in _of(kind, found):
            before, digest = self._read_before.get(f"{kind}:{name}"), blake2b(packed, digest_size=16).digest()
            if before is None or before[0] != digest:
                before = digest, decode(packed)
            read[f"{kind}:{name}"] = before
            definitions.append(before[1])
        return definitions

    def put_together(self, show: Showtime) -> OnSale | None:
        """The showtime with its sale and plan; None while one of them is still on its way."""
        sale, plan = self._sales.get(show.sale), self._plans.get(show.plan_digest)
        if sale is None or plan is None:
            return None
        known = self._onsales.get(show.id)
        if known is not None and known.showtime is show and known.sale is sale:
            return known
        return OnSale(sale, show, *plan)

    async def _put(self, fields: dict[str, bytes | str]) -> None:
        """Write the definitions, then the version: who reads in between reads them twice."""
        try:
            await self._execute("HSET", *(part for item in fields.items() for part in item))
            await self._execute("HINCRBY", "version", 1)
            await self._store.settle(keys.CATALOGUE)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        await self.refresh()

    async def _execute(self, command: str, *args: Any) -> Any:
        return await self._store.client.execute_command(command, keys.CATALOGUE, *args)


def _of(kind: str, found: dict[str, bytes]) -> Iterable[tuple[str, bytes]]:
    """(name, value) of the fields of one kind."""
    prefix = f"{kind}:"
    return [
        (field.removeprefix(prefix), packed) for field, packed in found.items() if field.startswith(prefix)
    ]
