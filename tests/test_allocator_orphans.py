"""The no-single-seat rule: seats left alone count only where the same number fits without leaving one."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from allocator.answers import Held, LeavesSingle
from allocator.plan import SeatName
from allocator.showtime import Orphans
from tests.allocator_stage import Stage, best, drawn, exact, onsale


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    await opened.sale("open", seats_per_fan=10)
    yield opened
    await opened.store.close()


PICKS: Final = (
    # what it shows, hall, sold before, picked, alone and instead (or held)
    ("next to the wall", "aaaaaa", "", "A-2 A-3", "A-1 instead of A-1 A-2"),
    ("an end of the row", "aaaaaa", "", "A-1 A-2", "held"),
    ("beside sold ones", "aaaaaaa", "A-1", "A-3 A-4", "A-2 instead of A-2 A-3"),
    ("between two", "aaaaaaa", "", "A-2 A-3 A-4 A-5", "A-1 instead of A-1 A-2 A-3 A-4"),
    ("an aisle ends the run", "aaa_aaaa", "", "A-5 A-6", "held"),
    ("an aisle makes it alone", "aaaa_aaaa", "", "A-7 A-8", "A-6 instead of A-6 A-7"),
    ("three left, two wanted: no other choice", "aaa", "", "A-1 A-2", "held"),
    ("the last seats of a run", "aaaaaa", "A-1 A-2 A-3", "A-5 A-6", "held"),
    ("a gap of its own in the same run", "aaaaaa", "A-4", "A-1 A-2", "A-3 instead of A-5 A-6"),
    ("another run does not count", "aaa_aa", "", "A-1 A-2", "held"),
    ("alone before", "aaaaaa", "A-2", "A-3 A-4", "held"),
    ("a lone seat itself", "aaaa", "A-2", "A-1", "held"),
    ("one of two", "aaaaaa", "A-3", "A-1", "A-2 instead of A-4"),
    ("one of two, nothing else", "aa", "", "A-1", "held"),
    ("one inside a long run", "aaaaaaaa", "", "A-2", "A-1 instead of A-1"),
    ("apart, with a lone one between", "aaaaaa", "", "A-1 A-3", "A-2 instead of A-1 A-2"),
    ("apart, both gaps of three", "aaabaaa", "A-4", "A-1 A-2 A-5 A-6", "A-3 instead of A-1 A-2 A-3 A-5"),
    ("apart, with no other way", "aabaa", "A-3", "A-1 A-4", "A-2 instead of A-1 A-2"),
    ("another zone is no choice", "aaabbb", "A-4 A-5 A-6", "A-1 A-2", "held"),
    ("the gap goes on in the other zone", "aaabbb", "", "A-1 A-2", "held"),
    ("alone at the zone's border", "aaabbb", "A-5", "A-2 A-3", "A-1 instead of A-1 A-2"),
    ("in two rows", "aaaa aaaa", "", "A-1 A-2 B-2 B-3", "B-1 instead of A-1 A-2 B-1 B-2"),
    ("blocked seats end a gap", "aaaaaa", "A-4", "A-2 A-3", "A-1 instead of A-5 A-6"),
)


@pytest.mark.parametrize(
    ("hall", "sold", "picked", "told"), [row[1:] for row in PICKS], ids=[r[0] for r in PICKS]
)
async def test_hand_picked_in_strict(stage: Stage, hall: str, sold: str, picked: str, told: str) -> None:
    show = await stage.load(onsale(drawn(*hall.split()), sold=tuple(SeatName(n) for n in sold.split())))
    answer = await stage.hold(show, exact(*picked.split()))
    if told == "held":
        assert isinstance(answer, Held), answer
        return
    assert isinstance(answer, LeavesSingle), answer
    single, instead = told.split(" instead of ")
    assert answer.single == single
    assert sorted(answer.instead) == instead.split()
    assert isinstance(await stage.hold(show, exact(*answer.instead)), Held)


@pytest.mark.parametrize("orphans", ["prefer", "off"])
async def test_hand_picked_is_free_otherwise(stage: Stage, orphans: Orphans) -> None:
    show = await stage.load(onsale(drawn("aaaaaa"), orphans=orphans))
    assert isinstance(await stage.hold(show, exact("A-2", "A-3")), Held)


async def test_staff_may_leave_one(stage: Stage) -> None:
    show = await stage.load(onsale(drawn("aaaaaa")))
    answer = await stage.allocator.hold(show, "staff", 1, stage.token(show), exact("A-2"), staff=True)
    assert isinstance(answer, Held)


BEST: Final = (
    # mode, hall, sold before, party, seats
    ("strict", "aaaaa", "", 2, "A-1 A-2"),
    ("prefer", "aaaaa", "", 2, "A-1 A-2"),
    ("off", "aaaaa", "", 2, "A-2 A-3"),
    ("strict", "aaa aaa", "B-2", 2, "A-1 A-2"),
    ("strict", "aaa", "", 2, "A-1 A-2"),
    ("prefer", "aaaaa aaa", "", 2, "A-1 A-2"),
)


@pytest.mark.parametrize(("orphans", "hall", "sold", "party", "seats"), BEST)
async def test_best_avoids_it(
    stage: Stage, orphans: Orphans, hall: str, sold: str, party: int, seats: str
) -> None:
    taken = tuple(SeatName(name) for name in sold.split())
    show = await stage.load(onsale(drawn(*hall.split()), orphans=orphans, sold=taken))
    answer = await stage.held(show, best(party))
    assert " ".join(show.geometry.named(answer.indices)) == seats


async def test_a_seat_left_alone_by_a_lapse_blocks_nobody(stage: Stage) -> None:
    show = await stage.load(onsale(drawn("aaaa")))
    left = await stage.held(show, exact("A-1", "A-2"), "one")
    await stage.held(show, exact("A-3", "A-4"), "two")
    await stage.allocator.release(show, left.token)
    await stage.held(show, exact("A-1", "A-2"), "three")
    stage.ticks.ms += 600_001
    held = await stage.held(show, exact("A-1"), "four")
    assert held.together
