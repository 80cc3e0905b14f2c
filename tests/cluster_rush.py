"""`make cluster`: a rush on a Valkey Cluster of three masters and three replicas, with a master killed.

The cluster, Usher's processes and the crowd run on this machine, on loopback alone. Decisions are answered
once a replica has them on disk, so the proofs of the rush must hold as on one server. The master that is
killed is the one that has the sale; it comes back after a while, as the replica of the one that took over.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click
from redis.asyncio import Redis

from store import keys
from tests.cluster import NODE_TIMEOUT_MS, Cluster, running_cluster
from tests.soon import become_true
from usher.rush_stack import free_port

ORDERS_BEFORE: Final = 300
"""Orders confirmed when the master is killed: the rush is at its height."""
AWAY_S: Final = 3 * NODE_TIMEOUT_MS / 1000
RUSH_TIMEOUT_S: Final = 600
SALE: Final = "sale:rush-"


@click.command()
@click.option("--fans", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True)
@click.option("--showtimes", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="API processes.")
@click.option("--orders-before", type=click.IntRange(0), default=ORDERS_BEFORE, show_default=True)
def main(fans: int, showtimes: int, workers: int, orders_before: int) -> None:
    """Rush on a cluster of its own with a master killed; exits as the rush does, or with 1 if none was."""
    with tempfile.TemporaryDirectory(prefix="usher-cluster-", ignore_cleanup_errors=True) as folder:
        options = {"appendfsync": "always", "maxmemory-policy": "noeviction"}
        with running_cluster(Path(folder), replicas=1, **options) as cluster:
            click.echo(f"cluster: {len(cluster.servers)} nodes, {cluster.url}&replicas=1")
            words = ("--fans", str(fans), "--showtimes", str(showtimes))
            sys.exit(asyncio.run(_rush(cluster, Path(folder), words, workers, orders_before)))


async def _rush(
    cluster: Cluster, folder: Path, words: tuple[str, ...], workers: int, orders_before: int
) -> int:
    settings = {
        "USHER_VALKEY_URL": f"{cluster.url}&replicas=1",
        "USHER_WORKERS": str(workers),
        "USHER_PORT": str(free_port()),
        "USHER_DATA": str(folder / "data"),
    }
    argv = (sys.executable, "-m", "usher", "rush", *words)
    rush = await asyncio.create_subprocess_exec(*argv, env={**os.environ, **settings})
    killer = asyncio.create_task(_kill(cluster, orders_before))
    code = await rush.wait()
    if not killer.done():
        killer.cancel()
        click.echo("usher: the rush was over before a master could be killed", err=True)
        return code or 1
    killer.result()
    return code


async def _kill(cluster: Cluster, orders_before: int) -> None:
    """End the master of the rush's sale by its process number, and start it again later."""
    sale = await _sale(cluster)
    shard = keys.shard_of(sale)
    master = cluster.master_of(keys.shard(shard))
    async with Redis(port=cluster.servers[master].port) as client:
        there: Any = client

        async def is_high() -> bool:
            return int(await there.hget(keys.shard(shard), "version") or 0) >= orders_before

        await become_true(is_high, timeout_s=RUSH_TIMEOUT_S)
    cluster.servers[master].kill()
    click.echo(f"node {master}, the master of {sale}, was killed after {orders_before} orders")
    await asyncio.sleep(AWAY_S)
    cluster.servers[master].start()
    successor = cluster.master_of(keys.shard(shard))
    click.echo(f"node {master} is back; node {successor} serves {sale} now")


async def _sale(cluster: Cluster) -> str:
    """The name of the rush's sale, once it is delegated."""
    owner = cluster.master_of(keys.CATALOGUE)
    async with Redis(port=cluster.servers[owner].port) as client:
        there: Any = client

        async def found() -> str:
            fields = [str(field, "utf-8") for field in await there.hkeys(keys.CATALOGUE)]
            return next((field.removeprefix("sale:") for field in fields if field.startswith(SALE)), "")

        return str(await become_true(found, timeout_s=RUSH_TIMEOUT_S))


if __name__ == "__main__":
    main()
