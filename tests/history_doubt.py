"""What nobody heard and may explain an answer that cannot be: calls that may have been decided before it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tests.history_complaint import Complaint
from tests.history_model import Model
from tests.history_night import PAY_MS
from tests.history_op import Op
from tests.history_order import Order
from tests.history_traces import Evidence
from tests.history_world import WORLDS_MAX, Trace, World

AHEAD: Final = 2000
"""Calls in flight are among so many of the next versions."""
HIDING: Final = ("release", "order")
TOGETHER_MAX: Final = 8
"""So many unheard decisions explain one answer together, at most."""
BREADTH_MAX: Final = 64
"""So many sets of them are looked at further."""
Deed = tuple[str, int, int]
"""Verb, token and time."""


class Doubts:
    """Of one shard."""

    def __init__(self, order: Order, evidence: Evidence) -> None:
        self.order = order
        self.unknown: defaultdict[int, list[Op]] = defaultdict(list)
        for op in order.unknown:
            if op.verb in HIDING:
                self.unknown[op.night].append(op)
        self.released: dict[int, int] = {}
        """By token, where it was first answered so."""
        for position, op in enumerate(order.ops):
            if op.word == "RELEASED":
                self.released.setdefault(op.token, position)
        self.lapsed = {found.token for found in evidence.holds if found.state == "expired"}
        self.ordered = {found.token for found in evidence.holds if found.pay_by_ms}
        self.ordered |= {op.token for op in order.ops if op.word == "ORDERED"}

    def explained(self, world: World, position: int, op: Op, complaint: Complaint) -> list[World]:
        """The worlds in which the answer can have been given after all: the fewest unheard decisions more."""
        found: list[World] = []
        tried: set[frozenset[Deed]] = set()
        at = [(world, complaint, frozenset[Deed]())]
        for _ in range(TOGETHER_MAX):
            further = []
            for one, why, taken in at:
                for hidden, trace in self._candidates(one, position, op, why):
                    both = taken | {(hidden.verb, hidden.token, hidden.at_ms)}
                    if both in tried:
                        continue
                    other = one.without(trace) if trace else one.copy()
                    if other.model.judge(hidden):
                        continue
                    tried.add(both)
                    other.found += 1
                    left = other.model.judge(op)
                    if left is None:
                        found.append(other)
                    else:
                        further.append((other, left, both))
            if found or not further:
                break
            at = further[:BREADTH_MAX]
        if not found and self._was_before(position, op, world) and world.model.judge(op) is None:
            world.found += op.turn > 0  # One more than the op itself, if that was heard.
            found.append(world)
        return found[:WORLDS_MAX]

    def _candidates(
        self, world: World, position: int, op: Op, complaint: Complaint
    ) -> Iterator[tuple[Op, Trace | None]]:
        """Unheard decisions that may have come before this one and touch what it is about."""
        model = world.model
        for trace in world.waiting:
            came = position in trace.gaps and trace.op.at_ms <= op.at_ms
            if came and self._concerns(trace.op, op, complaint, model):
                yield trace.op, trace
        first = position + (op in self.order.ops[position : position + 1])
        ahead = self.order.ops[first : first + AHEAD]
        later_ended_ns = self.order.later_ended_ns[min(position, len(self.order.ops) - 1)]
        for other in (*self.unknown[op.night], *ahead):
            if (
                other.verb in HIDING
                and other.began_ns <= later_ended_ns
                and self._concerns(other, op, complaint, model)
                and self._would_change(other, model)
                and self._is_possible(other, op.at_ms)
                and self.order.may_hide(other.began_ns, position, world.live.get(other.token, -1))
            ):
                yield self._as_hidden(position, other), None

    def _was_before(self, position: int, op: Op, world: World) -> bool:
        return self._was_ordered_before(position, op, world.model) or self._was_late_before(
            position, op, world.model
        )

    def _was_ordered_before(self, position: int, op: Op, model: Model) -> bool:
        """An order asked for twice, the first time unheard, in one millisecond with a release after it."""
        hold = model.holds.get(op.token)
        if hold is None or hold.state != "back" or hold.pay_by_ms or op.at_ms >= hold.deadline_ms:
            return False
        if op.word != "ORDERED" or op.told[0] != op.at_ms + PAY_MS:
            return False
        if not self.order.may_hide(op.began_ns, self.released.get(op.token, position)):
            return False
        model.order_late(op)
        return True

    def _was_late_before(self, position: int, op: Op, model: Model) -> bool:
        """Money told twice, first unheard and late, in one millisecond with what ended the lateness."""
        hold = model.holds.get(op.token)
        if hold is None or op.word != "LATE_REFUNDED" or op.asked[0] in hold.payments:
            return False
        if not any(gap <= position for gap in self.order.gaps(op.at_ms, op.began_ns)):
            return False
        model.refund(op.token, op.asked[0])
        return True

    def _as_hidden(self, position: int, other: Op) -> Op:
        """A release at the last time heard before, so that nothing lapses by it; an order by its deadline."""
        if other.verb == "order":
            return replace(other, at_ms=other.told[0] - PAY_MS)
        at_ms = self.order.ops[position - 1].at_ms if position else 0
        return replace(other, word="RELEASED", told=[], at_ms=at_ms)

    def _would_change(self, other: Op, model: Model) -> bool:
        """A hold that was ever ordered is released only after that."""
        hold = model.holds.get(other.token)
        if hold is None:
            return False
        if other.verb == "release":
            return hold.state == "awaiting" or (hold.state == "held" and other.token not in self.ordered)
        return hold.state == "held" and other.word == "ORDERED"

    def _is_possible(self, other: Op, before_ms: int) -> bool:
        """What came later may rule it out: a hold that lapsed was not released before."""
        if other.verb == "order":
            return bool(other.told[0] - PAY_MS <= before_ms)
        return other.token not in self.lapsed

    def _concerns(self, other: Op, op: Op, complaint: Complaint, model: Model) -> bool:
        if other.night != op.night:
            return False
        hold = model.holds.get(other.token)
        fan = hold.fan if hold else other.asked[0] if other.verb == "hold" else -1
        return complaint.hall or other.token in complaint.tokens or (fan >= 0 and fan == complaint.fan)
