"""The batch clock calls present fans in rank order, never too many, and goes on from wherever it was left."""

from collections.abc import AsyncIterator

import pytest

from api.library import library
from store.connection import Store
from tests.queueing import Listed, Queue
from waiting_room import batch_clock
from waiting_room.admissions import read_log
from waiting_room.answers import Admitted
from waiting_room.audit import prove
from waiting_room.batch_clock import BatchClock
from waiting_room.place import Place


@pytest.fixture
async def q(q: Queue) -> AsyncIterator[Queue]:
    """Here the log is proven after each test."""
    yield q
    view = q.room.mirror.view(q.sale)
    await q.room.mirror.refresh(q.sale)
    proof = prove(await read_log(q.store, q.sale), lambda entry: view.rank_of(entry) or 0)
    assert (proof.overshoot, proof.passed_over, proof.twice) == (0, 0, 0)


async def opened(q: Queue, fans: int, **changes: object) -> list[Place]:
    """So many fans joined before the open, in the order of their ranks; the clock has not ticked yet."""
    await q.put(**changes)
    places = [await q.join() for _ in range(fans)]
    await q.room.move(q.sale, "open")
    view = q.room.mirror.view(q.sale)
    return sorted(places, key=lambda place: view.rank_of(place.entry) or 0)


def count(q: Queue, places: list[Place], state: str) -> int:
    return q.states(*places).count(state)


async def test_the_first_ranks_come_in_until_the_room_is_full(q: Queue) -> None:
    fans = await opened(q, 8)
    assert await q.tick() == "FULL"
    assert q.states(*fans) == ["invited"] * 3 + ["waiting"] * 5
    assert await q.tick() == "FULL"
    assert count(q, fans, "invited") == 3


async def test_without_a_draw_they_come_in_order_of_arrival(q: Queue) -> None:
    fans = await opened(q, 5, draw=False)
    await q.tick()
    assert [place.entry for place in fans] == [0, 1, 2, 3, 4]
    assert q.states(*fans) == ["invited"] * 3 + ["waiting"] * 2


async def test_those_who_join_after_the_open_come_after_the_draw(q: Queue) -> None:
    fans = await opened(q, 2)
    late = [await q.join(), await q.join()]
    assert [place.rank for place in late] == [2, 3]
    await q.tick()
    assert q.states(*fans, *late) == ["invited"] * 3 + ["waiting"]


async def test_the_sale_opens_by_itself_and_calls_in_the_same_tick(q: Queue) -> None:
    await q.put()
    fans = [await q.join() for _ in range(5)]
    assert await q.tick(56_000) == "IDLE"
    await q.poll(*fans)
    assert await q.tick(3_999) == "IDLE"
    assert await q.tick(1) == "FULL"
    assert count(q, fans, "invited") == 3


async def test_a_no_show_is_replaced_at_its_deadline(q: Queue) -> None:
    fans = await opened(q, 4)
    await q.tick()
    await q.admit(fans[0])
    await q.poll(fans[3])
    await q.tick(9_750)
    assert q.states(*fans) == ["inside", "invited", "invited", "waiting"]
    await q.poll(fans[3])
    await q.tick(250)
    assert q.states(*fans) == ["inside", "done", "done", "invited"]


async def test_who_buys_or_leaves_makes_room_at_the_next_tick(q: Queue) -> None:
    fans = await opened(q, 6)
    await q.tick()
    await q.admit(fans[0])
    await q.room.finish(q.sale, fans[0].entry)
    await q.room.leave(q.sale, fans[1])
    await q.tick(250)
    assert q.states(*fans) == ["done", "done", "invited", "invited", "invited", "waiting"]


async def test_one_who_left_while_waiting_is_not_called(q: Queue) -> None:
    fans = await opened(q, 5)
    await q.room.leave(q.sale, fans[1])
    await q.tick()
    assert q.states(*fans) == ["invited", "done", "invited", "invited", "waiting"]


async def test_a_pass_ends_and_makes_room(q: Queue) -> None:
    fans = await opened(q, 4, claim_ms=120_000)
    await q.tick()
    await q.admit(fans[0])
    for _ in range(15):
        await q.poll(fans[3])
        await q.tick(4_000)
    assert q.states(*fans) == ["done", "invited", "invited", "invited"]


async def test_the_absent_are_passed_and_come_first_when_they_are_back(q: Queue) -> None:
    fans = await opened(q, 8)
    await away(q, fans[3:])
    await q.tick()
    assert q.states(*fans[:5]) == ["waiting"] * 3 + ["invited"] * 2
    await q.poll(fans[2], fans[0])
    await q.room.finish(q.sale, fans[3].entry)
    await q.tick(250)
    assert q.states(*fans[:3]) == ["invited", "waiting", "waiting"], "the lowest rank first"
    await q.room.finish(q.sale, fans[4].entry)
    await q.tick(250)
    assert q.states(*fans[:3]) == ["invited", "waiting", "invited"], "before those ahead in the line"


async def test_one_who_came_back_and_went_again_holds_up_nobody(q: Queue) -> None:
    fans = await opened(q, 6)
    await away(q, fans[1:])
    await q.tick()
    await q.poll(fans[0])
    await away(q, fans[4:], ms=24_000)
    await q.tick()
    assert q.states(fans[0], fans[4], fans[5]) == ["waiting", "invited", "invited"]
    await q.poll(fans[0])
    await q.tick()
    assert q.states(fans[0]) == ["invited"]


