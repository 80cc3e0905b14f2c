"""The checker: replays a shard's history in the order of its versions, names the first answer that differs.

Decisions that nobody heard are put in where they must have been: those that left a trace where a turn of
their time is missing; releases, which leave none, when an answer asks for it and a turn is missing before.
Where it can have been one or another, the night goes on as several worlds, until later answers leave one.
"""

from collections import defaultdict
from itertools import chain
from typing import Final

from tests.history_complaint import Complaint
from tests.history_doubt import Doubts
from tests.history_model import Model
from tests.history_night import night
from tests.history_op import Op
from tests.history_order import Order
from tests.history_traces import Evidence, traces, unasked
from tests.history_verdict import Difference, Verdict
from tests.history_world import WORLDS_MAX, Trace, World, merged

NEIGHBOURS: Final = 3
RECORDED: Final = ("CONFIRMED", "ALREADY_PAID", "LATE_REFUNDED")
"""Answers whose effect stands in the outbox."""


class Checker:
    """One shard."""

    def __init__(self, calls: list[Op], evidence: Evidence, per_night: int) -> None:
        self.order = Order(calls)
        self.calls, self.evidence = calls, evidence
        self.per_night = per_night
        self.worlds: dict[int, list[World]] = {}
        self.doubts = Doubts(self.order, evidence)
        self.released = {
            op.token: position for position, op in enumerate(self.order.ops) if op.word == "RELEASED"
        }
        self.traces: defaultdict[int, list[Trace]] = defaultdict(list)
        for op in traces(calls, evidence):
            self.traces[op.night].append(Trace(op, tuple(self._gaps(op))))
        self.entries = {(e.token, e.reference, e.kind): e for e in evidence.outbox if e.kind != "reclaimed"}
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
            going += self.doubts.explained(world, position, op, complaint)
        if not going:
            self._differs(position, op, failed[0][1].text)
            return False
        for world in going:
            world.note(position, op)
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
                worlds[:0] = self.doubts.explained(now, trace.gaps[0], trace.op, complaint)
            if later and (complaint or len(worlds) + len(ready) < WORLDS_MAX):
                worlds.append(world.without(trace, later))
        if not ready and doubt:
            self._differs(position, doubt[0], f"nobody heard of it, but it was done: {doubt[1].text}")
        return merged(ready) if len(ready) > 1 else ready

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
        for number in sorted({*self.worlds, *self.traces}):
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
