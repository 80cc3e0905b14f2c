"""Whether the store has been checked against Postgres: until then, what it does not know may exist."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import msgspec

from allocator.catalogue import Catalogue
from ledger.alarms import open_alarms, shard_subject
from ledger.cursors import KnownSale, known_sales
from ledger.gate import REASONS
from ledger.pool import Pool
from ledger.trouble import POSTGRES_TROUBLE, within
from store import keys
from store.connection import Store
from store.gate import gate_state

FRESH_S: Final = 1.0
LEDGER_PATIENCE_S: Final = 1.0
SHARDS_TOLD_MAX: Final = 5
CURE: Final = "`usher doctor` tells more; `usher rebuild` fills an emptied store from Postgres."


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against believing the store. `emptied`: None when Postgres cannot say.

    `lost`: sales that only Postgres knows. `closed`: of the shards in use those whose gates are closed, and
    whether showtimes of theirs were on sale.
    """

    emptied: bool | None = False
    lost: frozenset[str] = frozenset()
    closed: dict[int, bool] = {}

    @property
    def stops_selling(self) -> bool:
        """The gate of a new sale opens within a moment and is no fault."""
        return self.emptied is True or any(self.closed.values())


class StoreCheck:
    """Asks both engines; for callers who miss something at most once in FRESH_S."""

    def __init__(self, store: Store, pool: Pool, catalogue: Catalogue) -> None:
        self._store = store
        self._pool = pool
        self._catalogue = catalogue
        self._asking = asyncio.Lock()
        self._recent = Doubt()
        self._of = (-1, 0.0)

    async def doubt(self) -> Doubt:
        """As it stands now; raises StoreUnavailable."""
        await self._catalogue.refresh()
        here = {sale.id: KnownSale(sale.id, sale.shard, True) for sale in self._catalogue.sales()}
        known, emptied = list(here.values()), None if self._catalogue.version == 0 else False
        try:
            known = await within(LEDGER_PATIENCE_S, known_sales(self._pool))
        except POSTGRES_TROUBLE:
            pass
        else:
            emptied = self._catalogue.version == 0 and bool(known)
        selling = {one.shard for one in known if one.selling}
        gates = await gates_of(self._store, {one.shard for one in known})
        return Doubt(
            emptied=emptied,
            lost=frozenset(one.id for one in known if one.id not in here),
            closed={shard: shard in selling for shard, is_open in gates.items() if not is_open},
        )

    async def why(self, doubt: Doubt) -> str:
        """What an operator reads about it: the gate's reasons where it has told one."""
        if doubt.emptied:
            return f"The store was emptied. {CURE}"
        try:
            alarms = await within(LEDGER_PATIENCE_S, open_alarms(self._pool))
        except POSTGRES_TROUBLE:
            alarms = []
        told = {one.subject: one.detail for one in reversed(alarms) if one.name in REASONS}
        shards = [shard for shard, selling in sorted(doubt.closed.items()) if selling]
        reasons = [f"shard {one}: {told.get(shard_subject(one), 'being checked')}" for one in shards]
        cure = f" {CURE}" if any(shard_subject(one) in told for one in shards) else ""
        return f"Gates are closed: {'; '.join(reasons[:SHARDS_TOLD_MAX])}.{cure}"

    async def may_exist(self, sale: str | None = None) -> bool:
        """Whether what the store does not know may exist: this sale, or a showtime or order of any sale."""
        async with self._asking:
            version, asked_s = self._of
            if version != self._catalogue.version or time.monotonic() - asked_s > FRESH_S:
                self._recent = await self.doubt()
                self._of = self._catalogue.version, time.monotonic()
        doubt = self._recent
        if sale is None or doubt.emptied is None:
            return doubt.emptied is not False or bool(doubt.lost)
        return sale in doubt.lost or keys.shard_of(sale, self._store.shards) in doubt.closed


async def gates_of(store: Store, shards: Iterable[int]) -> dict[int, bool]:
    """Shard -> whether its gate is open."""
    asked = list(shards)
    states = await asyncio.gather(*(gate_state(store, shard) for shard in asked))
    return {shard: state.is_open for shard, state in zip(asked, states, strict=True)}