async def test_a_line_at_its_end_calls_a_new_fan_at_the_next_tick(q: Queue) -> None:
    fans = await opened(q, 1)
    assert await q.tick() == "SHORT"
    late = await q.join()
    await q.tick(250)
    assert q.states(*fans, late) == ["invited", "invited"]


async def test_more_or_less_room(q: Queue) -> None:
    fans = await opened(q, 8)
    await q.tick()
    await q.put(capacity=5)
    await q.tick()
    assert count(q, fans, "invited") == 5
    await q.put(capacity=2)
    await q.room.leave(q.sale, fans[0])
    await q.room.leave(q.sale, fans[1])
    assert await q.tick() == "FULL"
    assert count(q, fans, "invited") == 3
    await q.room.leave(q.sale, fans[2])
    await q.room.leave(q.sale, fans[3])
    await q.tick()
    assert q.states(*fans) == ["done"] * 4 + ["invited"] * 2 + ["waiting"] * 2


async def test_a_pause_stops_time_and_gives_it_back(q: Queue) -> None:
    fans = await opened(q, 5)
    await q.tick()
    text = await q.admit(fans[0])
    await q.room.move(q.sale, "pause", "a broken lamp")
    assert await q.tick(100_000) == "IDLE"
    assert q.states(*fans[:4]) == ["inside", "invited", "invited", "waiting"]
    await q.room.move(q.sale, "resume")
    await q.poll(*fans[3:])
    await q.tick(9_000)
    assert q.states(*fans[:4]) == ["inside", "invited", "invited", "waiting"]
    again = await q.room.claim(q.sale, fans[0])
    assert isinstance(again, Admitted)
    assert again.text != text, "the pass is as long as the stay"
    await q.poll(*fans[3:])
    await q.tick(1_000)
    assert q.states(*fans) == ["inside", "done", "done", "invited", "invited"]


async def test_a_closed_sale_calls_nobody(q: Queue) -> None:
    fans = await opened(q, 5)
    await q.tick()
    await q.admit(fans[0])
    await q.room.move(q.sale, "close")
    assert await q.tick(11_000) == "IDLE"
    assert q.states(*fans) == ["inside", "done", "done", "closed", "closed"]


async def test_two_clocks_at_once_do_no_harm(q: Queue, valkey_url: str) -> None:
    fans = await opened(q, 40, capacity=10)
    other = BatchClock(q.store, Listed(q.sale))
    for _ in range(6):
        words = [await other.tick(q.sale), await q.tick()]
        assert set(words) == {"FULL"}
        assert count(q, fans, "invited") == 10
        for fan in fans:
            if q.states(fan) == ["invited"] and fan.entry % 2:
                await q.room.leave(q.sale, fan)
        await q.tick(250)
        await q.poll(*(fan for fan in fans if q.states(fan) == ["waiting"]))


async def test_a_clock_that_lags_behind_skips_nobody(q: Queue) -> None:
    fans = await opened(q, 8)
    other = BatchClock(q.store, Listed(q.sale))
    await q.tick()
    await other.tick(q.sale)
    await q.room.leave(q.sale, fans[0])
    await q.tick()
    await q.room.leave(q.sale, fans[1])
    assert await other.tick(q.sale) == "FULL"
    assert await q.tick() == "FULL"
    await q.room.leave(q.sale, fans[2])
    await q.tick()
    assert q.states(*fans[3:]) == ["invited"] * 3 + ["waiting"] * 2


async def test_a_killed_clock_is_followed_by_one_that_knows_nothing(q: Queue, valkey_url: str) -> None:
    fans = await opened(q, 6)
    await q.tick()
    for fan in fans[:3]:
        await q.room.finish(q.sale, fan.entry)
    store = await Store.connect(valkey_url, library=library(), clock=q.time.clock)
    await BatchClock(store, Listed(q.sale)).round()
    await store.close()
    await q.room.mirror.refresh(q.sale)
    assert q.states(*fans) == ["done"] * 3 + ["invited"] * 3


async def test_after_an_outage_the_line_waits_for_one_poll_of_everyone(q: Queue) -> None:
    fans = await opened(q, 6)
    await q.tick()
    await q.admit(fans[0])
    q.time.forward(30_000)
    await q.poll(fans[5])
    assert await q.tick() == "STILL"
    assert q.states(*fans[:3]) == ["inside", "invited", "invited"], "the lost time is given back"
    await q.room.leave(q.sale, fans[0])
    assert await q.tick() == "STILL"
    q.time.forward(3_000)
    await q.poll(*fans[3:])
    assert await q.tick(1_000) == "FULL"
    assert q.states(*fans[3:]) == ["invited", "waiting", "waiting"]


async def test_a_tick_is_bounded_and_goes_on_at_the_next(q: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_clock, "RANKS_FIRST", 2)
    monkeypatch.setattr(batch_clock, "RANKS_PER_CALL_MAX", 3)
    monkeypatch.setattr(batch_clock, "CALLS_PER_TICK_MAX", 3)
    fans = await opened(q, 12)
    await away(q, fans[10:])
    assert await q.tick() == "SHORT"
    assert q.room.counts(q.sale).serving == 8, "calls of 2, 3 and 3 ranks"
    await q.tick()
    assert q.states(*fans[10:]) == ["invited"] * 2


async def away(q: Queue, but: list[Place], ms: int = 28_000) -> None:
    """All but these stop polling until they count as absent; ticks find no room meanwhile."""
    capacity = q.sale.capacity
    await q.put(capacity=0)
    for _ in range(ms // 4_000):
        await q.poll(*but)
        await q.tick(4_000)
    await q.put(capacity=capacity)
