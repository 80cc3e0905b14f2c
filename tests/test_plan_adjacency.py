"""Neighbours from coordinates: tables of drawn rows, the expected runs last, and rows drawn at random."""

import math
import random

import pytest

from allocator.adjacency import LooseRow, rows_in_runs
from allocator.drawing import DrawnSeat
from allocator.halls import imax_hall, standard_hall, vip_hall
from allocator.plan import BadPlan, Plan, Seat
from allocator.plan_file import Node

Spot = tuple[float, float]
ROWS: list[tuple[str, list[Spot], str]] = [
    ("one seat", [(0, 0)], "A"),
    ("evenly spaced", [(x, 0) for x in (0, 20, 40, 60)], "A B C D"),
    ("an aisle", [(x, 0) for x in (0, 20, 60, 80)], "A B | C D"),
    ("a narrow aisle", [(x, 0) for x in (0, 20, 40, 72, 92)], "A B C | D E"),
    ("uneven drawing", [(x, 0) for x in (0, 20, 43, 62, 80)], "A B C D E"),
    ("pairs", [(x, 0) for x in (0, 20, 60, 80, 120, 140)], "A B | C D | E F"),
    ("more aisles than neighbours", [(x, 0) for x in (0, 60, 80, 140)], "A | B C | D"),
    ("drawn from right to left", [(x, 0) for x in (60, 40, 20, 0)], "D C B A"),
    ("shuffled", [(x, 0) for x in (40, 0, 80, 20)], "B D A | C"),
    ("standing upright", [(0, y) for y in (0, 20, 60, 80)], "A B | C D"),
    ("aslant, shuffled", [(30, 30), (0, 0), (15, 15), (45, 45)], "B C A D"),
    ("half a row back", [(0, 0), (20, 0), (40, 8), (60, 0)], "A B C D"),
    (
        "a horseshoe",
        [(math.cos(a / 2) * 40, math.sin(a / 2) * 40) for a in range(11, 1, -1)],
        "J I H G F E D C B A",
    ),
    ("two seats alone", [(0, 9), (60, 9)], "A | B"),
    ("two neighbours", [(0, 9), (20, 9)], "A B"),
    ("three seats alone", [(0, 9), (60, 9), (120, 9)], "A | B | C"),
    ("wider chairs than elsewhere", [(x, 0) for x in (0, 45, 90, 135, 180, 270)], "A B C D E | F"),
]
USUAL = [(float(x), 500.0) for x in range(0, 200, 20)]


def drawn(spots: list[Spot]) -> tuple[DrawnSeat, ...]:
    return tuple(
        DrawnSeat(Seat(chr(ord("A") + index), x, y, "s"), Node(None, None, index))
        for index, (x, y) in enumerate(spots)
    )


def runs(spots: list[Spot], pitch: float | None = None) -> str:
    """The runs of a row that stands beside an ordinary one, as text."""
    rows = rows_in_runs([LooseRow("", "1", drawn(spots), pitch), LooseRow("", "2", drawn(USUAL))])
    return " | ".join(" ".join(seat.seat.label for seat in run) for run in rows[0].runs)


@pytest.mark.parametrize(("what", "spots", "expected"), ROWS)
def test_runs(what: str, spots: list[Spot], expected: str) -> None:
    assert runs(spots) == expected


def test_the_pitch_the_file_names_tells_single_seats_from_wide_chairs() -> None:
    spots = [(x, 0.0) for x in (0.0, 60.0, 120.0, 180.0, 200.0, 260.0)]
    assert runs(spots) == "A B C D E F"
    assert runs(spots, pitch=20) == "A | B | C | D E | F"
    assert runs([(x * 3, y) for x, y in spots], pitch=20) == "A B C D E F"


def test_two_seats_on_one_spot_are_refused() -> None:
    with pytest.raises(BadPlan, match="same spot"):
        runs([(0, 0), (20, 0), (20, 0)])


@pytest.mark.parametrize("plan", [standard_hall(), imax_hall(), vip_hall()], ids=lambda plan: plan.name)
def test_coordinates_of_a_hall_tell_its_runs(plan: Plan) -> None:
    """The halls declare their runs; forgetting and shuffling them must lead back to the same."""
    draw = random.Random(7)
    loose = []
    for row in plan.rows:
        seats = [DrawnSeat(seat, Node(None)) for run in row.runs for seat in run]
        draw.shuffle(seats)
        loose.append(LooseRow(row.section, row.label, tuple(seats)))
    found = [tuple(tuple(drawn.seat for drawn in run) for run in row.runs) for row in rows_in_runs(loose)]
    assert found == [row.runs for row in plan.rows]


@pytest.mark.parametrize("seed", range(200))
def test_rows_drawn_at_random(seed: int) -> None:
    """Any row of blocks, bent, turned, scaled and shuffled, comes apart into its blocks."""
    draw = random.Random(seed)
    blocks = [draw.randint(2, 8) for _ in range(draw.randint(1, 4))]
    pitch, radius, turn = draw.uniform(0.5, 30), draw.uniform(30, 500), draw.uniform(-1.4, 1.4)
    spots, along = [], -0.6 * sum(blocks)
    for block in blocks:
        for _ in range(block):
            spots.append(turned(bent(along * pitch * draw.uniform(0.999, 1.001), radius * pitch), turn))
            along += 1
        along += draw.uniform(0.7, 3)
    order = draw.sample(range(len(spots)), len(spots))
    found = rows_in_runs([LooseRow("", "1", tuple(drawn(spots)[index] for index in order))])[0].runs
    letters = "".join(chr(ord("A") + index) for index in range(len(spots)))
    assert [len(run) for run in found] == blocks
    assert "".join(seat.seat.label for run in found for seat in run) == letters


def bent(along: float, radius: float) -> Spot:
    return radius * math.sin(along / radius), radius * math.cos(along / radius)


def turned(spot: Spot, angle: float) -> Spot:
    x, y = spot
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
