"""What nobody heard is put where it must have been; with no turn missing, the same answers are a lie."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.history_night import HOLD_MS, PAY_MS, night
from tests.history_story import AMOUNT, PER_NIGHT, REFERENCE, TURN_NS, Story, six_seats_and_three_more
from tests.history_traces import Entry, Found


def money_after_the_release_that_it_outlived(story: Story) -> None:
    """A turn is missing before the release too, which would have said SOLD after the money."""
    story.hold(1000, 1, 1, [0])
    story.order(1010, 1)
    story.ask("pay", 1, [REFERENCE, AMOUNT])
    story.miss()
    story.release(1020, 1)
    story.miss()
    story.sweep(1020)
    story.sweep(1030)
    story.evidence.outbox = [Entry(1, "confirmed", 1020, 0, 1, REFERENCE, "", AMOUNT)]


def a_hold_in_the_millisecond_after_a_restart(story: Story) -> None:
    """It came after one of another fan, hence not at the end of the epoch before."""
    story.sweep(1000)
    story.ask("hold", 2, [2, 1, 1, None, False, [0]])
    story.restart()
    story.hold(2000, 1, 1, [0])
    story.release(2000, 1)
    story.miss()
    story.hear(2000, "hold", 3, [3, 1, 1, None, False, [0]], "TAKEN", [0])
    story.sweep(2010)
    story.evidence.holds = [Found(2, 2, 1, 2000 + HOLD_MS, [0], True, 0, "held")]


def the_one_release_that_freed_the_seat(story: Story) -> None:
    """The other one asked for, which frees another seat, was done later."""
    story.hold(1000, 1, 1, [0])
    story.hold(1000, 2, 2, [10])
    story.ask("release", 1, [])
    story.ask("release", 2, [])
    story.miss()
    story.hold(1010, 3, 3, [10])
    story.hear(1020, "hold", 4, [4, 1, 1, None, False, [0]], "TAKEN", [0])
    story.evidence.holds = [
        Found(1, 1, 1, 1000 + HOLD_MS, [0], True, 0, "released"),
        Found(2, 2, 1, 1000 + HOLD_MS, [10], True, 0, "released"),
    ]


def no_release_of_a_hold_that_was_ordered(story: Story) -> None:
    six_seats_and_three_more(story)
    story.order(1070, 1)


def no_release_of_a_hold_that_lapsed(story: Story) -> None:
    six_seats_and_three_more(story)
    story.sweep(1000 + HOLD_MS, 1)
    story.evidence.holds = [
        Found(1, 1, 1, 1000 + HOLD_MS, [0, 1, 2], True, 0, "expired"),
        Found(2, 1, 1, 1050 + HOLD_MS, [5, 6, 7], True, 0, "released"),
    ]


def money_that_was_late_and_told_again_when_it_was_not(story: Story) -> None:
    """Its seat was another's when it came first, and free again in the same millisecond."""
    story.hold(1000, 1, 1, [0])
    story.order(1010, 1)
    story.release(1020, 1)
    story.hold(1030, 2, 2, [0])
    story.miss()
    story.release(1040, 2)
    again = story.hear(1040, "pay", 1, [REFERENCE, AMOUNT], "LATE_REFUNDED")
    again.began_ns -= 2 * TURN_NS
    story.evidence.outbox = [Entry(1, "refunded", 1040, 0, 1, REFERENCE, "late", AMOUNT)]


def the_other_release_as_a_later_answer_shows(story: Story) -> None:
    six_seats_and_three_more(story)
    story.hear(1070, "hold", 4, [4, 1, 1, None, False, [0]], "TAKEN", [0])


def two_releases_of_one_call_and_not_the_third(story: Story) -> None:
    """Seat 3 and the seats offered instead are free by then, and seat 4, beside it, is not."""
    story.hold(1000, 1, 1, [3])
    story.hold(1000, 2, 2, [30, 31])
    story.hold(1000, 3, 3, [4, 5])
    for token in (3, 1, 2):
        story.ask("release", token, [])
    story.miss()
    story.hear(1010, "hold", 4, [4, 1, 2, None, False, [1, 2]], "LEAVES_SINGLE", 3, [30, 31])
    story.hear(1020, "hold", 5, [5, 1, 1, None, False, [4]], "TAKEN", [4])


def a_hold_after_another_of_its_millisecond(story: Story, at_ms: int = 1000, fan: int = 1) -> None:
    """Before that one it would have left the fan too few; a turn is missing there too."""
    story.sweep(at_ms - 10)
    story.ask("hold", 101, [fan, 1, 3, None, False, [0, 1, 2]])
    story.miss()
    story.hold(at_ms, 102, fan, [5, 6, 7, 8])
    story.release(at_ms, 102)
    story.miss()
    story.sweep(at_ms + 10)
    story.evidence.holds = [Found(101, fan, 1, at_ms + HOLD_MS, [0, 1, 2], True, 0, "held")]


