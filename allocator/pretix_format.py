"""Seating plans of pretix: zones of rows, every position relative to the thing around it.

The format knows neither aisles (coordinates tell them) nor wheelchair places (it has no field for them), and
its areas are drawings with words on them (a standing area, a bar, the screen), each named as left out.
"""

from collections.abc import Iterator

from allocator.adjacency import LooseRow, rows_in_runs
from allocator.drawing import Drawing, DrawnSeat
from allocator.plan import Category, Point, Seat
from allocator.plan_file import CATEGORIES_MAX, ROWS_MAX, SEATS_MAX, SECTIONS_MAX, Node

ORIGIN = Point(0.0, 0.0)


def read_pretix(root: Node) -> Drawing:
    """Category keys are the category names; a zone's name is the section if several zones have seats."""
    categories = read_categories(root.at("categories"))
    zones = list(root.at("zones").items(SECTIONS_MAX, "zones"))
    check_guids(zones)
    seated = [zone for zone in zones if any(True for row in rows_of(zone) for _seat in seats_of(row))]
    rows = [row for zone in seated for row in read_zone(zone, categories, with_section=len(seated) > 1)]
    return Drawing(
        name=root.at("name").label(),
        categories=tuple(categories.values()),
        rows=rows_in_runs(rows),
        focal=None,
        left_out=tuple(area for zone in zones for area in areas_of(zone)),
        seats_at=root.at("zones"),
    )


def read_categories(at: Node) -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for node in at.items(CATEGORIES_MAX, "categories"):
        name = node.at("name").label()
        if name in categories:
            raise node.at("name").bad(f"Two categories are called {name}.")
        categories[name] = Category(name, name, node.at("color").color())
    return categories


def rows_of(zone: Node) -> Iterator[Node]:
    return zone.at("rows").items(ROWS_MAX, "rows")


def seats_of(row: Node) -> Iterator[Node]:
    return row.at("seats").items(SEATS_MAX, "seats")


def check_guids(zones: list[Node]) -> None:
    """Two seats with one `seat_guid` are one seat to pretix, which the names alone would not show."""
    seen: set[str] = set()
    for guid in (seat.at("seat_guid") for zone in zones for row in rows_of(zone) for seat in seats_of(row)):
        words = guid.label()
        if words in seen:
            raise guid.bad(f"Two seats have the guid {words}.")
        seen.add(words)


def read_zone(zone: Node, categories: dict[str, Category], *, with_section: bool) -> Iterator[LooseRow]:
    section = zone.at("name").label_or("") if with_section else ""
    corner = shifted(ORIGIN, zone.at("position"))
    for row in rows_of(zone):
        start = corner if row.at("position").value is None else shifted(corner, row.at("position"))
        seats = tuple(read_seat(seat, start, categories) for seat in seats_of(row))
        if seats:
            yield LooseRow(section, row.at("row_number").label(), seats)


def read_seat(node: Node, start: Point, categories: dict[str, Category]) -> DrawnSeat:
    category = node.at("category").label()
    if category not in categories:
        raise node.at("category").bad(f"The plan has no category {category}.")
    at = shifted(start, node.at("position"))
    seat = Seat(label=node.at("seat_number").label(), x=at.x, y=at.y, category=category)
    return DrawnSeat(seat, node.at("seat_number"))


def shifted(origin: Point, position: Node) -> Point:
    return Point(origin.x + position.at("x").number(), origin.y + position.at("y").number())


def areas_of(zone: Node) -> Iterator[str]:
    """Every area by its words; newer files wrap the words in an object."""
    for area in zone.at("areas").items(SEATS_MAX, "areas"):
        text = area.at("text")
        words = text.at("text") if isinstance(text.value, dict) else text
        yield f"area {words.label_or('without words')} (not numbered seats)"
