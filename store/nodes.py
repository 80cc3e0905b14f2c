"""The servers behind a store's URL: one, or the masters of a cluster."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import Connection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from store.wire import Wire

Client = Redis | RedisCluster
Execute = Callable[..., Awaitable[Any]]
SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss"}
CONNECTIONS_MAX: Final = 1024


def client_of(url: str, timeout_s: float) -> Client:
    """A client that repeats nothing; `?cluster=true` makes it follow MOVED and ASK through a cluster.

    Schemes: redis, rediss, valkey, valkeys, and unix:///path. `?replicas=n` is for `store.replicas`.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query.pop("replicas", None)
    cluster = query.pop("cluster", "false").lower() in ("1", "true", "yes")
    scheme = SCHEMES.get(parts.scheme, parts.scheme)
    plain = f"{scheme}://{parts.netloc}{parts.path}{'?' if query else ''}{urlencode(query)}"
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "max_connections": CONNECTIONS_MAX,
        "protocol": 2,
    }
    return RedisCluster.from_url(plain, **options) if cluster else Redis.from_url(plain, **options)


def wire_of(client: Client) -> Wire | None:
    """The lean way to call functions, where there is one server and no TLS to speak."""
    if isinstance(client, RedisCluster):
        return None
    pool = client.connection_pool
    if pool.connection_class not in (Connection, UnixDomainSocketConnection):
        return None
    return Wire(pool.connection_kwargs, pool.connection_kwargs["socket_timeout"])


class Nodes:
    """Which server takes a command; function calls go by the wire where there is one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.wire = wire_of(client)

    async def close(self) -> None:
        """Close every connection; a cluster's client alone would leave some open after a failure."""
        if self.wire is not None:
            await self.wire.close()
        await self._client.aclose()
        if isinstance(self._client, RedisCluster):
            await self._client.nodes_manager.aclose()
            await self._client.nodes_manager.aclose("startup_nodes")

    async def masters(self) -> list[Execute]:
        """One executor for each master."""
        client = self._client
        if isinstance(client, Redis):
            return [client.execute_command]
        await client.initialize()
        return [node.execute_command for node in client.get_primaries()]

    async def master_of(self, key: str | bytes) -> Execute:
        """The executor for the master of a key's slot.

        redis-py would ask the server for the keys of every FCALL; we know them, so we name the node. A slot
        that has moved is still followed.
        """
        client = self._client
        if isinstance(client, Redis):
            return client.execute_command
        await client.initialize()
        node = client.nodes_manager.get_node_from_slot(client.keyslot(key))

        async def execute(*args: Any) -> Any:
            return await client.execute_command(*args, target_nodes=node)

        return execute