def a_release_that_was_heard_when_asked_again_right_after(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.ask("hold", 2, [2, 1, 1, None, False, [0]])
    story.miss()
    story.miss()
    again = story.hear(1010, "release", 1, [], "RELEASED")
    again.began_ns -= TURN_NS
    story.evidence.holds = [Found(2, 2, 1, 1005 + HOLD_MS, [0], True, 0, "held")]


def an_order_a_release_and_a_hold_before_a_restart(story: Story) -> None:
    """All in the last millisecond of the epoch, after all that was heard of it."""
    story.hold(1000, 1, 1, [0])
    story.ask("order", 1, [AMOUNT])
    story.ask("release", 1, [])
    story.ask("hold", 2, [2, 1, 1, None, False, [0]])
    if story.hides:
        story.restart()
    story.sweep(2000, 1)
    story.evidence.holds = [
        Found(1, 1, 1, 1000 + HOLD_MS, [0], True, 1010 + PAY_MS, "released"),
        Found(2, 2, 1, 1010 + HOLD_MS, [0], True, 0, "expired"),
    ]


def two_orders_of_one_fan(story: Story) -> None:
    """In one turn, that of the later pass second: the other way round the earlier pass would be used up."""
    for token, entry, seat in ((2, 1, 0), (1, 2, 10)):
        asked = [1, entry, 1, None, False, [seat]]
        story.hear(1000, "hold", token, asked, "HELD", [seat], 1000 + HOLD_MS, True)
    for token in (2, 1):
        story.ask("order", token, [AMOUNT])
    story.miss()
    story.sweep(1020)
    story.evidence.holds = [
        Found(1, 1, 2, 1000 + HOLD_MS, [10], True, 1010 + PAY_MS, "released"),
        Found(2, 1, 1, 1000 + HOLD_MS, [0], True, 1010 + PAY_MS, "released"),
    ]


def an_order_before_a_later_hold_of_its_gap(story: Story) -> None:
    """Put in after that hold, whose time comes later, the order would come when its hold has lapsed."""
    story.hold(1000, 1, 1, [0])
    story.ask("order", 1, [AMOUNT])
    story.ask("hold", 3, [3, 1, 1, None, False, [20]])
    story.miss()
    story.hear(1399, "hold", 6, [1, 1, 1, None, False, [11]], "HELD", [11], 1399 + HOLD_MS, True)
    story.miss()
    story.sweep(1410)
    story.evidence.holds = [
        Found(1, 1, 1, 1000 + HOLD_MS, [0], True, 1399 + PAY_MS, "expired"),
        Found(3, 3, 1, 1402 + HOLD_MS, [20], True, 0, "held"),
    ]


def five_doubts_that_time_ends(story: Story) -> None:
    """Of each fan one of two holds was released; when both would have lapsed it is all the same which."""
    fans = range(5)
    for fan in fans:
        story.hold(1000, 10 * fan + 1, fan, [46 * fan, 46 * fan + 1, 46 * fan + 2])
        story.hold(1000, 10 * fan + 2, fan, [46 * fan + 5, 46 * fan + 6, 46 * fan + 7])
    for token in (10 * fan + which for fan in fans for which in (1, 2)):
        story.ask("release", token, [])
    story.miss()
    for fan in fans:
        story.hold(1010, 10 * fan + 3, fan, [46 * fan + 10, 46 * fan + 11, 46 * fan + 12])
    story.sweep(1500, 10)
    a_hold_after_another_of_its_millisecond(story, 2000, 100)


def fewer_lapsed_after_an_unheard_sweep(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.sweep(1010)
    story.miss()
    story.sweep(1000 + HOLD_MS, 0)


def a_seat_given_back_before_the_reclaim(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.order(1010, 1)
    story.ask("release", 1, [])
    story.miss()
    every = [*range(len(night(0, PER_NIGHT).show.geometry))]
    story.hear(1020, "reclaim", 0, [], "RECLAIMED", [], [], every)


CASES: Final = (
    (money_after_the_release_that_it_outlived, 1, "no turn of its time is missing"),
    (a_hold_in_the_millisecond_after_a_restart, 1, "no turn of its time is missing"),
    (the_one_release_that_freed_the_seat, 1, "expected TAKEN"),
    (no_release_of_a_hold_that_was_ordered, 1, "expected OVER_LIMIT"),
    (no_release_of_a_hold_that_lapsed, 1, "expected OVER_LIMIT"),
    (money_that_was_late_and_told_again_when_it_was_not, 1, "expected CONFIRMED"),
    (the_other_release_as_a_later_answer_shows, 1, "expected OVER_LIMIT"),
    (two_releases_of_one_call_and_not_the_third, 2, "would not be alone"),
    (a_hold_after_another_of_its_millisecond, 1, "no turn of its time is missing"),
    (a_release_that_was_heard_when_asked_again_right_after, 2, "no turn of its time is missing"),
    (an_order_a_release_and_a_hold_before_a_restart, 3, "no turn of its time is missing"),
    (two_orders_of_one_fan, 2, "no turn of its time is missing"),
    (an_order_before_a_later_hold_of_its_gap, 2, "no turn of its time is missing"),
    (five_doubts_that_time_ends, 6, "no turn of its time is missing"),
    (fewer_lapsed_after_an_unheard_sweep, 0, "expected SWEPT [1]"),
    (a_seat_given_back_before_the_reclaim, 1, "expected RECLAIMED"),
)
"""Each with the number of decisions to be found, and what the checker says when no turn is missing."""


@pytest.mark.parametrize(("case", "found", "lie"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_nobody_heard(case: Callable[[Story], None], found: int, lie: str) -> None:
    true, false = Story(hides=True), Story(hides=False)
    for story in (true, false):
        case(story)
    verdict, difference = true.check(), false.check().difference
    assert verdict.difference is None, str(verdict.difference)
    assert verdict.resolved == found
    assert difference is not None
    assert lie in difference.why, str(difference)
