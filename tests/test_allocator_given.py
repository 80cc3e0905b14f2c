"""Whose hold it is: told by the worker that gave it, or found by any other."""

from collections.abc import AsyncIterator

import pytest

from allocator import allocator as rooms
from allocator.answers import HoldExpired
from allocator.catalogue import OnSale
from allocator.outbox import Token
from allocator.record import Given
from tests.allocator_stage import Stage, blob, drawn, exact, onsale

OURS = Given("fan", 1, (0, 1))


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


@pytest.fixture
async def show(stage: Stage) -> OnSale:
    return await stage.load(onsale(drawn("aaaa")))


async def test_every_worker_says_the_same(stage: Stage, show: OnSale) -> None:
    held = await stage.held(show, exact("A-1", "A-2"))
    other = await Stage.at_same(stage)
    assert await stage.allocator.given(show, held.token) == OURS
    assert await other.allocator.given(show, held.token) == OURS
    assert await stage.allocator.given(show, Token("7-0000000000000000")) is None
    await other.store.close()


async def test_how_it_stands_is_the_stores_to_say(stage: Stage, show: OnSale) -> None:
    held = await stage.held(show, exact("A-1", "A-2"))
    await stage.allocator.release(show, held.token)
    assert await stage.allocator.given(show, held.token) == OURS
    told = await stage.allocator.order(show, held.token, blob(show, held.token, (0, 1)))
    assert told == HoldExpired()


async def test_a_repeat_of_another_fan_does_not_take_the_hold_over(stage: Stage, show: OnSale) -> None:
    other = await Stage.at_same(stage)
    token = stage.token(show)
    await stage.allocator.hold(show, "fan", 1, token, exact("A-1", "A-2"))
    await other.allocator.hold(show, "someone", 9, token, exact("A-1", "A-2"))
    assert await other.allocator.given(show, token) == OURS
    await other.store.close()


async def test_only_the_latest_are_remembered(
    stage: Stage, show: OnSale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "HOLDS_REMEMBERED_MAX", 1)
    first = await stage.held(show, exact("A-1", "A-2"))
    second = await stage.held(show, exact("A-3", "A-4"), "other", 2)
    assert list(stage.allocator._given) == [second.token]
    assert await stage.allocator.given(show, second.token) == Given("other", 2, (2, 3))
    assert await stage.allocator.given(show, first.token) == OURS
