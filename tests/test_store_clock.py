"""The clock follows the store and never runs backwards."""

import pytest
from redis.asyncio import Redis

from store import keys
from store.clock import Clock
from store.connection import Store
from store.functions import Library
from tests.conftest import WaitUntil


@pytest.mark.parametrize(
    ("store_ms", "ticks", "told"),
    [
        (5_000.0, 1_000.0, 5_000),
        (5_000.0, 1_750.4, 5_750),
        (4_000.0, 1_000.0, 4_500),  # the store was set back ...
        (4_000.0, 1_600.0, 5_100),  # ... and the clock runs on
        (9_000.0, 1_000.0, 9_000),
    ],
)
def test_what_the_clock_tells(store_ms: float, ticks: float, told: int) -> None:
    now = [1_000.0]
    clock = Clock(lambda: now[0])
    clock.sample(4_500.0, 1_000.0)
    clock._told = 0  # A new clock follows the wall until its first sample.
    clock.now_ms()
    clock.sample(store_ms, 1_000.0)
    now[0] = ticks
    assert clock.now_ms() == told


async def test_it_follows_the_time_of_the_store(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as client:
        began = await time_ms(client)
        store = await Store.connect(valkey_url, library=Library())
        told = store.clock.now_ms()
        assert began <= told <= await time_ms(client)
    await store.close()


async def time_ms(client: Redis) -> int:
    """The store's own time."""
    seconds, micros = await client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def test_a_clock_that_is_ahead_comes_back_slowly() -> None:
    now = [0.0]
    clock = Clock(lambda: now[0])
    clock.sample(100_000.0, 0.0)
    for second in range(1, 101):
        now[0] = second * 1000.0
        clock.sample(99_500.0 + now[0], now[0])
    assert clock.now_ms() == 199_500
    clock.sample(210_000.0, now[0])
    assert clock.now_ms() == 210_000


async def test_a_process_that_starts_after_a_step_back_is_where_the_others_are(
    valkey_url: str, wait_until: WaitUntil
) -> None:
    first = await Store.connect(valkey_url, library=Library())
    ahead_ms = first.clock.now_ms() + 3_600_000
    first.clock.reach(ahead_ms)
    await wait_until(lambda: first.client.get(keys.AHEAD))
    second = await Store.connect(valkey_url, library=Library())
    assert second.clock.now_ms() >= ahead_ms
    await first.close()
    await second.close()


async def test_a_given_clock_is_left_alone(valkey_url: str) -> None:
    clock = Clock(lambda: 0.0)
    clock.sample(4_000_000_000_000.0, 0.0)
    store = await Store.connect(valkey_url, library=Library(), clock=clock)
    await store.open_gate(1, 0)
    assert await store.client.hget("usher:{s1}:shard", "now_ms") == b"4000000000000"
    await store.close()
