"""A bounded trail: in order, one note a moment, gone after its time."""

import pytest

from store import keys
from store.connection import Store
from store.trail import Trail
from store.unavailable import StoreUnavailable

KEY = keys.history(3, "night", 1)


@pytest.fixture
def trail(store: Store) -> Trail:
    return Trail(store, KEY, rows_max=100, ttl_ms=60_000)


async def test_notes_come_back_in_order(trail: Trail) -> None:
    assert [await trail.note(body, at) for body, at in ((b"a", 1000), (b"b", 2000), (b"c", 3000))] == [
        True
    ] * 3
    found = await trail.after("0-0", 10)
    assert [(note.at_ms, note.body) for note in found] == [(1000, b"a"), (2000, b"b"), (3000, b"c")]
    assert [note.body for note in await trail.after(found[0].id, 1)] == [b"b"]
    assert [note.body for note in await trail.newest(2)] == [b"b", b"c"]


async def test_the_first_note_of_a_moment_stays(trail: Trail) -> None:
    assert await trail.note(b"first", 5000)
    assert not await trail.note(b"again", 5000)
    assert not await trail.note(b"older", 4000)
    assert [note.body for note in await trail.after("0-0", 10)] == [b"first"]


async def test_it_is_bounded_and_ends(trail: Trail, store: Store) -> None:
    for at in range(1, 500):
        await trail.note(b"x", at)
    assert len(await trail.after("0-0", 1000)) <= 200  # Whole nodes of 100 go at once.
    assert 0 < await store.client.pttl(KEY) <= 60_000


async def test_notes_can_be_forgotten(trail: Trail) -> None:
    await trail.note(b"done")
    await trail.note(b"open")
    first, second = await trail.after("0-0", 10)
    await trail.forget([first])
    await trail.forget([])
    assert await trail.after("0-0", 10) == [second]


async def test_another_kind_of_key_is_not_a_trail(trail: Trail, store: Store) -> None:
    await store.client.set(KEY, "text", px=1000)
    for ask in (trail.note(b"x"), trail.after("0-0", 1), trail.newest(1)):
        with pytest.raises(StoreUnavailable):
            await ask
