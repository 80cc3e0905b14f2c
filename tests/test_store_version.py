"""Every decision has its version, and versions are the order in which a shard decided."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from store import keys
from store.batcher import Decision
from store.connection import Store
from store.unavailable import StoreUnavailable
from store.version import Version
from tests.server import Server
from tests.test_store_batcher import TALLY

SHARD: Final = 1


@pytest.fixture
async def tally(valkey_url: str) -> AsyncIterator[Store]:
    opened = await Store.connect(valkey_url, library=TALLY)
    await opened.open_gate(SHARD, 0)
    yield opened
    await opened.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server to be killed."""
    started = Server(tmp_path).start()
    yield started
    started.kill()


def count(store: Store, request: str, amount: int = 1) -> Decision:
    return store.decide(
        "tally",
        shard=SHARD,
        fixed=(keys.shard(SHARD),),
        group=(keys.show(SHARD, "a"),),
        decision=(request, amount, 1000),
    )


async def versions(store: Store, *amounts: int) -> list[Version]:
    """Of decisions that travel together."""
    asked = [count(store, f"r{n}", amount) for n, amount in enumerate(amounts)]
    await asyncio.gather(*asked)
    return [decision.version for decision in asked]


async def test_a_batch_is_one_turn(tally: Store) -> None:
    first, second, third = await versions(tally, 1, 1, 1)
    assert [first.place, second.place, third.place] == [0, 1, 2]
    assert first[:3] == second[:3] == third[:3]
    assert first.shard == SHARD
    assert abs(first.at_ms - tally.clock.now_ms()) < 3_600_000


async def test_a_refusal_has_its_version_too(tally: Store) -> None:
    _, refused, third = await versions(tally, 1, 5000, 1)
    assert (refused.place, third.place) == (1, 2)


async def test_turns_follow_each_other(tally: Store) -> None:
    (before,) = await versions(tally, 1)
    (after,) = await versions(tally, 1)
    assert before < after
    assert after.turn == before.turn + 1


async def test_a_version_reads_well() -> None:
    assert str(Version(12, 1_800_000_000, 1045, 7, 5)) == "12:1800000000.1045.7"


@pytest.mark.parametrize("fault", ["killed", "emptied"])
async def test_no_fault_sets_the_order_back(server: Server, fault: str) -> None:
    store = await Store.connect(server.url, library=TALLY)
    await store.open_gate(SHARD, 0)
    (before,) = await versions(store, 1)
    if fault == "killed":
        server.kill()
        with pytest.raises(StoreUnavailable):
            await count(store, "lost")
        server.start()
    else:
        await store.client.flushall()
        # The clock is the store's: a second later its shards begin above all that was before.
        await store.client.hset(keys.shard(SHARD), "now_ms", (before.epoch + 1) * 1000)
    await store.load()
    await store.open_gate(SHARD, 0)
    (after,) = await versions(store, 1)
    await store.close()
    assert before < after
    assert before.epoch < after.epoch
