"""Decisions travel together, are answered apart, and happen once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, Final

import pytest

from store import keys
from store.batcher import WAITING_MIN, Lane, Limits
from store.connection import Store
from store.functions import Library
from store.unavailable import StoreUnavailable
from tests.proxy import LossyProxy

SHARD: Final = 1
TALLY: Final = Library(Path(__file__).parent / "lua")


@pytest.fixture
async def tally(valkey_url: str) -> AsyncIterator[Store]:
    """A store with the counting verb of the tests, its gate open."""
    opened = await Store.connect(valkey_url, library=TALLY, limits=Limits(queue_max=1000))
    await opened.open_gate(SHARD, 0)
    yield opened
    await opened.close()


def count(
    store: Store, request: str, amount: int = 1, total: str = "a", limit: int = 1000
) -> Awaitable[list[Any]]:
    return store.decide(
        "tally",
        shard=SHARD,
        fixed=(keys.shard(SHARD),),
        group=(keys.show(SHARD, total),),
        decision=(request, amount, limit),
    )


async def calls(store: Store) -> int:
    """FCALLs that the server has run."""
    stats = await store.client.info("commandstats")
    return int(stats["cmdstat_fcall"]["calls"])


async def test_one_turn_of_the_loop_is_one_call(tally: Store) -> None:
    before = await calls(tally)
    answers = await asyncio.gather(*(count(tally, f"r{n}") for n in range(100)))
    assert answers == [["COUNTED", n + 1] for n in range(100)]
    assert await calls(tally) - before == 1


async def test_a_batch_has_a_limit(tally: Store) -> None:
    before = await calls(tally)
    await asyncio.gather(*(count(tally, f"r{n}") for n in range(300)))
    assert await calls(tally) - before == 3


async def test_what_arrives_during_a_call_travels_in_the_next(tally: Store) -> None:
    before = await calls(tally)
    first = asyncio.ensure_future(count(tally, "first"))
    await asyncio.sleep(0)
    await asyncio.gather(first, *(count(tally, f"r{n}") for n in range(20)))
    assert await calls(tally) - before == 2


async def test_more_calls_go_out_beside_the_first_when_many_wait(tally: Store) -> None:
    before, asked = await calls(tally), []
    for number, waiting in enumerate(WAITING_MIN):
        asked += [asyncio.ensure_future(count(tally, f"{number}-{n}")) for n in range(waiting)]
        await asyncio.sleep(0)
    asked += [asyncio.ensure_future(count(tally, f"last-{n}")) for n in range(100)]
    answers = await asyncio.gather(*asked)
    assert sorted(number for _, number in answers) == list(range(1, len(asked) + 1))
    assert await calls(tally) - before == len(WAITING_MIN) + 1


async def test_groups_of_one_batch_keep_apart(tally: Store) -> None:
    totals = "abcab"
    answers = await asyncio.gather(*(count(tally, f"r{n}", total=name) for n, name in enumerate(totals)))
    assert [total for _, total in answers] == [1, 1, 1, 2, 2]


async def test_a_refusal_leaves_its_neighbours(tally: Store) -> None:
    answers = await asyncio.gather(
        *(count(tally, f"r{n}", amount, limit=5) for n, amount in enumerate([3, 9, 2, 1]))
    )
    assert answers == [["COUNTED", 3], ["FULL", 3], ["COUNTED", 5], ["FULL", 5]]


async def test_an_asker_who_left_is_not_asked_for(tally: Store) -> None:
    left = asyncio.ensure_future(count(tally, "left"))
    left.cancel()
    assert await count(tally, "stayed") == ["COUNTED", 1]


async def test_a_full_lane_refuses_at_once(tally: Store) -> None:
    waiting = [count(tally, f"r{n}") for n in range(1000)]
    with pytest.raises(StoreUnavailable, match="1000 decisions wait"):
        count(tally, "one too many")
    assert len(await asyncio.gather(*waiting)) == 1000


@pytest.mark.parametrize(
    ("losses", "silent", "answer"),
    [
        (0, False, ["COUNTED", 1]),
        (1, False, ["REPLAYED", 1]),
        (1, True, ["REPLAYED", 1]),
        (2, False, "unavailable"),
        (2, True, "unavailable"),
    ],
)
async def test_an_unknown_outcome_is_asked_again_once(
    tally: Store, valkey_url: str, losses: int, silent: bool, answer: Any
) -> None:
    proxy = LossyProxy(valkey_url, b"usher_tally")
    # Silence has to be waited for; an answer has time to come.
    timeout_ms = 500 if silent else 5000
    behind = await Store.connect(await proxy.start(), library=TALLY, timeout_ms=timeout_ms, clock=tally.clock)
    before = await calls(tally)
    proxy.losses, proxy.silent = losses, silent
    try:
        told: Any = await count(behind, "once")
    except StoreUnavailable:
        told = "unavailable"
    assert told == answer
    assert await calls(tally) - before == min(losses + 1, 2)
    assert await count(tally, "once") == ["REPLAYED", 1]
    await behind.close()
    await proxy.stop()


async def test_a_fault_of_the_function_is_no_outage(tally: Store) -> None:
    with pytest.raises(Exception, match="arithmetic") as fault:
        await count(tally, "bad", amount="many")  # type: ignore[arg-type]
    assert not isinstance(fault.value, StoreUnavailable)
    assert await count(tally, "good") == ["COUNTED", 1]


async def test_a_closed_store_refuses_at_once(valkey_url: str) -> None:
    closed = await Store.connect(valkey_url, library=TALLY)
    with pytest.raises(StoreUnavailable):
        await count(closed, "behind a closed gate")
    await closed.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await count(closed, "late")


@pytest.mark.parametrize("fault", [asyncio.CancelledError(), ValueError("of ours")])
async def test_nobody_waits_for_a_lane_that_ended(fault: BaseException) -> None:
    async def ask(*_: Any) -> bytes:
        raise fault

    lane = Lane("tally", SHARD, (), ask, Limits(batch_max=1))
    asked = [lane.decide((), ("r",)) for _ in range(3)]
    answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)
    assert all(isinstance(answer, StoreUnavailable | ValueError) for answer in answers)


async def test_a_lane_that_is_closed_before_its_call_begins(tally: Store) -> None:
    lane = Lane("tally", SHARD, (), tally.call, Limits())
    asked = lane.decide((), ("r",))
    await lane.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await asyncio.wait_for(asked, 20)


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_a_closed_store_leaves_nobody_waiting(valkey_url: str, turns: int) -> None:
    closing = await Store.connect(valkey_url, library=TALLY)
    waiting = [asyncio.ensure_future(count(closing, f"r{n}")) for n in range(300)]
    for _ in range(turns):
        await asyncio.sleep(0)
    await closing.close()
    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20)
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
