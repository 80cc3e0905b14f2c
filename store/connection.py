"""The connection to Valkey, Redis or Valkey Cluster: loads the library, calls its functions, keeps the clock.

The client never repeats a command by itself: redis-py's default of ten repeats ran one function eleven times.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError, ResponseError

from store import keys
from store.clock import Clock
from store.functions import Library, function_name
from store.refusal import Refusal, refusal_of
from store.unavailable import StoreUnavailable

Client = Redis | RedisCluster
Key = str | bytes
Argument = str | bytes | int
CLOCK_EVERY_S: Final = 1.0
ERRORS: Final = (RedisError, RedisClusterException, OSError)
SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss"}


class Store:
    """One process's way to the store; `client` is for plain commands, `call` and `decide` for the library."""

    def __init__(self, client: Client, library: Library, *, shards: int, clock: Clock) -> None:
        self.client = client
        self.library = library
        self.shards = shards
        self.clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        library: Library,
        shards: int = keys.SHARDS_DEFAULT,
        timeout_ms: int = 2000,
        clock: Clock | None = None,
    ) -> "Store":
        """Connect, load the library where it is missing and set the clock; StoreUnavailable if that fails."""
        store = cls(_client(url, timeout_ms / 1000), library, shards=shards, clock=clock or Clock())
        try:
            await store.load()
            await store.sample_clock()
        except BaseException:
            await store.close()
            raise
        if clock is None:
            store._start(store._follow_time())
        return store

    async def load(self) -> None:
        """Load the library on every master that has another one or none; what is loaded anew has closed gates."""
        try:
            for node in await self._masters():
                if await self._digest_at(node) != self.library.digest:
                    await node.execute_command("FUNCTION", "LOAD", "REPLACE", self.library.text)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def call(self, verb: str, keys: Sequence[Key], args: Sequence[Argument]) -> Any:
        """One function call, asked once: the raw reply, or StoreUnavailable."""
        try:
            return await self._fcall(verb, keys, args)
        except ERRORS as error:
            raise await self._unavailable(error) from error

    async def open_gate(self, shard: int, expected_version: int) -> list[Any]:
        """Open a shard whose outbox stands at `expected_version`: [OPENED|ALREADY, epoch] or [DIFFERS, version]."""
        answer = await self.call("open_gate", [keys.shard(shard)], [self.clock.now_ms(), expected_version])
        return list(msgspec.msgpack.decode(answer))

    async def sample_clock(self) -> None:
        """Set the clock by the store's TIME."""
        asked = self.clock.ticks()
        try:
            seconds, micros = await (await self._masters())[0].time()
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        self.clock.sample(seconds * 1000 + micros / 1000, asked, self.clock.ticks())

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.aclose()

    async def _fcall(self, verb: str, keys: Sequence[Key], args: Sequence[Argument]) -> Any:
        return await self.client.execute_command("FCALL", function_name(verb), len(keys), *keys, *args)

    async def _unavailable(self, error: Exception) -> Exception:
        """What the caller is told; a missing library is loaded again on the way."""
        match refusal_of(error):
            case Refusal.NO_LIBRARY:
                with suppress(StoreUnavailable):
                    await self.load()
                return StoreUnavailable(str(error))
            case Refusal.BEFORE_THE_RUN | Refusal.UNKNOWN_OUTCOME:
                return StoreUnavailable(str(error))
            case None:
                return error

    async def _masters(self) -> list[Redis]:
        if isinstance(self.client, Redis):
            return [self.client]
        await self.client.initialize()
        return [self.client.get_redis_connection(node) for node in self.client.get_primaries()]

    async def _digest_at(self, node: Redis) -> str | None:
        try:
            digest = await node.execute_command("FCALL", function_name("library"), 0)
        except ResponseError as error:
            if refusal_of(error) is Refusal.NO_LIBRARY:
                return None
            raise
        return digest.decode() if isinstance(digest, bytes) else digest

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow_time(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_EVERY_S)
            with suppress(StoreUnavailable):
                await self.sample_clock()


def _client(url: str, timeout_s: float) -> Client:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    cluster = query.pop("cluster", "false").lower() in ("1", "true", "yes")
    scheme = SCHEMES.get(parts.scheme, parts.scheme)
    # urlunsplit drops the empty host of unix:///path, which the client needs.
    plain = urlunsplit((scheme, parts.netloc, parts.path, urlencode(query), ""))
    plain = plain.replace("unix:/", "unix:///", 1) if scheme == "unix" and "://" not in plain else plain
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "protocol": 2,
    }
    if cluster:
        return RedisCluster.from_url(plain, **options)
    return Redis.from_url(plain, **options)
