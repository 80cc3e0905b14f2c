"""Where a decision stands among all decisions of its shard, refused ones among them.

The store answers a call with its turn: the epoch of the gate, which only grows, and how many turns the
shard had since. Decisions of one batch follow each other by their place in it. So versions of one shard,
compared as tuples, are the order in which the store decided; of two shards they say nothing.
"""

from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import msgspec

GATE_CLOSED: Final = ["NO_EPOCH"]


class Version(NamedTuple):
    """`at_ms` is the shard's time of the turn; `again`: its answer was kept, and is told once more."""

    shard: int
    epoch: int
    turn: int
    place: int
    at_ms: int
    again: bool = False

    def __str__(self) -> str:
        return f"{self.shard}:{self.epoch}.{self.turn}.{self.place}"


heard: Final[ContextVar[Version | None]] = ContextVar("heard", default=None)
"""Of the latest answer that this task had to a mutating call; it saves every answer a field of its own."""


def unfold(packed: bytes) -> tuple[int, int, int, list[Any]] | None:
    """Epoch, turn, time and answers of a call, as told by store/lua/gate.lua; None from a closed gate."""
    told = msgspec.msgpack.decode(packed)
    if told == GATE_CLOSED:
        return None
    epoch, turn, at_ms, answers = told
    return epoch, turn, at_ms, answers


def listen(shard: int, packed: bytes) -> list[Any]:
    """[WORD, *fields] of a call of its own, its version heard; `GATE_CLOSED` from a closed gate."""
    told = unfold(packed)
    if told is None:
        return GATE_CLOSED
    epoch, turn, at_ms, answer = told
    heard.set(Version(shard, epoch, turn, 0, at_ms))
    return answer
