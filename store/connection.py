"""The connection to Valkey, Redis or Valkey Cluster: loads the library, calls its functions, keeps the clock.

The client never repeats a command by itself: redis-py's default of ten repeats ran one function eleven times.
What may be asked again is asked again here, once, with the same bytes.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from redis.exceptions import RedisClusterException, RedisError, ResponseError

from store import kept
from store import keys as spelt
from store.batcher import Batcher, Decision, Limits
from store.cancellation import end_if_cancelled
from store.clock import Clock
from store.functions import Library, function_name
from store.kept import Once
from store.nodes import Client, Nodes, client_of
from store.refusal import Refusal, refusal_of
from store.replicas import Replicas, replicas_of
from store.unavailable import StoreUnavailable
from store.version import Version

Key = str | bytes
Argument = str | bytes | int
CLOCK_EVERY_S: Final = 1.0
AHEAD_MS: Final = 1_000
"""So far ahead of TIME is no error of measuring: TIME was set back."""
AHEAD_TTL_MS: Final = 24 * 3600 * 1000
ERRORS: Final = (RedisError, RedisClusterException, OSError)


class Store:
    """One process's way to the store; `client` is for plain commands, `call` and `decide` for the library."""

    def __init__(
        self,
        client: Client,
        library: Library,
        *,
        shards: int,
        clock: Clock,
        limits: Limits,
        replicas: int = 0,
    ) -> None:
        self.client = client
        self.library = library
        self.shards = shards
        self.clock = clock
        self._nodes = Nodes(client)
        self._replicas = Replicas(client, replicas)
        self._batcher = Batcher(self._ask, limits)
        self._loading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        library: Library,
        shards: int = spelt.SHARDS_DEFAULT,
        timeout_ms: int = 2000,
        clock: Clock | None = None,
        limits: Limits | None = None,
        load: bool = True,
    ) -> "Store":
        """Connect, load the library where it is missing and set the clock; StoreUnavailable if that fails.

        A clock that is given is the caller's to move; otherwise it follows the store's TIME. Without `load`
        the store is left as it is.
        """
        client = client_of(url, timeout_ms / 1000)
        store = cls(
            client,
            library,
            shards=shards,
            clock=clock or Clock(),
            limits=limits or Limits(),
            replicas=replicas_of(url),
        )
        try:
            if load:
                await store.load()
            if clock is None:
                await store.sample_clock()
                store._start(store._follow_time())
        except BaseException:
            await store.close()
            raise
        return store

    async def load(self) -> None:
        """Load the library on every master that has another one or none, which closes the gates there."""
        try:
            async with self._loading:
                for execute in await self._nodes.masters():
                    if await _digest_by(execute) != self.library.digest:
                        await execute("FUNCTION", "LOAD", "REPLACE", self.library.text)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def is_loaded(self) -> bool:
        """Whether every master has this library and no other."""
        try:
            found = [await _digest_by(execute) for execute in await self._nodes.masters()]
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return set(found) == {self.library.digest}

    async def call(self, verb: str, keys: Sequence[Key], args: Sequence[Argument]) -> Any:
        """One function call, asked once: the raw reply, or StoreUnavailable."""
        reads = "no-writes" in self.library.verbs[verb].flags
        try:
            return await self._fcall(verb, keys, args, lasting=not reads)
        except ERRORS as error:
            raise await self._unavailable(error) from error

    def decide(
        self,
        verb: str,
        *,
        shard: int,
        fixed: tuple[Key, ...],
        group: tuple[Key, ...],
        decision: Sequence[Any],
        columns: bool = False,
        once: Once | None = None,
    ) -> Decision:
        """One decision, batched with others of its verb and shard: its [WORD, *fields].

        `fixed` are the shard's keys, the same for every decision of the verb on that shard; `group` the keys
        of its showtime or sale; `columns` says that the verb reads its batch by columns. With `once`, for a
        verb that keeps answers, a repeat has the first answer, and OtherBody is raised when the key is
        another request's. StoreUnavailable when the gate is closed, the lane is full, the store refuses or
        the outcome stays unknown after asking twice.
        """
        assert once is None or "asked" in self.library.verbs[verb].argv.fixed, f"{verb} keeps no answers"
        return self._batcher.decide(verb, shard, fixed, group, decision, columns=columns, once=once)

    async def kept(self, shard: int, once: Once) -> tuple[Version, list[Any] | int] | None:
        """What a decision on this shard answered to this request, None when none did or it is not kept."""
        try:
            stored = await self.command("GET", once.key(shard))
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return None if stored is None else await self._told_before(once, shard, stored)

    async def keep(
        self, shard: int, once: Once, version: Version, answer: list[Any]
    ) -> tuple[Version, list[Any]]:
        """Keeps an answer that is whole only after its decision, unless one is kept: the kept one."""
        told = kept.write(once, version, answer)
        try:
            stored = await self.command("SET", once.key(shard), told, "NX", "GET", "EX", once.ttl_s)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return (version, answer) if stored is None else await self._told_before(once, shard, stored)

    async def open_gate(self, shard: int, expected_version: int) -> list[Any]:
        """Open a shard whose outbox stands so: [OPENED or ALREADY, epoch] or [DIFFERS, version]."""
        answer = await self.call("open_gate", [spelt.shard(shard)], [self.clock.now_ms(), expected_version])
        return list(msgspec.msgpack.decode(answer))

    def command(self, *parts: Argument) -> Awaitable[Any]:
        """The reply to a plain command whose second part is its key, asked once; `ERRORS` as they come."""
        wire = self._nodes.wire
        if wire is not None:
            return wire.ask(*parts)
        # redis-py must be told that a SET answers with a value.
        options = {"get": True} if "GET" in parts else {}
        return self.client.execute_command(*parts, **options)

    async def tell(self, *parts: Argument) -> None:
        """A plain command whose reply tells nothing: returns when it has left, or failed by `ERRORS`."""
        wire = self._nodes.wire
        if wire is None or not wire.tell(*parts):
            await self.command(*parts)

    async def settle(self, key: Key) -> None:
        """Return once all that was written beside `key` outlives its master, if replicas are waited for."""
        try:
            if self._replicas.count:
                await self._replicas.master_of(key)("PING")
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def sample_clock(self) -> None:
        """Set the clock by the store's TIME, or by the process that is furthest ahead of it.

        Normally none is. When TIME was set back, the processes go on from where they were and leave word of
        it, so that one that starts only now does not live in their past.
        """
        try:
            execute = (await self._nodes.masters())[0]
            seconds, micros = await execute("TIME")
            store_ms = int(seconds) * 1000 + int(micros) / 1000
            self.clock.sample(store_ms, self.clock.ticks())
            if told := await self.client.get(spelt.AHEAD):
                self.clock.reach(int(told))
            if (now_ms := self.clock.now_ms()) > store_ms + AHEAD_MS:
                await self.client.set(spelt.AHEAD, now_ms, px=AHEAD_TTL_MS)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._batcher.close()
        await self._nodes.close()

    async def _told_before(self, once: Once, shard: int, stored: bytes) -> tuple[Version, list[Any]]:
        """What is kept, once it outlives its master: whoever decided it may have waited for that in vain."""
        told = kept.read(once, shard, stored)
        await self.settle(once.key(shard))
        return told

    async def _ask(self, verb: str, keys: list[Key], told: list[bytes]) -> bytes:
        """A batch of decisions; an unknown outcome is asked again once, as requests know their repeats."""
        args: list[Argument] = [self.clock.now_ms(), *told]
        try:
            answer = await self._fcall(verb, keys, args)
        except ERRORS as error:
            if refusal_of(error) is not Refusal.UNKNOWN_OUTCOME:
                raise await self._unavailable(error) from error
            answer = await self.call(verb, keys, args)
        assert isinstance(answer, bytes), f"{verb} answers {type(answer).__name__}, not one bulk string"
        return answer

    async def _fcall(
        self, verb: str, keys: Sequence[Key], args: Sequence[Argument], *, lasting: bool = True
    ) -> Any:
        """`lasting`: what is answered must not be undone by a failover."""
        assert keys, f"{verb} without a key belongs to no shard"
        parts = ("FCALL", function_name(verb), len(keys), *keys, *args)
        if lasting and self._replicas.count:
            return await self._replicas.master_of(keys[0])(*parts)
        wire = self._nodes.wire
        if wire is not None:
            return await wire.ask(*parts)
        return await (await self._nodes.master_of(keys[0]))(*parts)

    async def _unavailable(self, error: Exception) -> Exception:
        """What the caller is told; a missing library is loaded again on the way, its gates stay closed."""
        refusal = refusal_of(error)
        if refusal is None:
            return error
        if refusal is Refusal.NO_LIBRARY:
            with suppress(StoreUnavailable):
                await self.load()
        return StoreUnavailable(f"{refusal.value}: {error}")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow_time(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_EVERY_S)
            end_if_cancelled()
            with suppress(StoreUnavailable):
                await self.sample_clock()


async def _digest_by(execute: Any) -> str | None:
    try:
        digest = await execute("FCALL", function_name("library"), 0)
    except ResponseError as error:
        if refusal_of(error) is Refusal.NO_LIBRARY:
            return None
        raise
    return str(digest, "ascii")
