"""Which shards of the store a rebuild may fill: the empty ones, and, when that is wanted, those that
contradict Postgres, once their streams have told all and they are empty too. Those that are well stay.
"""

import asyncio
from typing import Any, Final

from ledger.books import Books
from ledger.cursors import shards_in_use
from ledger.gate import Gate, loaded_sales, loaded_showtimes
from ledger.pool import Pool
from ledger.shard_writer import Limits, ShardWriter
from ledger.stream import Stream
from store import keys
from store.connection import Store

DRAIN_S: Final = 60.0
REBUILDING: Final = "rebuilding"
"""Field of a shard's hash while it is filled, so that a rebuild broken off halfway can be taken up again."""


class NotEmpty(Exception):
    """The store has sales of its own; filling it from Postgres could sell a seat twice."""


class StillTelling(Exception):
    """The stream of a shard could not be written down, so emptying it would lose orders."""


class LostShards:
    """The shards to fill. `replace`: also those that are not empty but contradict Postgres."""

    def __init__(self, store: Store, pool: Pool, *, replace: bool) -> None:
        self._store = store
        self._pool = pool
        self._client: Any = store.client
        self._replace = replace

    async def emptied(self) -> list[int]:
        """The shards to fill, all of them empty by now; raises NotEmpty or StillTelling."""
        shards = await shards_in_use(self._pool)
        empty = [shard for shard in shards if await self._is_empty(shard)]
        wrong = {shard: await self._contradiction(shard) for shard in shards if shard not in empty}
        wrong = {shard: reason for shard, reason in wrong.items() if reason}
        if wrong and not self._replace:
            told = "; ".join(f"shard {shard} is not empty, but {reason}" for shard, reason in wrong.items())
            raise NotEmpty(
                f"{told}. `usher rebuild --replace` writes down what is still unwritten and fills such "
                "shards anew: their holds and unpaid orders are lost"
            )
        if not empty and not wrong:
            raise NotEmpty("the store has every sale that Postgres knows: there is nothing to rebuild")
        for shard in wrong:
            await self._empty(shard)
        return sorted([*empty, *wrong])

    async def _is_empty(self, shard: int) -> bool:
        """True also while an earlier rebuild of it was not finished."""
        if await self._client.hget(keys.shard(shard), REBUILDING):
            return True
        shows = [keys.show(shard, one) for one in await loaded_showtimes(self._pool, shard)]
        sales = [keys.sale(shard, one) for one in await loaded_sales(self._pool, shard)]
        return not any([await self._client.exists(key) for key in shows + sales])

    async def _contradiction(self, shard: int) -> str:
        version = await Stream(self._store, shard).newest()
        reason = await Gate(self._store, self._pool).reason(shard, version)
        return reason.detail if reason else ""

    async def _empty(self, shard: int) -> None:
        """Nothing is sold meanwhile, and what the stream has still to tell is in Postgres before it goes."""
        await self._client.hdel(keys.shard(shard), "epoch")
        told_all = asyncio.Event()
        told_all.set()
        writer = ShardWriter(self._store, self._pool, Books(), shard, Limits())
        try:
            await asyncio.wait_for(writer.run(told_all), DRAIN_S)
        except TimeoutError:
            why = f"the stream of shard {shard} is still unwritten after {DRAIN_S:.0f} s"
            raise StillTelling(why) from None
        async for key in self._client.scan_iter(match=f"{keys.tag(shard)}:*", count=1000):
            await self._client.unlink(key)
