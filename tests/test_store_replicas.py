"""Where replicas are waited for, nothing acknowledged dies with a master, or is acknowledged without one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest

from store import keys
from store.connection import Store
from store.gate import gate_state
from store.kept import DIGEST_BYTES, Once
from store.replicas import replicas_of
from store.unavailable import StoreUnavailable
from store.version import Version
from tests.cluster import MASTERS, Cluster, running_cluster
from tests.conftest import WaitUntil
from tests.test_store_connection import TALLY, count

SHARD: Final = 1
ASKED: Final = 2000
FAILOVER_TIMEOUT_S: Final = 60


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("replicated"), replicas=1, appendfsync="always") as started:
        yield started


@pytest.fixture
async def store(cluster: Cluster) -> AsyncIterator[Store]:
    opened = await Store.connect(f"{cluster.url}&replicas=1", library=TALLY)
    await opened.open_gate(SHARD, 0)
    yield opened
    await opened.close()


async def counted(store: Store, request: str) -> bool:
    try:
        return (await count(store, request))[0] in ("COUNTED", "REPLAYED")
    except StoreUnavailable:
        return False


async def test_nothing_acknowledged_is_lost_with_a_master(
    cluster: Cluster, store: Store, wait_until: WaitUntil
) -> None:
    """Until its gate is opened again, the new master decides nothing."""
    master = cluster.master_of(keys.shard(SHARD))
    acknowledged = set[str]()

    async def ask(number: int) -> None:
        await asyncio.sleep(number / 1000)  # A stream of requests, in the middle of which the master dies.
        if await counted(store, f"r{number}"):
            acknowledged.add(f"r{number}")

    requests = [asyncio.create_task(ask(number)) for number in range(ASKED)]
    await wait_until(lambda: len(acknowledged) > ASKED // 10)
    cluster.servers[master].kill()
    await asyncio.gather(*requests)

    async def another_serves() -> bool:
        try:
            if cluster.master_of(keys.shard(SHARD)) == master:
                return False
            return not (await gate_state(store, SHARD)).is_open
        except StoreUnavailable:
            return False

    await wait_until(another_serves, timeout_s=FAILOVER_TIMEOUT_S)
    assert not await counted(store, "while the gate is closed")
    with pytest.raises(StoreUnavailable):
        await store.open_gate(SHARD, 0)
    cluster.servers[master].start()  # It comes back as the replica.
    await wait_until(lambda: counted(store, "at last"), timeout_s=FAILOVER_TIMEOUT_S)
    client: Any = store.client
    total = await client.hgetall(keys.show(SHARD, "a"))
    assert len(acknowledged) < ASKED
    assert acknowledged <= {field.decode() for field in total}


async def test_nothing_is_acknowledged_without_a_replica(cluster: Cluster, store: Store) -> None:
    assert await counted(store, "with both")
    replica = MASTERS + cluster.master_of(keys.shard(SHARD))
    cluster.servers[replica].kill()
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await count(store, "alone")
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await store.settle(keys.outbox(SHARD))
    assert (await gate_state(store, SHARD)).is_open


async def test_no_kept_answer_is_told_without_a_replica(cluster: Cluster, store: Store) -> None:
    """Its decision may have been made while no replica heard of it, so that a failover undoes both."""
    once, other = (Once(name * 32, b"0" * DIGEST_BYTES, ttl_s=60) for name in "ab")
    version, answer = Version(SHARD, 1, 1, 0, 1), ["JOINED", 1]
    again = (version._replace(again=True), answer)
    assert await store.keep(SHARD, once, version, answer) == (version, answer)
    assert await store.kept(SHARD, once) == again
    replica = MASTERS + cluster.master_of(keys.shard(SHARD))
    cluster.servers[replica].kill()
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await store.kept(SHARD, once)
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await store.keep(SHARD, once, version, answer)
    assert await store.kept(SHARD, other) is None


@pytest.mark.parametrize(("url", "expected"), [("valkey://h", 0), ("valkey://h?replicas=2", 2)])
def test_how_many_replicas_are_waited_for(url: str, expected: int) -> None:
    assert replicas_of(url) == expected


@pytest.mark.parametrize("url", ["valkey://h?replicas=x", "valkey://h?replicas=9", "valkey://h?replicas=-1"])
def test_a_number_of_replicas_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="a number from 0 to 5"):
        replicas_of(url)
