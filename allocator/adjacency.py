"""Who sits beside whom, told from coordinates: a gap wider than the row's usual spacing is an aisle.

Labels say nothing about it (numbers may run right to left, odd on one side and even on the other), nor does
the order in the file, so a row is first walked from end to end.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from allocator.drawing import DrawnRow, DrawnSeat, Run

AISLE_SPACINGS = 1.5
"""A missing seat makes a gap of 2 spacings, a narrow aisle about 1.6; uneven drawing stays under 1.2."""
SPACING_UNITS_MIN = 0.001
SURE_GAPS = 3
"""A row with fewer gaps than this may be nothing but aisles, so it is compared with the other rows too."""
HINT_TOLERANCE = 0.1


class LooseRow(msgspec.Struct, frozen=True):
    """A row as drawn: seats in any order; `pitch` is the spacing the file names, if it names one."""

    section: str
    label: str
    seats: tuple[DrawnSeat, ...]
    pitch: float | None = None


def rows_in_runs(rows: Sequence[LooseRow]) -> tuple[DrawnRow, ...]:
    """Each row from left to right, cut into runs where a gap exceeds AISLE_SPACINGS of its usual spacing."""
    walked = [walk(row.seats) for row in rows]
    gaps = [gaps_of(seats) for seats in walked]
    sure = [lower_quartile(row_gaps) for row_gaps in gaps if len(row_gaps) >= SURE_GAPS]
    reference = lower_quartile(sure or [gap for row_gaps in gaps for gap in row_gaps])
    return tuple(
        DrawnRow(row.section, row.label, cut(seats, row_gaps, usual_spacing(row_gaps, row.pitch, reference)))
        for row, seats, row_gaps in zip(rows, walked, gaps, strict=True)
    )


def walk(seats: Sequence[DrawnSeat]) -> Run:
    """The seats from the left end of the row to its right end.

    Along the row's main axis or as the file has them, whichever is the shorter way: the axis puts shuffled
    seats right, the file's order follows a row that bends back on itself.
    """
    as_drawn, along_axis = tuple(seats), tuple(sorted(seats, key=main_axis(seats)))
    shorter = along_axis if sum(distances(along_axis)) < sum(distances(as_drawn)) else as_drawn
    left_first = shorter and position(shorter[0]) <= position(shorter[-1])
    return shorter if left_first else shorter[::-1]


def main_axis(seats: Sequence[DrawnSeat]) -> "Axis":
    """The direction in which the seats spread most (first principal component)."""
    xs, ys = [seat.seat.x for seat in seats], [seat.seat.y for seat in seats]
    x0, y0 = sum(xs) / max(1, len(xs)), sum(ys) / max(1, len(ys))
    sxx, syy = sum((x - x0) ** 2 for x in xs), sum((y - y0) ** 2 for y in ys)
    sxy = sum((x - x0) * (y - y0) for x, y in zip(xs, ys, strict=True))
    angle = 0.5 * math.atan2(2 * sxy, sxx - syy)
    return Axis(math.cos(angle), math.sin(angle))


class Axis(msgspec.Struct, frozen=True):
    x: float
    y: float

    def __call__(self, drawn: DrawnSeat) -> float:
        return drawn.seat.x * self.x + drawn.seat.y * self.y


def gaps_of(seats: Run) -> list[float]:
    """Distances between neighbours; two seats on one spot are refused."""
    gaps = distances(seats)
    for gap, seat in zip(gaps, seats[1:], strict=True):
        if gap < SPACING_UNITS_MIN:
            raise seat.label_at.bad("This seat stands on the same spot as another one of its row.")
    return gaps


def usual_spacing(gaps: Sequence[float], pitch: float | None, reference: float) -> float:
    """The spacing of neighbours: the pitch the file names if a gap shows it, else the row's lower quartile.

    The lower quartile, not the median: in a row of pairs or single seats most gaps may be aisles.
    """
    if pitch is not None and any(abs(gap - pitch) <= HINT_TOLERANCE * pitch for gap in gaps):
        return pitch
    own = lower_quartile(gaps)
    return own if len(gaps) >= SURE_GAPS else min(own, reference)


def cut(seats: Run, gaps: Sequence[float], spacing: float) -> tuple[Run, ...]:
    starts = [0, *(at for at, gap in enumerate(gaps, start=1) if gap > AISLE_SPACINGS * spacing), len(seats)]
    return tuple(seats[start:end] for start, end in pairwise(starts) if start < end)


def lower_quartile(values: Sequence[float]) -> float:
    return sorted(values)[(len(values) - 1) // 4] if values else 0.0


def distances(seats: Run) -> list[float]:
    return [math.dist(position(a), position(b)) for a, b in pairwise(seats)]


def position(drawn: DrawnSeat) -> tuple[float, float]:
    return drawn.seat.x, drawn.seat.y
