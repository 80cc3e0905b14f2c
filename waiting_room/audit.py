"""What the admissions log proves: nobody too many inside, nobody passed over.

Both are replays: the log has every change that counts against the capacity and every call of the line in the
order in which the store decided them.
"""

from collections.abc import Callable, Iterable

import msgspec

from waiting_room.admissions import Record


class Proof(msgspec.Struct, frozen=True):
    """`overshoot`: most shoppers above the capacity when one was invited. `passed_over`: invitations that
    went to a fan behind one who was present and waiting. `twice`: entries invited more than once. All must
    be 0.
    """

    invitations: int
    overshoot: int
    passed_over: int
    twice: int


def prove(log: Iterable[Record], rank: Callable[[int], int]) -> Proof:
    """Replay of a whole log; `rank` maps an entry to its rank in the draw."""
    replay = _Replay(rank)
    for record in log:
        replay.take(record)
    return Proof(len(replay.ever), replay.overshoot, replay.passed_over, replay.twice)


class _Replay:
    def __init__(self, rank: Callable[[int], int]) -> None:
        self._rank = rank
        self._capacity = 0
        self._live: set[int] = set()
        self._back: dict[int, int] = {}  # entry -> rank of fans who came back and are not invited yet
        self._reached = -1  # the highest rank invited so far
        self.ever: set[int] = set()
        self.overshoot = self.passed_over = self.twice = 0

    def take(self, record: Record) -> None:
        match record.kind:
            case "c":
                self._capacity = record.entry
            case "i":
                self._invite(record.entry)
            case "t" | "d" | "l":
                self._live.discard(record.entry)
                self._back.pop(record.entry, None)
            case "r":
                self._back[record.entry] = self._rank(record.entry)
            case "m":
                self._back.pop(record.entry, None)

    def _invite(self, entry: int) -> None:
        rank = self._rank(entry)
        # A rank below one already invited had been absent; without a record of its return, whoever was
        # invited from behind it passed it over.
        returned = self._back.pop(entry, None) is not None
        wrong = (rank < self._reached and not returned) or any(back < rank for back in self._back.values())
        self.passed_over += wrong
        self.twice += entry in self.ever
        self.ever.add(entry)
        self._live.add(entry)
        self._reached = max(self._reached, rank)
        self.overshoot = max(self.overshoot, len(self._live) - self._capacity)
