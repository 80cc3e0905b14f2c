"""Waiting for replicas: a decision is answered once so many of them have it on disk, and outlives its master.

A replica tells how far its disk is when it is asked, and WAITAOF alone asks before the replica has the
command: the answer then takes the second until the replica speaks by itself. After WAIT it has the command,
and the answer takes a millisecond.
"""

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ClusterDownError, ConnectionError, MovedError, ResponseError, TimeoutError

from store import keys
from store.nodes import Client, Execute

REPLICAS_MAX: Final = 5
WAIT_MS: Final = 900
"""Patience with the replicas, twice: less than the 2 s of a command."""
TOPOLOGY_CHANGED: Final = (ConnectionError, TimeoutError, ClusterDownError, MovedError, OSError)


class NotReplicated(ConnectionError):
    """Too few replicas have the command on disk: it ran, and a failover may undo it."""


def replicas_of(url: str) -> int:
    """How many replicas to wait for, `?replicas=n`; ValueError if that is no such number."""
    asked = dict(parse_qsl(urlsplit(url).query)).get("replicas", "0")
    if not asked.isdigit() or not 0 <= int(asked) <= REPLICAS_MAX:
        raise ValueError(f"replicas={asked}: a number from 0 to {REPLICAS_MAX} is needed")
    return int(asked)


class Replicas:
    """`count` replicas of every master are waited for."""

    def __init__(self, client: Client, count: int) -> None:
        self._client = client
        self.count = count

    def master_of(self, key: str | bytes) -> Execute:
        """The executor for the master of a key's slot; it raises NotReplicated when replicas are too late."""
        client, settled = self._client, keys.settled(key)

        async def execute(*args: Any) -> Any:
            if isinstance(client, RedisCluster):
                return await self._in_cluster(client, key, args, settled)
            return await self._by_pool(client, args, settled)

        return execute

    async def _by_pool(self, client: Redis, args: tuple[Any, ...], settled: str) -> Any:
        pool: Any = client.connection_pool
        connection = await pool.get_connection()
        try:
            return await self._exchange(connection, args, settled)
        finally:
            await pool.release(connection)

    async def _in_cluster(
        self, client: RedisCluster, key: str | bytes, args: tuple[Any, ...], settled: str
    ) -> Any:
        await client.initialize()
        node = client.nodes_manager.get_node_from_slot(client.keyslot(key))
        connection: Any = node.acquire_connection()
        try:
            await connection.connect()
            return await self._exchange(connection, args, settled)
        except TOPOLOGY_CHANGED:
            await client.aclose()  # The next command asks anew who serves which slot.
            raise
        finally:
            node.release(connection)

    async def _exchange(self, connection: AbstractConnection, args: tuple[Any, ...], settled: str) -> Any:
        """The command, a write of our own behind it, and the wait until replicas have both on disk.

        The command may only have read what others wrote: the write makes the wait cover that as well.
        """
        commands = [
            args,
            ("SET", settled, "", "EX", keys.SETTLED_TTL_S),
            ("WAIT", self.count, WAIT_MS),
            ("WAITAOF", 1, self.count, WAIT_MS),
        ]
        await connection.send_packed_command(connection.pack_commands(commands))
        replies = [await _reply(connection) for _ in commands]
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise reply
        local, remote = replies[-1]
        if local < 1 or remote < self.count:
            raise NotReplicated(f"{remote} of {self.count} replicas have it on disk")
        return replies[0]


async def _reply(connection: AbstractConnection) -> Any:
    """The next reply; errors of a command are values, so that those behind it are read too."""
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
