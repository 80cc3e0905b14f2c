"""The checker: replays a shard's history in the order of its versions, names the first answer that differs.

Decisions that nobody heard are put in where they must have been: those that left a trace where a turn of
their time is missing; releases, which leave none, when an answer asks for it and a turn is missing before.
"""

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from typing import Final

import msgspec

from tests.history_model import Complaint, Model
from tests.history_night import PAY_MS, night
from tests.history_op import Op
from tests.history_order import Order
from tests.history_traces import Evidence, traces, unasked
from tests.history_verdict import Difference, Verdict

AHEAD: Final = 2000
"""Calls in flight are among so many of the next versions."""
NEIGHBOURS: Final = 3
RECORDED: Final = ("CONFIRMED", "ALREADY_PAID", "LATE_REFUNDED")
"""Answers whose effect stands in the outbox."""
HIDING: Final = ("release", "order")


class Trace(msgspec.Struct):
    """An unheard decision, and the positions where it can have been that were not tried yet."""

    op: Op
    gaps: list[int]


class Checker:
    """One shard."""

    def __init__(self, calls: list[Op], evidence: Evidence, per_night: int) -> None:
        self.order = Order(calls)
        self.calls, self.evidence = calls, evidence
        self.per_night = per_night
        self.models: dict[int, Model] = {}
        self.traces: defaultdict[int, list[Trace]] = defaultdict(list)
        self.homeless: list[Op] = []
        self.released = {
            op.token: position for position, op in enumerate(self.order.ops) if op.word == "RELEASED"
        }
        for op in traces(calls, evidence):
            self._schedule(Trace(op, self._gaps(op)))
        self.entries = {(e.token, e.reference, e.kind): e for e in evidence.outbox if e.kind != "reclaimed"}
        self.unknown: defaultdict[int, list[Op]] = defaultdict(list)
        for op in self.order.unknown:
            if op.verb in HIDING:
                self.unknown[op.night].append(op)
        self.lapsed = {found.token for found in evidence.holds if found.state == "expired"}
        self.ordered_ms = {
            found.token: found.pay_by_ms - PAY_MS for found in evidence.holds if found.pay_by_ms
        }
        self.ordered_ms |= {op.token: op.told[0] - PAY_MS for op in self.order.ops if op.word == "ORDERED"}
        self.swept: dict[int, int] = {}
        self.verdict = Verdict(len(self.order.ops), len(self.order.unknown))

    def run(self) -> Verdict:
        fault = self.order.fault
        if fault:
            return self._differs(fault[0], self.order.ops[fault[0]], fault[1])
        if record := unasked(self.calls, self.evidence):
            return self._differs(
                0, self.order.ops[0], f"nobody asked for record {record.version} of the outbox"
            )
        for op in self.homeless:
            return self._differs(0, op, "an effect that nobody heard of, and no turn of its time is missing")
        for position, op in enumerate(self.order.ops):
            if not self._put_in(position) or not self._agrees(position, op):
                return self.verdict
        if self._put_in(len(self.order.ops)):
            self._end()
        return self.verdict

    def _gaps(self, op: Op) -> list[int]:
        """Money of a released hold came after the release, which would have said SOLD before."""
        gaps = self.order.gaps(op.at_ms, op.began_ns)
        if op.word != "CONFIRMED" or op.token not in self.released:
            return gaps
        return [gap for gap in gaps if gap > self.released[op.token]] or gaps

    def _schedule(self, trace: "Trace") -> bool:
        """For the next place where it can have been; False when there is none left."""
        if trace.gaps:
            self.traces[trace.gaps.pop(0)].append(trace)
            return True
        self.homeless.append(trace.op)
        return False

    def _put_in(self, position: int) -> bool:
        """Unheard decisions that belong here; False when one cannot have been."""
        here = self.traces.get(position, [])
        while here:
            trace = here.pop(0)
            complaint = self._complaint(position, trace.op)
            if complaint is None:
                self.verdict.resolved += 1
            elif not self._schedule(trace):
                self._differs(position, trace.op, f"nobody heard of it, but it was done: {complaint.text}")
                return False
        return True

    def _agrees(self, position: int, op: Op) -> bool:
        complaint = self._complaint(position, op)
        if complaint and not self._is_late_sweep(position, op):
            self._differs(position, op, complaint.text)
            return False
        if op.verb == "sweep":
            self.swept[op.night] = position
        return True

    def _complaint(self, position: int, op: Op) -> Complaint | None:
        """What is still wrong after all that nobody heard of was thought of."""
        model = self.models.get(op.night)
        if model is None:
            model = self.models[op.night] = Model(night(op.night, self.per_night))
        complaint = model.judge(op)
        if complaint and self._is_explained(position, op, complaint, model):
            model, complaint = self.models[op.night], None
        tried: set[tuple[int, str]] = set()
        while complaint and (hidden := self._hidden(position, op, complaint, model, tried)):
            tried.add((hidden.token, hidden.verb))
            if model.judge(hidden) is None:
                self.verdict.resolved += 1
            complaint = model.judge(op)
        if complaint and (
            self._was_ordered_before(position, op, model) or self._was_late_before(position, op, model)
        ):
            complaint = model.judge(op)
        if complaint is None and op.word in RECORDED:
            return self._missing_record(op)
        return complaint

    def _is_explained(self, position: int, op: Op, complaint: Complaint, model: Model) -> bool:
        """One unheard decision explains the answer exactly: then the night went on from there."""
        for hidden, trace in self._candidates(position, op, complaint, model):
            other = deepcopy(model)
            if other.judge(hidden) is None and other.judge(op) is None:
                self.models[op.night] = other
                self.verdict.resolved += 1
                if trace:
                    self.traces[position].remove(trace)
                return True
        return False

    def _hidden(
        self, position: int, op: Op, complaint: Complaint, model: Model, tried: set[tuple[int, str]]
    ) -> Op | None:
        """An unheard decision before this one that may explain its answer together with others."""
        for hidden, trace in self._candidates(position, op, complaint, model):
            if (hidden.token, hidden.verb) not in tried:
                if trace:
                    self.traces[position].remove(trace)
                return hidden
        return None

    def _candidates(
        self, position: int, op: Op, complaint: Complaint, model: Model
    ) -> Iterator[tuple[Op, Trace | None]]:
        """Unheard decisions that may have come before this one and touch what it is about."""
        for trace in [*self.traces.get(position, [])]:
            if self._concerns(trace.op, op, complaint, model):
                yield trace.op, trace
        ahead = self.order.ops[position + 1 : position + 1 + AHEAD]
        later_ended_ns = self.order.later_ended_ns[min(position, len(self.order.ops) - 1)]
        for other in (*self.unknown[op.night], *ahead):
            if (
                other.verb in HIDING
                and other.began_ns <= later_ended_ns
                and self._concerns(other, op, complaint, model)
                and self._would_change(other, model)
                and self._is_possible(other, position)
                and self.order.may_hide(other.began_ns, position)
            ):
                yield self._as_hidden(position, other), None

    def _was_ordered_before(self, position: int, op: Op, model: Model) -> bool:
        """An order asked for twice, the first time unheard, in one millisecond with a release after it."""
        hold = model.holds.get(op.token)
        unordered = hold is not None and hold.state == "released" and not hold.pay_by_ms
        if not hold or not unordered or op.word != "ORDERED" or op.told[0] != op.at_ms + PAY_MS:
            return False
        if not self.order.may_hide(op.began_ns, position):
            return False
        fan = model.fan(hold.fan)
        hold.pay_by_ms, hold.amount, fan.used = op.told[0], op.asked[0], max(fan.used, hold.entry - 1)
        self.verdict.resolved += 1
        return True

    def _was_late_before(self, position: int, op: Op, model: Model) -> bool:
        """Money told twice, first unheard and late, in one millisecond with what ended the lateness."""
        hold = model.holds.get(op.token)
        if hold is None or op.word != "LATE_REFUNDED" or op.asked[0] in hold.payments:
            return False
        if not any(gap <= position for gap in self.order.gaps(op.at_ms, op.began_ns)):
            return False
        hold.state, hold.payments[op.asked[0]] = "refunded", ("LATE_REFUNDED", 0)
        self.verdict.resolved += 1
        return True

    def _as_hidden(self, position: int, other: Op) -> Op:
        """A release at the last time heard before, so that nothing lapses by it; an order by its deadline."""
        if other.verb == "order":
            return msgspec.structs.replace(other, at_ms=other.told[0] - PAY_MS)
        at_ms = self.order.ops[position - 1].at_ms if position else 0
        return msgspec.structs.replace(other, word="RELEASED", told=[], at_ms=at_ms)

    def _would_change(self, other: Op, model: Model) -> bool:
        hold = model.holds.get(other.token)
        if hold is None:
            return False
        if other.verb == "release":
            return hold.state in ("held", "awaiting")
        return hold.state == "held" and other.word == "ORDERED"

    def _is_possible(self, other: Op, position: int) -> bool:
        """What came later may rule it out: a hold that lapsed or was ordered was not released before."""
        if other.verb == "order":
            last = min(position, len(self.order.ops) - 1)
            return bool(other.told[0] - PAY_MS <= self.order.ops[last].at_ms)
        before_ms = self.order.ops[position - 1].at_ms if position else 0
        return other.token not in self.lapsed and self.ordered_ms.get(other.token, 0) <= before_ms

    def _concerns(self, other: Op, op: Op, complaint: Complaint, model: Model) -> bool:
        if other.night != op.night:
            return False
        hold = model.holds.get(other.token)
        fan = hold.fan if hold else other.asked[0] if other.verb == "hold" else -1
        return complaint.hall or other.token in complaint.tokens or (fan >= 0 and fan == complaint.fan)

    def _is_late_sweep(self, position: int, op: Op) -> bool:
        """Fewer lapsed than were due, since an unheard turn has given some of them back before."""
        model = self.models[op.night]
        if op.verb != "sweep" or op.told[0] >= len(model.overdue(op.at_ms)):
            return False
        since = self.swept.get(op.night, -1)
        if self.order.silent[position] == (self.order.silent[since] if since >= 0 else 0):
            return False
        model.lapse(op.at_ms)
        return True

    def _missing_record(self, op: Op) -> Complaint | None:
        """A payment's effect stands in the outbox once, with its time; a replay of it is no second one."""
        kind = "confirmed" if op.word == "CONFIRMED" else "refunded"
        entry = self.entries.get((op.token, op.asked[0], kind))
        if entry is None:
            return Complaint(f"the outbox has no `{kind}` record of this payment")
        if op.word == "CONFIRMED" and (entry.version, entry.at_ms) != (op.told[0], op.at_ms):
            return Complaint(f"the outbox has it as record {entry.version} at {entry.at_ms}")
        return None if entry.word == op.word else Complaint(f"the outbox has it as {entry.word}")

    def _end(self) -> None:
        """The store must stand where the history ends."""
        last = len(self.order.ops) - 1
        versions = [entry.version for entry in self.evidence.outbox]
        if versions != list(range(1, len(versions) + 1)):
            self._differs(last, self.order.ops[last], "the outbox has gaps")
        for number, letters in self.evidence.boards.items():
            model = self.models.get(number)
            if model is None:
                continue
            model.lapse(2**62)
            sold = {
                seat
                for token, hold in model.holds.items()
                if hold.state == "confirmed"
                for seat in hold.seats
            }
            if sold != {seat for seat, letter in enumerate(letters) if letter == "s"}:
                self._differs(last, self.order.ops[last], f"the board of night {number} has other seats sold")

    def _differs(self, position: int, op: Op, why: str) -> Verdict:
        ops, reach = self.order.ops, NEIGHBOURS
        near = [str(one) for one in ops[max(0, position - reach) : position]]
        first = position + (op in ops[position : position + 1])
        after = [str(one) for one in ops[first : first + reach]]
        self.verdict.difference = self.verdict.difference or Difference(str(op), why, near, after)
        return self.verdict


def check(calls: list[Op], evidence: Evidence, per_night: int) -> Verdict:
    return Checker(calls, evidence, per_night).run() if calls else Verdict()
