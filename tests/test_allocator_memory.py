"""What the server remembers of a hall between calls is never believed when the store may say otherwise."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from typing import Final

import msgspec
import pytest
from redis.exceptions import ResponseError

from allocator.allocator import group_of
from allocator.answers import Held
from allocator.catalogue import OnSale
from allocator.wishes import Want
from store import keys
from store.functions import function_name
from tests.allocator_stage import SHARD, Stage, best, drawn, exact, onsale

GROUPS: Final = 1_000
CALLS: Final = 49
"""With that many groups each they are nearly as many looks as one generation of memory lasts; three times as
many are more than two generations."""


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    """A row of seven whose first two seats are held, at version 2."""
    show = await stage.load(onsale(drawn("aaaaaaa")))
    await stage.held(show, exact("A-1", "A-2"))
    return show


async def test_an_emptied_store_that_reaches_the_same_version_again(stage: Stage, show: OnSale) -> None:
    await stage.client.flushall()
    await stage.store.open_gate(SHARD, 0)
    await stage.sale("open")
    await stage.load(show)
    await stage.client.setrange(keys.board(SHARD, "show"), 5, "bb")
    await stage.client.hset(keys.show(SHARD, "show"), "version", 2)
    held = await stage.held(show, exact("A-1", "A-2", "A-3"), fan="other")
    assert held.indices == (0, 1, 2)
    assert await stage.seats(show) == "hhh..bb"


async def test_a_version_that_another_hand_wrote(stage: Stage, show: OnSale) -> None:
    await stage.client.setrange(keys.board(SHARD, "show"), 2, "bbb")
    await stage.client.hincrby(keys.show(SHARD, "show"), "version", 1)
    assert (await stage.held(show, best(2), fan="other")).indices == (5, 6)
    assert await stage.seats(show) == "hhbbbhh"


async def test_a_gate_that_was_closed_and_opened_again(stage: Stage, show: OnSale) -> None:
    await stage.client.hincrby(keys.shard(SHARD), "epoch", 1)
    await stage.client.setrange(keys.board(SHARD, "show"), 2, "bbb")
    await stage.store.open_gate(SHARD, 0)
    assert (await stage.held(show, best(2), fan="other")).indices == (5, 6)


async def test_a_call_that_broke_off_halfway(stage: Stage, show: OnSale) -> None:
    board = keys.board(SHARD, "show")
    await stage.client.rename(board, keys.outbox(SHARD))
    await stage.client.rpush(board, "no string")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await stage.hold(show, exact("A-3", "A-4"), fan="other")
    await stage.client.rename(keys.outbox(SHARD), board)
    assert isinstance(await stage.hold(show, exact("A-3", "A-4"), fan="third"), Held)
    # The record of the broken call stays behind: the server takes back nothing that a function has written.
    await stage.client.flushall()


async def test_holds_are_found_again_by_a_memory_that_is_new(stage: Stage, show: OnSale) -> None:
    tokens = [stage.token(show) for _ in range(3)]
    asked = [stage.allocator.hold(show, f"fan-{n}", n, token, best(1)) for n, token in enumerate(tokens)]
    first = await asyncio.gather(*asked)
    await stage.order(show, tokens[1])
    await stage.client.hincrby(keys.shard(SHARD), "epoch", 1)
    await stage.store.open_gate(SHARD, 0)
    again = await stage.allocator.hold(show, "fan-0", 0, tokens[0], best(1))
    assert again == msgspec.structs.replace(first[0], replayed=True)
    found = [await stage.allocator.find(show, token) for token in tokens]
    assert [record and (record.fan, record.entry, record.state) for record in found] == [
        ("fan-0", 0, "held"),
        ("fan-1", 1, "awaiting"),
        ("fan-2", 2, "held"),
    ]
    stage.ticks.ms += show.sale.hold_ms
    assert await stage.allocator.sweep(show) == 3
    assert await stage.seats(show) == "...h..."


async def test_holds_of_one_call_lapse_each_at_its_time(stage: Stage, show: OnSale) -> None:
    """One of two holds asked for together, by a worker that knows a newer definition, lasts longer."""
    sale = msgspec.structs.replace(show.sale, hold_ms=show.sale.hold_ms * 2)
    longer = OnSale(sale, show.showtime, show.plan, show.geometry)
    asked = [(longer, "one"), (show, "two")]
    held = await asyncio.gather(*(stage.held(each, best(1), fan=fan) for each, fan in asked))
    stage.ticks.ms += show.sale.hold_ms
    assert await stage.allocator.sweep(show) == 2
    assert await stage.allocator.sweep(show) == 0
    found = [await stage.allocator.find(show, each.token) for each in held]
    assert [record and record.state for record in found] == ["held", "expired"]
    stage.ticks.ms += show.sale.hold_ms
    assert await stage.allocator.sweep(show) == 1
    assert await stage.seats(show) == "." * 7


async def test_what_was_refused_is_not_kept_with_what_was_held(stage: Stage, show: OnSale) -> None:
    wants: list[Want] = [best(5), best(4), exact("A-3"), best(1)]
    tokens = [stage.token(show) for _ in wants]
    asked = (stage.allocator.hold(show, f"fan-{n}", n, tokens[n], want) for n, want in enumerate(wants))
    answers = await asyncio.gather(*asked)
    assert [type(answer).__name__ for answer in answers] == ["OverLimit", "Held", "SeatsTaken", "Held"]
    await stage.client.hincrby(keys.show(SHARD, "show"), "version", 1)
    found = [await stage.allocator.find(show, token) for token in tokens]
    assert [record and (record.fan, record.seats) for record in found] == [
        None,
        ("fan-1", (2, 3, 4, 5)),
        None,
        ("fan-3", (6,)),
    ]


async def test_a_hold_of_a_shared_deadline_lapses_alone(stage: Stage, show: OnSale) -> None:
    await stage.sale("open", seats_per_fan=7)
    ordered = await stage.ordered(show, exact("A-3", "A-4"), fan="other")
    stage.ticks.ms += show.sale.hold_ms
    assert await stage.allocator.sweep(show) == 1
    assert await stage.seats(show) == "..hh..."
    record = await stage.allocator.find(show, ordered)
    assert record
    assert record.state == "awaiting"


async def look_elsewhere(stage: Stage) -> None:
    """At other halls, nearly as often as one generation of memory lasts."""
    others, nothing = (
        [onsale(drawn("a"), f"other-{n}") for n in range(GROUPS)],
        msgspec.msgpack.encode([[], []]),
    )
    async with stage.client.pipeline(transaction=False) as pipeline:
        for other in others:
            pipeline.hset(keys.show(SHARD, other.showtime.id), "version", 0)
        asked = [keys.shard(SHARD), *chain.from_iterable(map(group_of, others))]
        for _ in range(CALLS):
            pipeline.fcall(function_name("find"), len(asked), *asked, stage.ticks.ms, nothing)
        await pipeline.execute()


async def readings(stage: Stage) -> int:
    """How often the server has read all records of a hall."""
    told = await stage.client.info("commandstats")
    return int(told.get("cmdstat_hkeys", {"calls": 0})["calls"])


async def test_a_hall_is_remembered_while_it_is_asked_for_and_then_forgotten(
    stage: Stage, show: OnSale
) -> None:
    held = await stage.held(show, best(1), fan="other")
    before = await readings(stage)
    for _ in range(3):
        await look_elsewhere(stage)
        assert await stage.allocator.find(show, held.token)
    await stage.held(show, best(1), fan="fourth")
    assert await readings(stage) == before
    for _ in range(3):
        await look_elsewhere(stage)
        assert await stage.allocator.sweep(show) == 0, "a glance that keeps nothing"
    again = await stage.allocator.hold(show, "other", 1, held.token, best(1))
    assert again == msgspec.structs.replace(held, replayed=True)
    assert await readings(stage) == before + 1
