"""Reading seat plans: one door for every format, and what holds for all of them.

The formats say where seats stand; here names become unique, a missing focal point is set two thirds back in
the middle, and what general sale does not offer is said in words. `docs/plans.md` is the same for people.
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal

import msgspec

from allocator.drawing import Drawing, DrawnRow, DrawnSeat
from allocator.plan import Imported, Plan, Row, SeatName, seat_name, two_thirds_back
from allocator.plan_file import ROWS_MAX, SEATS_MAX, Node, decode
from allocator.pretix_format import read_pretix
from allocator.seatsio_format import read_seatsio
from allocator.usher_format import read_usher

PlanFormat = Literal["usher", "pretix", "seatsio"]
READERS: Final[dict[PlanFormat, Callable[[Node], Drawing]]] = {
    "usher": read_usher,
    "pretix": read_pretix,
    "seatsio": read_seatsio,
}
LEFT_OUT_LINES_MAX = 200


def read_plan(data: bytes, format: PlanFormat) -> Imported:
    """The plan in `data` and, in words, what the file holds beyond seats; raises BadPlan."""
    drawing = READERS[format](decode(data))
    check_size(drawing)
    rows = drawing.rows
    notes = list(drawing.left_out)
    if ambiguous(rows):
        rows = tuple(respelt(row) for row in rows)
        notes.append("dashes inside labels: written `_`, since two seats would share a name otherwise")
    check_names(rows)
    plan = Plan(
        name=drawing.name,
        categories=drawing.categories,
        rows=tuple(plan_row(row) for row in rows),
        focal=drawing.focal or two_thirds_back([drawn.seat for _name, _row, drawn in named(rows)]),
    )
    return Imported(plan, shortened([*notes, *set_aside(plan)]))


def check_size(drawing: Drawing) -> None:
    seats = sum(len(run) for row in drawing.rows for run in row.runs)
    if seats == 0:
        raise drawing.seats_at.bad("The plan has no seats.")
    if seats > SEATS_MAX:
        raise drawing.seats_at.bad(f"The plan has {seats} seats; at most {SEATS_MAX} are possible.")
    if len(drawing.rows) > ROWS_MAX:
        raise drawing.seats_at.bad(f"The plan has {len(drawing.rows)} rows; at most {ROWS_MAX} are possible.")


def named(rows: tuple[DrawnRow, ...]) -> Iterator[tuple[SeatName, DrawnRow, DrawnSeat]]:
    for row in rows:
        spelt = Row(row.label, (), row.section)
        for run in row.runs:
            for drawn in run:
                yield seat_name(spelt, drawn.seat), row, drawn


def ambiguous(rows: tuple[DrawnRow, ...]) -> bool:
    """Whether different labels run together into one name: row `B-C` of `A` and row `C` of `A-B`."""
    spellings: dict[SeatName, tuple[str, str, str]] = {}
    return any(
        spellings.setdefault(name, (row.section, row.label, drawn.seat.label))
        != (row.section, row.label, drawn.seat.label)
        for name, row, drawn in named(rows)
    )


def respelt(row: DrawnRow) -> DrawnRow:
    """The row with `_` for every dash inside a label, so that a dash in a name only ever joins labels."""
    return DrawnRow(
        row.section.replace("-", "_"),
        row.label.replace("-", "_"),
        tuple(tuple(respelt_seat(drawn) for drawn in run) for run in row.runs),
    )


def respelt_seat(drawn: DrawnSeat) -> DrawnSeat:
    seat = msgspec.structs.replace(drawn.seat, label=drawn.seat.label.replace("-", "_"))
    return DrawnSeat(seat, drawn.label_at)


def check_names(rows: tuple[DrawnRow, ...]) -> None:
    first: dict[SeatName, DrawnSeat] = {}
    for name, _row, drawn in named(rows):
        other = first.setdefault(name, drawn)
        if other is not drawn:
            raise drawn.label_at.bad(f"Two seats are called {name}; the other is at {other.label_at.path}.")


def plan_row(row: DrawnRow) -> Row:
    return Row(row.label, tuple(tuple(drawn.seat for drawn in run) for run in row.runs), row.section)


def set_aside(plan: Plan) -> Iterator[str]:
    """Wheelchair places and their companions stay in the plan; the allocator keeps them from general sale."""
    seats = [seat for _name, _row, seat in plan.named_seats()]
    places = sum(seat.accessible for seat in seats)
    companions = sum(seat.companion and not seat.accessible for seat in seats)
    if places:
        yield f"wheelchair places: {places}, kept in the plan but out of general sale"
    if companions:
        yield f"companion seats: {companions}, kept in the plan but out of general sale"


def shortened(notes: list[str]) -> tuple[str, ...]:
    if len(notes) <= LEFT_OUT_LINES_MAX:
        return tuple(notes)
    return (*notes[: LEFT_OUT_LINES_MAX - 1], f"and {len(notes) - LEFT_OUT_LINES_MAX + 1} more")
