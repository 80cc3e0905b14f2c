"""Whose hold it is: told by the worker that gave it, or found by any other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from allocator import allocator as rooms
from allocator.answers import HoldExpired, Ordered
from allocator.catalogue import OnSale
from allocator.outbox import Token
from store.unavailable import StoreUnavailable
from tests.allocator_stage import SHARD, Stage, blob, drawn, exact, onsale

OURS = ("fan", 1, (0, 1))


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    return await stage.load(onsale(drawn("aaaa")))


async def whose(stage: Stage, show: OnSale, token: Token) -> tuple[str, int, tuple[int, ...]] | None:
    given = await stage.allocator.given(show, token)
    return None if given is None else (given.fan, given.entry, given.seats)


async def test_every_worker_says_the_same(stage: Stage, show: OnSale) -> None:
    held = await stage.held(show, exact("A-1", "A-2"))
    other = await Stage.at_same(stage)
    assert await whose(stage, show, held.token) == OURS
    assert await whose(other, show, held.token) == OURS
    assert await whose(stage, show, Token("7-0000000000000000")) is None
    await other.store.close()


async def test_how_it_stands_is_the_stores_to_say(stage: Stage, show: OnSale) -> None:
    held = await stage.held(show, exact("A-1", "A-2"))
    await stage.allocator.release(show, held.token)
    assert await whose(stage, show, held.token) == OURS
    told = await stage.allocator.order(show, held.token, blob(show, held.token, (0, 1)))
    assert told == HoldExpired()


async def test_a_repeat_of_another_fan_does_not_take_the_hold_over(stage: Stage, show: OnSale) -> None:
    other = await Stage.at_same(stage)
    token = stage.token(show)
    await stage.allocator.hold(show, "fan", 1, token, exact("A-1", "A-2"))
    await other.allocator.hold(show, "someone", 9, token, exact("A-1", "A-2"))
    assert await whose(other, show, token) == OURS
    await other.store.close()


async def test_only_the_latest_are_remembered(
    stage: Stage, show: OnSale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "HOLDS_REMEMBERED_MAX", 1)
    first = await stage.held(show, exact("A-1", "A-2"))
    second = await stage.held(show, exact("A-3", "A-4"), "other", 2)
    assert list(stage.allocator._given) == [second.token]
    assert await whose(stage, show, second.token) == ("other", 2, (2, 3))
    assert await whose(stage, show, first.token) == OURS


async def test_a_hold_that_was_given_anew_is_not_ordered_from_memory(stage: Stage, show: OnSale) -> None:
    """A store rebuilt without it gives the same token other seats, and the worker remembers the first."""
    held = await stage.held(show, exact("A-1", "A-2"))
    await stage.client.flushall()
    stage.ticks.ms += 1000
    await stage.store.open_gate(SHARD, 0)
    await stage.sale("open")
    await stage.load(show)
    other = await Stage.at_same(stage)
    await other.allocator.hold(show, "fan", 1, held.token, exact("A-3", "A-4"))
    asked = [stage.allocator.order(show, held.token, blob(show, held.token, (0, 1))) for _ in range(2)]
    for refused in await asyncio.gather(*asked, return_exceptions=True):
        with pytest.raises(StoreUnavailable, match="given this hold anew"):
            raise refused if isinstance(refused, BaseException) else AssertionError(refused)
    assert await whose(stage, show, held.token) == ("fan", 1, (2, 3))
    told = await stage.allocator.order(show, held.token, blob(show, held.token, (2, 3)))
    assert isinstance(told, Ordered)
    await other.store.close()
