"""The calls of a shard in the order of their versions, held against real time.

Turns count on by one, so a missing number is a turn whose answer nobody heard: only there, or after the last
turn of an epoch, can a call of unknown outcome have been decided.
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise

from tests.history_op import UNKNOWN, Op

NEVER_NS = 2**63


class Order:
    """`ops` have answers and stand in order; `unknown` have none. `fault`: the first out of order."""

    def __init__(self, calls: list[Op]) -> None:
        self.unknown = [op for op in calls if op.word == UNKNOWN]
        self.ops = sorted((op for op in calls if op.word != UNKNOWN), key=key)
        ended = [op.ended_ns for op in self.ops]
        self.later_ended_ns = [*accumulate([NEVER_NS, *reversed(ended)], min)][-2::-1]
        """By position: when the first of all later ones had ended."""
        self.silent = self._silent_turns()
        self._times = [op.at_ms for op in self.ops]
        self.fault = self._fault()
        by_end = sorted(range(len(ended)), key=ended.__getitem__)
        self._ended = [ended[i] for i in by_end]
        self._latest = [*accumulate(by_end, max)]

    def after(self, began_ns: int) -> int:
        """The last position that a call which began then must follow; -1 for none."""
        count = bisect_left(self._ended, began_ns)
        return self._latest[count - 1] if count else -1

    def may_hide(self, began_ns: int, position: int, since: int = -1) -> bool:
        """A call that began then may have been decided, unheard, after `since` and before the position."""
        least = max(self.after(began_ns), since)
        heard = self.silent[least] if least >= 0 else 0
        return least < position and (position == len(self.silent) or self.silent[position] > heard)

    def gaps(self, at_ms: int, began_ns: int) -> list[int]:
        """The positions before which a call that began then can have been decided, unheard, at that time."""
        first = max(bisect_left(self._times, at_ms), self.after(began_ns) + 1)
        last = bisect_right(self._times, at_ms)
        found = [
            p
            for p in range(first, min(last + 1, len(self.ops)))
            if self._is_gap(p) and not self._is_reborn(p, at_ms)
        ]
        return [*found, len(self.ops)] if last == len(self.ops) else found

    def _is_reborn(self, position: int, at_ms: int) -> bool:
        """An epoch hides at its end no turn of the time at which the next begins: restarts take longer."""
        if position == 0 or self._times[position] != at_ms:
            return False
        return self.ops[position].turn == 1 and self.ops[position].epoch != self.ops[position - 1].epoch

    def _is_gap(self, position: int) -> bool:
        return self.silent[position] > (self.silent[position - 1] if position else 0)

    def _silent_turns(self) -> list[int]:
        """By position: how many turns before it were not heard; a new epoch may hide the end of the last."""
        count, epoch, turn, found = 0, 0, 0, []
        for op in self.ops:
            if op.epoch != epoch:
                count, epoch, turn = count + 1, op.epoch, 0
            count += max(op.turn - turn - 1, 0)
            turn = op.turn
            found.append(count)
        return found

    def _fault(self) -> tuple[int, str] | None:
        for i, (one, two) in enumerate(pairwise(self.ops), 1):
            if key(one) == key(two):
                return i, "two answers have this version"
            if two.at_ms < one.at_ms or (one.version[:2] == two.version[:2] and one.at_ms != two.at_ms):
                return i, "the shard's time ran backwards, or stood twice in one turn"
        for i, op in enumerate(self.ops):
            if op.began_ns > self.later_ended_ns[i]:
                return i, "it began after a later version was answered"
        return None


def key(op: Op) -> tuple[int, int, int]:
    return op.epoch, op.turn, op.place
