"""The clock follows the store and never runs backwards."""

import time

import pytest

from store.clock import Clock
from store.connection import Store
from store.functions import Library
from tests.conftest import WaitUntil


@pytest.mark.parametrize(
    ("store_ms", "ticks", "told"),
    [
        (5_000.0, 1_000.0, 5_000),
        (5_000.0, 1_750.4, 5_750),
        (4_000.0, 1_000.0, 4_500),  # the store says less than was told: the clock stands still ...
        (4_000.0, 1_600.0, 4_600),  # ... until the store has caught up
        (9_000.0, 1_000.0, 9_000),
    ],
)
def test_what_the_clock_tells(store_ms: float, ticks: float, told: int) -> None:
    now = [1_000.0]
    clock = Clock(lambda: now[0])
    clock.sample(4_500.0, 1_000.0, 1_000.0)
    clock._told = 0  # A new clock follows the wall until its first sample.
    clock.now_ms()
    clock.sample(store_ms, 900.0, 1_100.0)
    now[0] = ticks
    assert clock.now_ms() == told


async def test_it_follows_the_time_of_the_store(valkey_url: str) -> None:
    store = await Store.connect(valkey_url, library=Library())
    seconds, micros = await store.client.time()
    assert abs(store.clock.now_ms() - (seconds * 1000 + micros // 1000)) < 100
    await store.close()


async def test_it_is_set_again_and_again(valkey_url: str, wait_until: WaitUntil) -> None:
    following = await Store.connect(valkey_url, library=Library())
    following.clock.sample(time.time() * 1000 + 3_600_000, 0, 0)
    told: list[int] = []

    def stands_still() -> bool:
        """Told five times in a row, over some 40 ms: a clock that still runs would have moved on."""
        told.append(following.clock.now_ms())
        return len(told) >= 5 and len(set(told[-5:])) == 1

    await wait_until(stands_still)
    await following.close()


async def test_a_given_clock_is_left_alone(valkey_url: str) -> None:
    clock = Clock(lambda: 0.0)
    clock.sample(4_000_000_000_000.0, 0.0, 0.0)
    store = await Store.connect(valkey_url, library=Library(), clock=clock)
    await store.open_gate(1, 0)
    assert await store.client.hget("usher:{s1}:shard", "now_ms") == b"4000000000000"
    await store.close()
