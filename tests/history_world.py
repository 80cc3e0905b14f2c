"""One way in which a night may have gone, as far as the answers tell by now.

What nobody heard can have been decided at several moments, or another in its place: only later answers show.
"""

from typing import Final

import msgspec

from tests.history_model import Model
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
    """`waiting`: traces that are not in the model yet; `found`: how many unheard decisions are."""

    def __init__(self, model: Model, waiting: tuple[Trace, ...]) -> None:
        self.model, self.waiting, self.found = model, waiting, 0

    def copy(self) -> "World":
        other = World(self.model.copy(), self.waiting)
        other.found = self.found
        return other

    def due(self, position: int) -> Trace | None:
        """The next one to be put in before the position."""
        return next((trace for trace in self.waiting if trace.gaps[0] <= position), None)

    def without(self, trace: Trace, instead: Trace | None = None) -> "World":
        """A copy in which the trace waits no longer, or waits for a later moment."""
        other = self.copy()
        left = tuple(one for one in self.waiting if one is not trace)
        other.waiting = (*left, instead) if instead else left
        return other

    def is_like(self, other: "World") -> bool:
        return self.waiting == other.waiting and self.model.is_like(other.model)


def merged(worlds: list[World]) -> list[World]:
    """Those that differ, the likeliest first, at most WORLDS_MAX."""
    kept: list[World] = []
    for world in worlds:
        if len(kept) < WORLDS_MAX and not any(world.is_like(other) for other in kept):
            kept.append(world)
    return kept
