"""Polls reach the store together, and none of them is lost to the open or to the change of windows."""

import pytest

from store import keys
from tests.queueing import SALE, Queue
from waiting_room import presence
from waiting_room.place import RANK_UNKNOWN, Place
from waiting_room.presence import Presence


async def present(q: Queue) -> int:
    """Fans marked in the window of now."""
    window = q.time.now_ms // SALE.presence_ms
    return int(await q.store.client.bitcount(keys.presence(SALE.shard, SALE.id, window)))


def test_one_flush_a_window() -> None:
    gathered = Presence()
    gathered.begin(1)
    gathered.note(5, 9)
    gathered.note(5, 9)
    marks = gathered.take()
    assert marks == [(5, 9)]
    assert gathered.take() == marks, "pending until the store has it"
    gathered.done(marks)
    gathered.note(5, 9)
    gathered.note(6, RANK_UNKNOWN)
    assert gathered.take() == [(6, RANK_UNKNOWN)]
    gathered.begin(1)
    gathered.note(5, 9)
    assert 5 not in gathered.pending
    gathered.begin(2)
    gathered.note(5, 9)
    assert 5 in gathered.pending


def test_a_flush_is_bounded_and_so_is_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PENDING_MAX", 1500)
    gathered = Presence()
    for entry in range(2000):
        gathered.note(entry, entry)
    assert len(gathered.pending) == 1500
    assert len(gathered.take()) == 1000


async def test_joining_is_being_present(q: Queue) -> None:
    for _ in range(20):
        await q.join()
    assert await present(q) == 20


async def test_a_window_takes_one_bit_a_fan(q: Queue) -> None:
    await q.store.client.hset(keys.sale(SALE.shard, SALE.id), "joined", 80_000)
    fans = [Place(SALE.serial, entry, RANK_UNKNOWN, (await q.join()).fan) for entry in (79_999, 0, 40_000)]
    q.time.forward(SALE.presence_ms)
    await q.poll(*fans)
    window = q.time.now_ms // SALE.presence_ms
    key = keys.presence(SALE.shard, SALE.id, window)
    assert await present(q) == 3
    assert await q.store.client.strlen(key) == 80_000 // 8 + 1
    assert 0 < (await q.store.client.memory_usage(key) or 0) < 80_000 // 8 * 1.3
    assert 0 < await q.store.client.pttl(key) <= SALE.presence_ms * 3


async def test_an_account_that_joins_again_is_noted_by_its_poll(q: Queue) -> None:
    await q.join("ada")
    q.time.forward(SALE.presence_ms * 3)
    await q.join("ada")
    assert await present(q) == 0
    await q.room.mirror.flush(q.sale)
    assert await present(q) == 1


async def test_a_poll_on_both_sides_of_the_open_counts_with_its_rank(q: Queue) -> None:
    """A fan absent when it was called, whose worker has not heard of the open when it polls.

    worker                        store
    poll, no rank known yet
                                  opens, passes the fan's rank: no bit of it in any window
    flush without ranks      ->   STALE: the worker's line is from before the open
    flush with the rank      ->   it is below `serving`: the fan is next
    """
    sleeper, *others = [await q.join() for _ in range(8)]
    q.time.forward(SALE.presence_ms * 3)
    await q.poll(*others)
    q.room.status(q.sale, q.token(sleeper))
    await q.clock.tick(q.sale)
    await q.store.client.hset(keys.sale(SALE.shard, SALE.id), mapping={"still_until_ms": 0})
    q.sale = await q.put(capacity=8)
    view = q.room.mirror.view(q.sale)
    assert view.drawn == -1
    await q.clock._line.move(q.sale, "open", "")
    await q.clock.tick(q.sale)
    await q.clock.tick(q.sale)
    await q.room.mirror.flush(q.sale)
    returned = await q.store.client.zrange(keys.returned(SALE.shard, SALE.id), 0, -1)
    assert returned == [b"%d" % sleeper.entry]
    await q.tick()
    assert q.states(sleeper) == ["invited"]


async def test_a_mirror_that_lags_behind_the_call_does_not_lose_a_return(q: Queue) -> None:
    """The worker believes that the rank is still to be called; the store knows that it was, and puts the fan
    first."""
    fans = [await q.join() for _ in range(5)]
    await q.room.move(q.sale, "open")
    view = q.room.mirror.view(q.sale)
    fans.sort(key=lambda place: view.rank_of(place.entry) or 0)
    await q.put(capacity=0)
    for _ in range(7):
        await q.poll(*fans[1:])
        await q.tick(4_000)
    await q.clock._line.put_sale(q.sale)
    q.sale = await q.put(capacity=1)
    await q.clock.tick(q.sale)
    assert view.serving == 0
    await q.poll(fans[0])
    await q.room.leave(q.sale, fans[1])
    await q.tick()
    assert q.states(*fans[:3]) == ["invited", "done", "waiting"]
