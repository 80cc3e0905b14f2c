"""An eye on the store during a rush: boards as they stand, fans inside, memory; it only reads."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store import keys
from store.cancellation import end_if_cancelled
from store.nodes import Client

SAMPLE_EVERY_S: Final = 0.25
MEASURED_FANS_MIN: Final = 1_000
"""Of fewer fans the growth of the whole store says nothing: what else comes and goes there weighs more."""
FAULTS: Final = (RedisError, OSError)


class Memory(msgspec.Struct, frozen=True):
    """Bytes: of the whole store, and of the keys of the sale's waiting room alone."""

    used: int
    keys: int


class Watch:
    """`boards`: (showtime, version) -> one byte per seat; `crowded`: most fans invited or inside at once."""

    def __init__(self, client: Client, shard: int, sale: str, seats: int) -> None:
        self._client = client
        self._shard = shard
        self._sale = sale
        self._seats = seats
        self.boards: dict[tuple[str, int], bytes] = {}
        self.versions: dict[str, int] = {}
        self.crowded = 0

    async def peek(self, showtime: str) -> int:
        """Notes the board as it stands and answers its version; -1 when the store does not answer."""
        try:
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.hget(keys.show(self._shard, showtime), "version")
                pipe.get(keys.board(self._shard, showtime))
                version, board = await pipe.execute()
        except FAULTS:
            return -1
        if version is None or board is None:
            return -1
        self.versions[showtime] = int(version)
        self.boards.setdefault((showtime, int(version)), bytes(board[-self._seats :]))
        return int(version)

    async def run(self, processes: Callable[[], dict[str, int]], changed: Callable[[], None]) -> None:
        """Samples until cancelled; a store that is away is looked at again later.

        `changed` is called when one of `processes` was replaced: clients may not notice that a worker died.
        """
        known = processes()
        while True:
            end_if_cancelled()
            if (now := processes()) != known:
                known = now
                changed()
            with suppress(*FAULTS):
                self.crowded = max(self.crowded, await self._inside())
            await asyncio.sleep(SAMPLE_EVERY_S)

    async def memory(self) -> Memory | None:
        """What the store uses now; None for a cluster, whose nodes hold other sales too."""
        if not isinstance(self._client, Redis):
            return None
        info: dict[str, Any] = await self._client.info("memory")
        own = 0
        async for key in self._client.scan_iter(match=keys.sale(self._shard, self._sale) + "*", count=1_000):
            own += await self._client.memory_usage(key, samples=0) or 0
        return Memory(int(info["used_memory"]), own)

    async def _inside(self) -> int:
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.zcard(keys.invited(self._shard, self._sale))
            pipe.zcard(keys.inside(self._shard, self._sale))
            invited, inside = await pipe.execute()
        return int(invited) + int(inside)


def bytes_per_fan(before: Memory, after: Memory, fans: int) -> tuple[float | None, float | None]:
    """What the store and the line's keys grew by for each who joined; None where that means nothing."""
    used, own = after.used - before.used, after.keys - before.keys
    meant = fans >= MEASURED_FANS_MIN and used >= own
    return round(used / fans, 2) if meant else None, round(own / fans, 2) if fans else None
