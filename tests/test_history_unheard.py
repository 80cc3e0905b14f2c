"""What nobody heard is put where it must have been; with no turn missing there, the same answers are a lie.

Each case is a night of a few calls, told turn by turn; of a turn that is a `miss` nobody had the answer.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.history_check import check
from tests.history_night import HOLD_MS, PAY_MS
from tests.history_op import UNKNOWN, Op
from tests.history_traces import Entry, Evidence, Found
from tests.history_verdict import Verdict

PER_NIGHT: Final = 2500
REFERENCE: Final = 7
AMOUNT: Final = 1100
TURN_NS: Final = 10


class Story:
    """Calls as they are told, and what the store holds in the end."""

    def __init__(self, *, hides: bool) -> None:
        self.calls: list[Op] = []
        self.evidence = Evidence()
        self.hides = hides
        self._epoch, self._turn, self._now_ns = 1, 0, 0

    def hear(self, at_ms: int, verb: str, token: int, asked: list[Any], word: str, *told: Any) -> Op:
        self._turn += 1
        self._now_ns += TURN_NS
        began_ns, ended_ns = self._now_ns, self._now_ns + TURN_NS // 2
        op = Op(began_ns, ended_ns, 0, verb, token, asked, word, [*told], self._epoch, self._turn, 0, at_ms)
        self.calls.append(op)
        return op

    def hold(self, at_ms: int, token: int, fan: int, seats: list[int]) -> None:
        asked = [fan, 1, len(seats), None, False, seats]
        self.hear(at_ms, "hold", token, asked, "HELD", seats, at_ms + HOLD_MS, True)

    def order(self, at_ms: int, token: int) -> None:
        self.hear(at_ms, "order", token, [AMOUNT], "ORDERED", at_ms + PAY_MS)

    def release(self, at_ms: int, token: int) -> None:
        self.hear(at_ms, "release", token, [], "RELEASED")

    def sweep(self, at_ms: int, lapsed: int = 0) -> None:
        self.hear(at_ms, "sweep", 0, [], "SWEPT", lapsed)

    def ask(self, verb: str, token: int, asked: list[Any]) -> None:
        """A call without an answer, on its way from now on."""
        self._now_ns += TURN_NS
        self.calls.append(Op(self._now_ns, 2**62, 0, verb, token, asked, UNKNOWN))

    def miss(self) -> None:
        self._turn += self.hides

    def restart(self) -> None:
        self._epoch, self._turn = self._epoch + 1, 0

    def check(self) -> Verdict:
        return check(self.calls, self.evidence, PER_NIGHT)


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


def six_seats_and_three_more(story: Story) -> None:
    """A fan at the limit is given more: one of two holds was released, and nobody heard which."""
    story.hold(1000, 1, 1, [0, 1, 2])
    story.hold(1050, 2, 1, [5, 6, 7])
    story.ask("release", 1, [])
    story.ask("release", 2, [])
    story.miss()
    story.hold(1060, 3, 1, [10, 11, 12])


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


def a_hold_after_another_of_its_millisecond(story: Story) -> None:
    """Before that one it would have left the fan too few; a turn is missing there too."""
    story.sweep(990)
    story.ask("hold", 1, [1, 1, 3, None, False, [0, 1, 2]])
    story.miss()
    story.hold(1000, 2, 1, [5, 6, 7, 8])
    story.release(1000, 2)
    story.miss()
    story.sweep(1010)
    story.evidence.holds = [Found(1, 1, 1, 1000 + HOLD_MS, [0, 1, 2], True, 0, "held")]


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


def a_release_that_was_heard_when_asked_again_right_after(story: Story) -> None:
    story.hold(1000, 1, 1, [0])
    story.ask("hold", 2, [2, 1, 1, None, False, [0]])
    story.miss()
    story.miss()
    again = story.hear(1010, "release", 1, [], "RELEASED")
    again.began_ns -= TURN_NS
    story.evidence.holds = [Found(2, 2, 1, 1005 + HOLD_MS, [0], True, 0, "held")]


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
