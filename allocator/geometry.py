"""A plan compiled for the seat functions: seats are indices, rows are runs, zones are ranked segments.

A *segment* is a maximal piece of one category within a run. All blocks of neighbours in all segments are
ranked once, here, by nearness to the focal point, so that the functions only have to walk down the ranking.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from allocator.plan import Plan, Point, Seat, SeatName

SCALE: Final = 1000
"""Distances travel as whole thousandths of the plan's unit."""
SEATS_PER_HOLD_MAX: Final = 25
"""Most seats of one hold; the seat functions count on less than 32 (`allocator/lua/instead.lua`)."""
FREE: Final = b"."
BLOCKED: Final = b"b"
SOLD: Final = b"s"
SOLD_ELSEWHERE: Final = b"x"


class Segment(msgspec.Struct, frozen=True):
    """Seats `first .. first + length - 1` of run `run`, all of one category.

    `near[k]` is how far from the focal point the centre of a block lies: k = 2 * (start - first) + n - 1
    for n seats from seat `start`. It never falls on the way out from its least value, at `ideal`: ripples
    of a zigzag row are ironed out, so that the best start in a gap is the one next to the ideal.
    """

    run: int
    first: int
    length: int
    category: int
    near: tuple[int, ...]
    ideal: int


class Geometry:
    """`names[i]` is the seat with index i; `runs` are (first index, length); `blob` is what Lua reads."""

    def __init__(self, plan: Plan) -> None:
        named = list(plan.named_seats())
        self.names: tuple[SeatName, ...] = tuple(name for name, _, _ in named)
        self.seats: tuple[Seat, ...] = tuple(seat for _, _, seat in named)
        self.categories: tuple[str, ...] = tuple(category.key for category in plan.categories)
        self._number = {key: number for number, key in enumerate(self.categories)}
        self._index = {name: index for index, name in enumerate(self.names)}
        assert len(self._index) == len(self.names), "two seats of one name"
        self.runs: tuple[tuple[int, int], ...] = tuple(_runs(plan))
        self.segments: tuple[Segment, ...] = tuple(self._segments(plan.focal))
        self.blob = msgspec.msgpack.encode(self._layout())
        self.digest = hashlib.sha256(self.blob).hexdigest()[:40]

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int | None:
        return self._index.get(SeatName(name))

    def indices(self, names: Iterable[str]) -> tuple[int, ...]:
        """Indices in the order of `names`; -1 for a name that the plan does not have."""
        return tuple(self._index.get(SeatName(name), -1) for name in names)

    def named(self, indices: Iterable[int]) -> tuple[SeatName, ...]:
        return tuple(self.names[index] for index in indices)

    def category(self, index: int) -> str:
        return self.seats[index].category

    def category_number(self, key: str) -> int | None:
        return self._number.get(key)

    def initial(self, blocked: Iterable[str], sold: Iterable[str], owned: Iterable[int] = ()) -> bytes:
        """The board before the first hold: wheelchair and companion places stay out of general allocation.

        `owned`: indices of seats that we sold, for a store that is filled anew.
        """
        board = bytearray(FREE * len(self))
        for index, seat in enumerate(self.seats):
            if seat.accessible or seat.companion:
                board[index : index + 1] = BLOCKED
        for names, letter in ((blocked, BLOCKED), (sold, SOLD_ELSEWHERE)):
            for name in names:
                index = self._index[SeatName(name)]
                board[index : index + 1] = letter
        for index in owned:
            board[index : index + 1] = SOLD
        return bytes(board)

    def _segments(self, focal: Point) -> list[Segment]:
        """All segments in rank order."""
        found = []
        for run, (first, length) in enumerate(self.runs):
            numbers = [self._number[seat.category] for seat in self.seats[first : first + length]]
            start = 0
            for end in range(1, length + 1):
                if end == length or numbers[end] != numbers[start]:
                    seats = self.seats[first + start : first + end]
                    near, ideal = _nearness(seats, focal)
                    found.append(Segment(run, first + start, end - start, numbers[start], near, ideal))
                    start = end
        return sorted(found, key=lambda s: (s.category, s.near[s.ideal], s.first))

    def _layout(self) -> list[object]:
        """Numbers count from 1 for Lua, apart from seat indices and zone 0.

        [[first index, length] of each run, [run, from, to, category] of each segment with places within the
        run, the rankings of zone 0 (all categories) and, if there are several, of each category, the number
        of categories, x of each seat, y of each seat]
        """
        segments = []
        for segment in self.segments:
            start = segment.first - self.runs[segment.run][0] + 1
            end = start + segment.length - 1
            segments.append([segment.run + 1, start, end, segment.category + 1])
        several = range(len(self.categories)) if len(self.categories) > 1 else ()
        rankings = [_ranking(self.segments)]
        rankings += [_ranking([s for s in self.segments if s.category == number]) for number in several]
        xs, ys = [round(s.x * SCALE) for s in self.seats], [round(s.y * SCALE) for s in self.seats]
        return [self.runs, segments, rankings, len(self.categories), xs, ys]


def _ranking(segments: Sequence[Segment]) -> list[list[int]]:
    """Blocks by the place of their middle, nearest first: of even size (its left middle seat), then of odd.

    A place is the index + 1 + the number of its run from 1: one number stays free between runs.
    """
    centres: tuple[list[tuple[int, int, int, int]], ...] = ([], [])
    for rank, segment in enumerate(segments):
        for k, near in enumerate(segment.near):
            place = segment.first + k // 2 + 2 + segment.run
            centres[1 - k % 2].append((near, rank, abs(k - segment.ideal), place))
    return [[place for _, _, _, place in sorted(each)] for each in centres]


def _runs(plan: Plan) -> Iterator[tuple[int, int]]:
    first = 0
    for row in plan.rows:
        for run in row.runs:
            if run:
                yield first, len(run)
                first += len(run)


def _nearness(seats: Sequence[Seat], focal: Point) -> tuple[tuple[int, ...], int]:
    """Distances of all block centres, and where they are least (nearest the middle when several are)."""
    centres = [(seats[0].x, seats[0].y)]
    for left, right in pairwise(seats):
        centres.append(((left.x + right.x) / 2, (left.y + right.y) / 2))
        centres.append((right.x, right.y))
    near = [round(math.hypot(x - focal.x, y - focal.y) * SCALE) for x, y in centres]
    least = min(near)
    middle = (len(near) - 1) / 2
    ideal = min((k for k, d in enumerate(near) if d == least), key=lambda k: (abs(k - middle), k))
    for k in range(ideal + 1, len(near)):
        near[k] = max(near[k], near[k - 1])
    for k in range(ideal - 1, -1, -1):
        near[k] = max(near[k], near[k + 1])
    return tuple(near), ideal
