"""A Valkey Cluster of three masters on loopback, ready within seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.server import Server

MASTERS: Final = 3
SLOTS: Final = 16_384
READY_TIMEOUT_S: Final = 20


class Cluster:
    """`servers` in the order of their slots; `url` for `Store.connect`."""

    def __init__(self, folder: Path) -> None:
        options = {"cluster-enabled": "yes", "cluster-node-timeout": "2000"}
        self.servers = [Server(folder / f"master-{number}", **options) for number in range(MASTERS)]
        self.url = f"{self.servers[0].url}?cluster=true"

    def start(self) -> "Cluster":
        for number, server in enumerate(self.servers):
            server.start()
            first, after = (SLOTS * number) // MASTERS, (SLOTS * (number + 1)) // MASTERS
            self.tell(number, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
            # Without an epoch of its own, a node would have to lose a collision first.
            self.tell(number, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in self.servers[1:]:
            self.tell(0, "CLUSTER", "MEET", "127.0.0.1", server.port)
        until = time.monotonic() + READY_TIMEOUT_S
        while not all(self._agrees(number) for number in range(MASTERS)):
            assert time.monotonic() < until, "the cluster did not form"
            time.sleep(0.02)
        return self

    def tell(self, number: int, *command: Any) -> Any:
        """One command to one master."""
        with self.servers[number].client() as client:
            return client.execute_command(*command)

    def stop(self) -> None:
        for server in self.servers:
            server.kill()

    def _agrees(self, number: int) -> bool:
        """True when a master knows an owner for every slot, and all three owners."""
        with self.servers[number].client() as client:
            state = client.cluster("INFO")
            owners = str(client.execute_command("CLUSTER", "SLOTS"))
        return state["cluster_state"] == "ok" and all(str(server.port) in owners for server in self.servers)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A started cluster, stopped afterwards."""
    cluster = Cluster(folder)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
