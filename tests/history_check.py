"""The checker: replays a shard's history in the order of its versions, names the first answer that differs.

Decisions that nobody heard are put in where they must have been: those that left a trace where a turn of
their time is missing; releases, which leave none, when an answer asks for it and a turn is missing before.
Where it can have been one or another, the night goes on as several worlds, until later answers leave one.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec

from tests.history_complaint import Complaint
from tests.history_model import Model
from tests.history_night import PAY_MS, night
from tests.history_op import Op
from tests.history_order import Order
from tests.history_traces import Evidence, traces, unasked
from tests.history_verdict import Difference, Verdict
from tests.history_world import WORLDS_MAX, Trace, World, merged

AHEAD: Final = 2000
"""Calls in flight are among so many of the next versions."""
NEIGHBOURS: Final = 3
RECORDED: Final = ("CONFIRMED", "ALREADY_PAID", "LATE_REFUNDED")
"""Answers whose effect stands in the outbox."""
Deed = tuple[str, int, int]
"""Verb, token and time."""
HIDING: Final = ("release", "order")
TOGETHER_MAX: Final = 8
"""So many releases of one unheard call explain an answer together, at most."""
BREADTH_MAX: Final = 64


class Checker:
    """One shard."""

    def __init__(self, calls: list[Op], evidence: Evidence, per_night: int) -> None:
        self.order = Order(calls)
        self.calls, self.evidence = calls, evidence
        self.per_night = per_night
        self.worlds: dict[int, list[World]] = {}
        self.released = {
            op.token: position for position, op in enumerate(self.order.ops) if op.word == "RELEASED"
        }
        self.traces: defaultdict[int, list[Trace]] = defaultdict(list)
        for op in traces(calls, evidence):
            self.traces[op.night].append(Trace(op, tuple(self._gaps(op))))
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
        for trace in chain.from_iterable(self.traces.values()):
            if not trace.gaps:
                why = "an effect that nobody heard of, and no turn of its time is missing"
                return self._differs(0, trace.op, why)
        for position, op in enumerate(self.order.ops):
            if not self._agrees(position, op):
                return self.verdict
        self._end()
        return self.verdict

    def _gaps(self, op: Op) -> list[int]:
        """Money of a released hold came after the release, which would have said SOLD before."""
        gaps = self.order.gaps(op.at_ms, op.began_ns)
        if op.word != "CONFIRMED" or op.token not in self.released:
            return gaps
        return [gap for gap in gaps if gap > self.released[op.token]] or gaps

    def _agrees(self, position: int, op: Op) -> bool:
        """Goes on with the worlds in which the answer can have been given; False when there is none."""
        worlds = self._put_in(position, op.night)
        if not worlds:
            return False
        going, failed = [], []
        for world in worlds:
            complaint = world.model.judge(op)
            if complaint is None or self._is_late_sweep(position, op, world.model):
                going.append(world)
            else:
                failed.append((world, complaint))
        for world, complaint in failed:
            going += self._explained(world, position, op, complaint)
        if not going:
            self._differs(position, op, failed[0][1].text)
            return False
        self.worlds[op.night] = merged(going) if len(going) > 1 else going
        if op.verb == "sweep":
            self.swept[op.night] = position
        if op.word in RECORDED and (missing := self._missing_record(op)):
            self._differs(position, op, missing)
        return self.verdict.difference is None

    def _put_in(self, position: int, number: int) -> list[World]:
        """The worlds of a night with the unheard decisions that belong before the position."""
        worlds = self.worlds.get(number)
        if worlds is None:
            worlds = [World(Model(night(number, self.per_night)), tuple(self.traces[number]))]
        if all(world.due(position) is None for world in worlds):
            return worlds
        ready: list[World] = []
        doubt: tuple[Op, Complaint] | None = None
        while worlds:
            world = worlds.pop(0)
            trace = world.due(position)
            if trace is None:
                ready.append(world)
                continue
            # Now, or else at a later moment of its time.
            now, later = world.without(trace), trace.later(position)
            complaint = now.model.judge(trace.op)
            now.found += 1
            if complaint is None:
                worlds.insert(0, now)
            else:
                doubt = trace.op, complaint
                worlds[:0] = self._explained(now, trace.gaps[0], trace.op, complaint)
            if later and len(worlds) + len(ready) < WORLDS_MAX:
                worlds.append(world.without(trace, later))
        if not ready and doubt:
            self._differs(position, doubt[0], f"nobody heard of it, but it was done: {doubt[1].text}")
        return merged(ready) if len(ready) > 1 else ready

    def _explained(self, world: World, position: int, op: Op, complaint: Complaint) -> list[World]:
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
                    tried.add(both)
                    other = one.without(trace) if trace else one.copy()
                    if other.model.judge(hidden):
                        continue
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
            if position in trace.gaps and self._concerns(trace.op, op, complaint, model):
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
                and self.order.may_hide(other.began_ns, position)
            ):
                yield self._as_hidden(position, other), None

    def _was_before(self, position: int, op: Op, world: World) -> bool:
        return self._was_ordered_before(position, op, world.model) or self._was_late_before(
            position, op, world.model
        )

    def _was_ordered_before(self, position: int, op: Op, model: Model) -> bool:
        """An order asked for twice, the first time unheard, in one millisecond with a release after it."""
        hold = model.holds.get(op.token)
        unordered = hold is not None and hold.state == "released" and not hold.pay_by_ms
        if not hold or not unordered or op.word != "ORDERED" or op.told[0] != op.at_ms + PAY_MS:
            return False
        if not self.order.may_hide(op.began_ns, position):
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

    def _is_possible(self, other: Op, before_ms: int) -> bool:
        """What came later may rule it out: a hold that lapsed or was ordered was not released before."""
        if other.verb == "order":
            return bool(other.told[0] - PAY_MS <= before_ms)
        return other.token not in self.lapsed and self.ordered_ms.get(other.token, 0) <= before_ms

    def _concerns(self, other: Op, op: Op, complaint: Complaint, model: Model) -> bool:
        if other.night != op.night:
            return False
        hold = model.holds.get(other.token)
        fan = hold.fan if hold else other.asked[0] if other.verb == "hold" else -1
        return complaint.hall or other.token in complaint.tokens or (fan >= 0 and fan == complaint.fan)

    def _is_late_sweep(self, position: int, op: Op, model: Model) -> bool:
        """Fewer lapsed than were due, since an unheard turn has given some of them back before."""
        if op.verb != "sweep" or op.told[0] >= len(model.overdue(op.at_ms)):
            return False
        since = self.swept.get(op.night, -1)
        if self.order.silent[position] == (self.order.silent[since] if since >= 0 else 0):
            return False
        model.lapse(op.at_ms)
        return True

    def _missing_record(self, op: Op) -> str | None:
        """A payment's effect stands in the outbox once, with its time; a replay of it is no second one."""
        kind = "confirmed" if op.word == "CONFIRMED" else "refunded"
        entry = self.entries.get((op.token, op.asked[0], kind))
        if entry is None:
            return f"the outbox has no `{kind}` record of this payment"
        if op.word == "CONFIRMED" and (entry.version, entry.at_ms) != (op.told[0], op.at_ms):
            return f"the outbox has it as record {entry.version} at {entry.at_ms}"
        return None if entry.word == op.word else f"the outbox has it as {entry.word}"

    def _end(self) -> None:
        """The store must stand where the history ends."""
        last = len(self.order.ops) - 1
        versions = [entry.version for entry in self.evidence.outbox]
        if versions != list(range(1, len(versions) + 1)):
            self._differs(last, self.order.ops[last], "the outbox has gaps")
        for number in [*self.worlds]:
            worlds = self._put_in(last + 1, number)
            letters = self.evidence.boards.get(number)
            stands = [one for one in worlds if letters is None or one.model.sold() == sold(letters)]
            if worlds and not stands:
                self._differs(last, self.order.ops[last], f"the board of night {number} has other seats sold")
            self.verdict.resolved += sum(one.found for one in stands[:1])

    def _differs(self, position: int, op: Op, why: str) -> Verdict:
        ops, reach = self.order.ops, NEIGHBOURS
        near = [str(one) for one in ops[max(0, position - reach) : position]]
        first = position + (op in ops[position : position + 1])
        after = [str(one) for one in ops[first : first + reach]]
        self.verdict.difference = self.verdict.difference or Difference(str(op), why, near, after)
        return self.verdict


def sold(letters: str) -> set[int]:
    return {seat for seat, letter in enumerate(letters) if letter == "s"}


def check(calls: list[Op], evidence: Evidence, per_night: int) -> Verdict:
    return Checker(calls, evidence, per_night).run() if calls else Verdict()
