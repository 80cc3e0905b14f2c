"""What the three formats are read as: counts, categories, runs, names, focal point and what is left out."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from allocator.halls import imax_hall, standard_hall, vip_hall
from allocator.importing import LEFT_OUT_LINES_MAX, PlanFormat, read_plan
from allocator.plan import BadPlan, Imported, Plan, Point

PLANS = Path(__file__).parent / "plans"
LICHTBURG = (PLANS / "lichtburg.pretix.json").read_bytes()
ARENA = (PLANS / "arena.seatsio.json").read_bytes()
JUNK: list[Any] = [None, True, 0, -1.5, 1e300, "", "A", "\n", [], [[]], {}, {"x": 1}]


def runs_of(plan: Plan) -> list[tuple[str, str, list[str]]]:
    """Each row as (section, label, seat labels of each run in one text)."""
    return [
        (row.section, row.label, [" ".join(seat.label for seat in run) for run in row.runs])
        for row in plan.rows
    ]


def seats_by_category(plan: Plan) -> dict[str, int]:
    return dict(Counter(seat.category for _name, _row, seat in plan.named_seats()))


def names(plan: Plan) -> list[str]:
    return [name for name, _row, _seat in plan.named_seats()]


def one_row(label: str, *, section: str = "") -> dict[str, Any]:
    seat = {"label": "1", "x": 0, "y": 0, "category": "s"}
    return {"label": label, "section": section, "runs": [[seat]]}


def read_rows(*rows: dict[str, Any]) -> Imported:
    plan = {"name": "Hall", "categories": [{"key": "s"}], "rows": list(rows)}
    return read_plan(json.dumps(plan).encode(), "usher")


@pytest.mark.parametrize("plan", [standard_hall(), imax_hall(), vip_hall()], ids=lambda plan: plan.name)
def test_our_own_format_comes_back_as_it_was(plan: Plan) -> None:
    assert read_plan(msgspec.json.encode(plan), "usher").plan == plan


@pytest.mark.parametrize(("data", "format"), [(LICHTBURG, "pretix"), (ARENA, "seatsio")])
def test_an_imported_plan_comes_back_in_our_own_format(data: bytes, format: PlanFormat) -> None:
    plan = read_plan(data, format).plan
    again = read_plan(msgspec.json.encode(plan), "usher").plan
    assert (again, again.digest()) == (plan, plan.digest())


def test_pretix_counts_and_zones() -> None:
    plan = read_plan(LICHTBURG, "pretix").plan
    assert len(names(plan)) == LICHTBURG.count(b'"seat_guid"') == 200
    counts = {key: LICHTBURG.count(f'"category": "{key}"'.encode()) for key in ("Parkett", "Loge", "Balkon")}
    assert seats_by_category(plan) == counts == {"Parkett": 116, "Loge": 38, "Balkon": 46}
    assert [category.color for category in plan.categories] == ["#7f4a91", "#c2873d", "#4a7f91"]
    assert [[len(run) for run in row.runs] for row in plan.rows] == (
        [[10]] + [[3, 10, 3]] * 9 + [[4, 8, 4]] * 2 + [[4, 6, 4]]
    )


def test_pretix_names_carry_the_zone_and_positions_add_up() -> None:
    plan = read_plan(LICHTBURG, "pretix").plan
    assert names(plan)[:2] == ["Parkett-1-10", "Parkett-1-9"]
    assert names(plan)[-1] == "Balkon-3-14"
    assert {seat.y for _name, row, seat in plan.named_seats() if row.section == "Balkon"} == {480, 510, 540}
    assert plan.focal == Point(340, 400)


def test_pretix_leaves_out_areas_by_name() -> None:
    assert read_plan(LICHTBURG, "pretix").left_out == (
        "area Leinwand (not numbered seats)",
        "area Stehplätze (40) (not numbered seats)",
    )


def test_a_single_pretix_zone_is_no_section() -> None:
    document = json.loads(LICHTBURG)
    del document["zones"][1]
    assert names(read_plan(json.dumps(document).encode(), "pretix").plan)[0] == "1-10"


def test_seatsio_runs_follow_coordinates() -> None:
    assert runs_of(read_plan(ARENA, "seatsio").plan) == [
        ("", "AA", ["1 2 3 4"]),
        ("Left-Wing", "A", ["1 2 3 4 5 6", "7 8 9 10 11"]),
        ("Left-Wing", "B", ["1 2 3 4 5 6 7 8 9 10 11 12"]),
        ("Grand Balcony", "C", ["7 8", "9 10 11"]),
        ("Grand Balcony", "D", ["1", "3"]),
    ]


def test_seatsio_sections_give_category_offset_and_name() -> None:
    plan = read_plan(ARENA, "seatsio").plan
    seats = {str(name): seat for name, _row, seat in plan.named_seats()}
    assert seats_by_category(plan) == {"1": 30, "royal": 4}
    assert (seats["Grand Balcony-C-7"].x, seats["Grand Balcony-C-7"].y) == (510, 70)
    assert seats["Grand Balcony-C-10"].accessible
    assert seats["Grand Balcony-C-11"].companion
    assert seats["AA-4"].restricted_view
    assert plan.focal == Point(300, 0)


def test_seatsio_leaves_out_by_name() -> None:
    assert read_plan(ARENA, "seatsio").left_out == (
        "standing area Floor (capacity 250)",
        "table T1 (capacity 4)",
        "section Lawn without numbered seats (capacity 300)",
        "section Closed, unpublished seats: 2",
        "objects under hammocks: 1",
        "standing area Left-Wing-Pit (capacity 80)",
        "booth Left-Wing-Bar 1 (capacity 1)",
        "row Grand Balcony-D, unpublished seats: 1",
        "row Grand Balcony-D, seats closed by distancing rules: 1",
        "row Grand Balcony-E, unpublished seats: 2",
        "seats marked hearingImpaired: 1, sold like any other",
        "wheelchair places: 1, kept in the plan but out of general sale",
        "companion seats: 1, kept in the plan but out of general sale",
    )


def test_seats_of_an_accessible_category_are_wheelchair_places() -> None:
    document = json.loads(ARENA)
    document["categories"]["list"][2]["accessible"] = True
    plan = read_plan(json.dumps(document).encode(), "seatsio").plan
    assert sum(seat.accessible for _name, _row, seat in plan.named_seats()) == 5


@pytest.mark.parametrize("unset", [None, {"x": 0, "y": 0}])
def test_a_focal_point_never_set_is_two_thirds_back(unset: object) -> None:
    document = json.loads(ARENA)
    document["subChart"]["focalPoint"] = unset
    plan = read_plan(json.dumps(document).encode(), "seatsio").plan
    ys = [seat.y for _name, _row, seat in plan.named_seats()]
    assert plan.focal.y == pytest.approx(min(ys) + (max(ys) - min(ys)) * 2 / 3, abs=0.001)


def test_dashes_stay_while_names_are_unique() -> None:
    plan = read_rows(one_row("A", section="Left-Wing"), one_row("A", section="Left Wing")).plan
    assert names(plan) == ["Left-Wing-A-1", "Left Wing-A-1"]


def test_dashes_that_make_two_seats_one_are_respelt() -> None:
    imported = read_rows(one_row("B-C", section="A"), one_row("C", section="A-B"), one_row("A-B"))
    assert names(imported.plan) == ["A-B_C-1", "A_B-C-1", "A_B-1"]
    assert imported.left_out == (
        "dashes inside labels: written `_`, since two seats would share a name otherwise",
    )


def test_what_is_left_out_is_told_in_a_bounded_list() -> None:
    document = json.loads(ARENA)
    area = document["subChart"]["generalAdmissionAreas"][0]
    document["subChart"]["generalAdmissionAreas"] = [area] * 500
    left_out = read_plan(json.dumps(document).encode(), "seatsio").left_out
    assert len(left_out) == LEFT_OUT_LINES_MAX
    assert left_out[-1] == f"and {500 + 12 - LEFT_OUT_LINES_MAX + 1} more"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_plan(b"\xef\xbb\xbf" + LICHTBURG, "pretix") == read_plan(LICHTBURG, "pretix")


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize(("data", "format"), [(LICHTBURG, "pretix"), (ARENA, "seatsio")])
def test_junk_anywhere_is_read_or_refused(data: bytes, format: PlanFormat, seed: int) -> None:
    """Whatever value is put anywhere, the answer is a plan that reads back or a BadPlan, nothing else."""
    draw = random.Random(seed)
    document = json.loads(data)
    put_junk(document, draw)
    try:
        plan = read_plan(json.dumps(document).encode(), format).plan
    except BadPlan:
        return
    assert read_plan(msgspec.json.encode(plan), "usher").plan == plan


def put_junk(value: Any, draw: random.Random) -> None:
    """Walk down from `value`, then replace one child."""
    while True:
        steps = list(value) if isinstance(value, dict) else list(range(len(value)))
        step = draw.choice(steps)
        if not isinstance(value[step], dict | list) or not value[step] or draw.random() < 0.15:
            value[step] = draw.choice(JUNK)
            return
        value = value[step]
