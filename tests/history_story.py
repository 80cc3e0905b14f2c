"""A night of a few calls, told turn by turn; of a turn that is a `miss` nobody had the answer."""

from typing import Any, Final

from tests.history_check import check
from tests.history_night import HOLD_MS, PAY_MS
from tests.history_op import UNKNOWN, Op
from tests.history_traces import Evidence
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


def six_seats_and_three_more(story: Story) -> None:
    """A fan at the limit is given more: one of two holds was released, and nobody heard which."""
    story.hold(1000, 1, 1, [0, 1, 2])
    story.hold(1050, 2, 1, [5, 6, 7])
    story.ask("release", 1, [])
    story.ask("release", 2, [])
    story.miss()
    story.hold(1060, 3, 1, [10, 11, 12])
