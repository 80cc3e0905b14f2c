"""A Valkey Cluster of three masters on loopback, with or without replicas, ready within seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from redis.exceptions import RedisError

from tests.server import Server

MASTERS: Final = 3
SLOTS: Final = 16_384
READY_TIMEOUT_S: Final = 20
NODE_TIMEOUT_MS: Final = 2000
"""How long a node is away before the others hold it for dead and a replica takes its place."""


class Cluster:
    """`servers`: the masters in the order of their slots, then their replicas; `url` for `Store.connect`."""

    def __init__(self, folder: Path, *, replicas: int = 0, **options: str) -> None:
        options = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "repl-diskless-sync-delay": "0",
            **options,
        }
        self.servers = [
            Server(folder / f"node-{number}", **options) for number in range(MASTERS * (1 + replicas))
        ]
        self.url = f"{self.servers[0].url}?cluster=true"

    def start(self) -> "Cluster":
        for server in self.servers:
            server.start()
        for number in range(MASTERS):
            first, after = (SLOTS * number) // MASTERS, (SLOTS * (number + 1)) // MASTERS
            self.tell(number, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
            # Without an epoch of its own, a node would have to lose a collision first.
            self.tell(number, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in self.servers[1:]:
            self.tell(0, "CLUSTER", "MEET", "127.0.0.1", server.port)
        _wait("the cluster did not form", lambda: all(map(self._agrees, range(len(self.servers)))))
        for number in range(MASTERS, len(self.servers)):
            master = self.tell(number % MASTERS, "CLUSTER", "MYID")
            _wait("a replica knows no master", lambda: self._follows(number, master))  # noqa: B023 - called here
        _wait("a replica is not in step", self._in_step)
        return self

    def tell(self, number: int, *command: Any) -> Any:
        """One command to one node."""
        with self.servers[number].client() as client:
            return client.execute_command(*command)

    def master_of(self, key: str) -> int:
        """The number of the node that serves a key now."""
        slot = self.tell(self._alive(), "CLUSTER", "KEYSLOT", key)
        for first, last, (_, port, *_), *_ in self.tell(self._alive(), "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return [server.port for server in self.servers].index(port)
        raise AssertionError(f"no node has slot {slot}")

    def stop(self) -> None:
        for server in self.servers:
            server.kill()

    def _alive(self) -> int:
        return next(number for number, server in enumerate(self.servers) if server.is_running)

    def _agrees(self, number: int) -> bool:
        """True when a node knows an owner for every slot, all owners, and every node."""
        with self.servers[number].client() as client:
            state = client.cluster("INFO")
            owners = str(client.execute_command("CLUSTER", "SLOTS"))
        masters = self.servers[:MASTERS]
        known = int(state["cluster_known_nodes"]) == len(self.servers)
        return known and state["cluster_state"] == "ok" and all(str(one.port) in owners for one in masters)

    def _follows(self, number: int, master: Any) -> bool:
        try:
            self.tell(number, "CLUSTER", "REPLICATE", master)
        except RedisError:  # It has not heard of its master yet.
            return False
        return True

    def _in_step(self) -> bool:
        """True when every replica has its master's data."""
        replicas = self.servers[MASTERS:]
        for server in replicas:
            with server.client() as client:
                if client.info("replication").get("master_link_status") != "up":
                    return False
        return True


def _wait(trouble: str, true: Callable[[], bool]) -> None:
    until = time.monotonic() + READY_TIMEOUT_S
    while not true():
        assert time.monotonic() < until, trouble
        time.sleep(0.02)


@contextmanager
def running_cluster(folder: Path, *, replicas: int = 0, **options: str) -> Iterator[Cluster]:
    """A started cluster, stopped afterwards."""
    cluster = Cluster(folder, replicas=replicas, **options)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
