"""One way in which a night may have gone, as far as the answers tell by now.

What nobody heard can have been decided at several moments, or another in its place: only later answers show.
"""

from typing import Final

import msgspec

from tests.history_model import Model
from tests.history_night import PAY_MS
from tests.history_op import Op

WORLDS_MAX: Final = 24


class Trace(msgspec.Struct, frozen=True):
    """An unheard decision, and the positions before which it can have been, the first first."""

    op: Op
    gaps: tuple[int, ...]

    def later(self, position: int) -> "Trace | None":
        """The same with the gaps after the position; None when there is none."""
        left = tuple(gap for gap in self.gaps if gap > position)
        return Trace(self.op, left) if left else None


class World:
    """A model, and what was not heard and is not in it yet.

    `waiting`: those traces; `found`: how many unheard decisions are in the model; `live`: of each hold the
    last position at which an answer showed that it had not been given back.
    """

    def __init__(self, model: Model, waiting: tuple[Trace, ...]) -> None:
        self.model, self.waiting, self.found = model, waiting, 0
        self.live: dict[int, int] = {}

    def copy(self) -> "World":
        other = World(self.model.copy(), self.waiting)
        other.found, other.live = self.found, self.live.copy()
        return other

    def note(self, position: int, op: Op) -> None:
        """What an answer shows of holds."""
        if op.word == "TAKEN":
            self.live |= {self.model.hall.owner[seat]: position for seat in op.told[0]}
        elif op.word == "HELD" or (op.word == "ORDERED" and op.told[0] == op.at_ms + PAY_MS):
            self.live[op.token] = position

    def due(self, position: int) -> Trace | None:
        """The next one to be put in before the position."""
        trace = min(self.waiting, key=lambda one: one.gaps[0], default=None)
        return trace if trace and trace.gaps[0] <= position else None

    def without(self, trace: Trace, instead: Trace | None = None) -> "World":
        """A copy in which the trace waits no longer, or waits for a later moment."""
        other = self.copy()
        left = (instead if one is trace else one for one in self.waiting)
        other.waiting = tuple(one for one in left if one)
        return other

    def is_like(self, other: "World") -> bool:
        return self.waiting == other.waiting and self.model.is_like(other.model)


def merged(worlds: list[World]) -> list[World]:
    """Those that differ, the first found first, at most WORLDS_MAX."""
    kept: list[World] = []
    for world in worlds:
        if len(kept) < WORLDS_MAX and not any(world.is_like(other) for other in kept):
            kept.append(world)
    return kept
