"""The writer: takes its share of the shards in use and keeps one ShardWriter at work on each.

Several writer processes may run. The locks of one that dies are free as soon as its connection is gone, and
the others look for free shards every `look_s`.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from ledger.books import Books
from ledger.cursors import shards_in_use
from ledger.lease import Lease
from ledger.pool import Pool
from ledger.shard_writer import Limits, ShardWriter
from ledger.trouble import POSTGRES_TROUBLE, Backoff
from store.cancellation import end_if_cancelled
from store.connection import Store

log: Final = structlog.get_logger("ledger")
LOOK_S: Final = 1.0
DRAIN_S: Final = 5.0


class Writer:
    """One process's writing; `shards` are those it has now."""

    def __init__(
        self, store: Store, pool: Pool, limits: Limits | None = None, look_s: float = LOOK_S
    ) -> None:
        self._store = store
        self._pool = pool
        self._limits = limits or Limits()
        self._look_s = look_s
        self._books = Books()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def shards(self) -> frozenset[int]:
        return frozenset(self._tasks)

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop`, then drain within DRAIN_S; raises only what is a fault of the code."""
        backoff = Backoff()
        try:
            while not stop.is_set():
                end_if_cancelled()
                try:
                    await self._work(stop, backoff)
                except POSTGRES_TROUBLE as error:
                    # The connection with the locks is gone, so the shards are no longer ours.
                    await self._cancel(self.shards)
                    log.warning("writer-has-no-locks", error=repr(error))
                    await pause(stop, backoff.next_s())
        finally:
            await self._cancel(self.shards)

    async def _work(self, stop: asyncio.Event, backoff: Backoff) -> None:
        async with self._pool.acquire() as db:
            lease = Lease(db)
            await lease.join()
            while not stop.is_set():
                end_if_cancelled()
                await self._look(lease, frozenset(await shards_in_use(db)), stop)
                backoff.reset()
                await pause(stop, self._look_s)
            await self._drain()

    async def _look(self, lease: Lease, wanted: frozenset[int], stop: asyncio.Event) -> None:
        """Leave what is too much, take what is free, and let a fault of a shard's task be seen."""
        for task in self._tasks.values():
            if task.done():
                task.result()
        target = await lease.target(wanted)
        await self._cancel(target.leave)
        for shard in target.leave:
            await lease.leave(shard)
        for shard in await lease.take(target):
            log.info("writer-takes-shard", shard=shard)
            writer = ShardWriter(self._store, self._pool, self._books, shard, self._limits)
            self._tasks[shard] = asyncio.create_task(writer.run(stop), name=f"shard {shard}")

    async def _drain(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=DRAIN_S)

    async def _cancel(self, shards: frozenset[int]) -> None:
        going = [self._tasks.pop(shard) for shard in shards if shard in self._tasks]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until `stop`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
