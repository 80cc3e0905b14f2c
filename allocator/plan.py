"""Seat plans: rows of physically adjacent seats, apart from what is printed on them.

A row is a sequence of runs; an aisle or a void ends a run, so two seats are neighbours exactly when they
stand side by side in one run. Distances are in the plan's own unit, y grows away from the screen's top edge.
"""

import hashlib
from collections.abc import Collection, Iterator
from typing import NewType

import msgspec

SeatName = NewType("SeatName", str)
"""Path of a seat joined by `-`: `C-7`, or `Balcony-C-7` with a section."""
PlanDigest = NewType("PlanDigest", str)
DEPTH_OF_BEST_SEAT = 2 / 3


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    x: float
    y: float


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price zone. `key` is what prices and holds name; `label` and `color` are for pages."""

    key: str
    label: str
    color: str = "#888888"


class Seat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    label: str
    x: float
    y: float
    category: str
    accessible: bool = False
    companion: bool = False
    restricted_view: bool = False


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`runs`: seats from left to right, one inner tuple per unbroken run."""

    label: str
    runs: tuple[tuple[Seat, ...], ...]
    section: str = ""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Usher's own format is this Struct as JSON. The focal point is where the best seat would be."""

    name: str
    categories: tuple[Category, ...]
    rows: tuple[Row, ...]
    focal: Point

    def named_seats(self) -> Iterator[tuple[SeatName, Row, Seat]]:
        """Every seat in plan order, which is also the order of seat indices everywhere."""
        for row in self.rows:
            for run in row.runs:
                for seat in run:
                    yield seat_name(row, seat), row, seat

    def digest(self) -> PlanDigest:
        """Content address of the plan: 40 hex digits of the SHA-256 of its canonical JSON."""
        return PlanDigest(hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:40])


class Imported(msgspec.Struct, frozen=True):
    """A plan read from some format; `left_out` names in words what the file held beyond seats."""

    plan: Plan
    left_out: tuple[str, ...] = ()


class BadPlan(Exception):
    """The plan cannot be used; `where` is the path of the fault in the file, `why` a sentence."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def seat_name(row: Row, seat: Seat) -> SeatName:
    return SeatName("-".join(part for part in (row.section, row.label, seat.label) if part))


def two_thirds_back(seats: Collection[Seat]) -> Point:
    """Where the best seat of a cinema would be: in the middle, at DEPTH_OF_BEST_SEAT from front to back."""
    front, back = min(seat.y for seat in seats), max(seat.y for seat in seats)
    left, right = min(seat.x for seat in seats), max(seat.x for seat in seats)
    return Point(round((left + right) / 2, 3), round(front + DEPTH_OF_BEST_SEAT * (back - front), 3))
