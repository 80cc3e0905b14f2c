"""A turn whose answer nobody heard does not excuse everything: what it cannot have done is still named."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.history_night import HOLD_MS, PAY_MS
from tests.history_story import AMOUNT, Story, six_seats_and_three_more
from tests.history_traces import Found


def neither_release(story: Story) -> None:
    six_seats_and_three_more(story)
    story.hear(1070, "hold", 4, [4, 1, 1, None, False, [0]], "TAKEN", [0])
    story.hear(1070, "hold", 5, [5, 1, 1, None, False, [5]], "TAKEN", [5])


def a_release_before_its_hold(story: Story) -> None:
    story.sweep(990)
    story.ask("release", 1, [])
    story.miss()
    story.hold(1000, 1, 1, [0])
    story.hold(1010, 2, 2, [0])


def a_release_before_the_seat_was_seen_taken(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.ask("release", 1, [])
    story.miss()
    story.hear(1010, "hold", 4, [4, 1, 1, None, False, [0]], "TAKEN", [0])
    story.hold(1020, 2, 2, [0])


def a_release_before_the_hold_was_ordered(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.ask("release", 1, [])
    story.miss()
    story.order(1010, 1)
    story.hold(1020, 2, 2, [0])


def an_order_after_the_release(story: Story) -> None:
    """Nobody had asked for it when the seat became another fan's."""
    story.hold(1000, 1, 1, [0])
    story.ask("release", 1, [])
    story.miss()
    story.hold(1060, 2, 2, [0])
    story.ask("order", 1, [AMOUNT])
    story.miss()
    story.sweep(1060)
    story.evidence.holds = [Found(1, 1, 1, 1000 + HOLD_MS, [0], True, 1060 + PAY_MS, "released")]


def an_order_after_a_release_that_was_heard(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.release(1040, 1)
    story.ask("release", 77, [])
    story.miss()
    story.order(1040, 1)


def a_seat_that_lapses_only_later(story: Story) -> None:
    """An unheard hold of 1402 shows that the time went on, but after the one of 1395."""
    story.hold(1000, 1, 1, [0])
    story.ask("hold", 2, [2, 1, 1, None, False, [0]])
    story.ask("hold", 3, [3, 1, 1, None, False, [5]])
    story.miss()
    story.sweep(1410)
    story.evidence.holds = [
        Found(2, 2, 1, 1395 + HOLD_MS, [0], True, 0, "held"),
        Found(3, 3, 1, 1402 + HOLD_MS, [5], True, 0, "held"),
    ]


FAULTS: Final = (
    (neither_release, "expected HELD"),
    (a_release_before_its_hold, "expected TAKEN"),
    (a_release_before_the_seat_was_seen_taken, "expected TAKEN"),
    (a_release_before_the_hold_was_ordered, "expected TAKEN"),
    (an_order_after_the_release, "expected TAKEN"),
    (an_order_after_a_release_that_was_heard, "expected EXPIRED"),
    (a_seat_that_lapses_only_later, "nobody heard of it"),
)
"""What no unheard decision explains, though turns are missing, each with what the checker says."""


@pytest.mark.parametrize(("case", "told"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_missing_turn_does_not_excuse_everything(case: Callable[[Story], None], told: str) -> None:
    story = Story(hides=True)
    case(story)
    difference = story.check().difference
    assert difference is not None
    assert told in difference.why, str(difference)
