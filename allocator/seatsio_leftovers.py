"""What a seats.io chart holds beyond seats for sale, named so that nothing goes missing silently."""

from collections import Counter
from collections.abc import Iterable, Iterator

from allocator.plan_file import ROWS_MAX, SEATS_MAX, SECTIONS_MAX, Node

OBJECTS_MAX = 10_000
READ = frozenset({"rows", "sections", "generalAdmissionAreas", "tables", "booths"})
DRAWN_ONLY = frozenset({"shapes", "texts", "icons", "imageObjects", "images", "lines"})
SEAT_FLAGS = frozenset(
    {
        "accessible",
        "categoryAccessible",
        "companionSeat",
        "restrictedView",
        "published",
        "disabledBySocialDistancingRules",
    }
)


def unpublished(node: Node) -> bool:
    return not node.at("published").flag(otherwise=True)


def seat_is_withheld(seat: Node) -> bool:
    return unpublished(seat) or seat.at("disabledBySocialDistancingRules").flag()


def leftovers(chart: Node, section: str) -> Iterator[str]:
    """One sentence per object of the chart that is no seat for sale."""
    prefix = f"{section}-" if section else ""
    for area in objects(chart, "generalAdmissionAreas"):
        yield f"standing area {name(area, prefix)} ({capacity(area.at('capacity'))})"
    for table in objects(chart, "tables"):
        seats = sum(1 for _seat in table.at("seats").items(SEATS_MAX, "seats"))
        yield f"table {name(table, prefix)} (capacity {seats})"
    for booth in objects(chart, "booths"):
        yield f"booth {name(booth, prefix)} (capacity 1)"
    for row in chart.at("rows").items(ROWS_MAX, "rows"):
        yield from withheld(row, prefix)
    if not section:
        yield from closed_sections(chart)
    yield from unknown_objects(chart, section)


def withheld(row: Node, prefix: str) -> Iterator[str]:
    seats = list(row.at("seats").items(SEATS_MAX, "seats"))
    hidden = sum(unpublished(seat) or unpublished(row) for seat in seats)
    apart = sum(seat_is_withheld(seat) for seat in seats) if not unpublished(row) else hidden
    if hidden:
        yield f"row {name(row, prefix)}, unpublished seats: {hidden}"
    if apart > hidden:
        yield f"row {name(row, prefix)}, seats closed by distancing rules: {apart - hidden}"


def closed_sections(chart: Node) -> Iterator[str]:
    """Sections that are not published, and those that are only a shape (sold by count, not by seat)."""
    for section in chart.at("sections").items(SECTIONS_MAX, "sections"):
        inner = section.at("subChart")
        if inner.value is None:
            yield f"section {name(section, '')} without numbered seats ({capacity(section.at('capacity'))})"
        elif unpublished(section):
            rows = inner.at("rows").items(ROWS_MAX, "rows")
            seats = sum(1 for row in rows for _seat in row.at("seats").items(SEATS_MAX, "seats"))
            yield f"section {name(section, '')}, unpublished seats: {seats}"


def unknown_objects(chart: Node, section: str) -> Iterator[str]:
    """Lists of objects of kinds not read here; a section within a section is one."""
    read = READ - {"sections"} if section else READ
    for key, value in chart.fields().items():
        if isinstance(value, list) and value and key not in read | DRAWN_ONLY:
            yield f"objects under {key}{f' in {section}' if section else ''}: {len(value)}"


def unused_marks(charts: Iterable[Node]) -> Iterator[str]:
    """Marks on seats that change nothing in the sale, such as `hearingImpaired`, with their counts."""
    marks = Counter(
        key
        for chart in charts
        for row in chart.at("rows").items(ROWS_MAX, "rows")
        for seat in row.at("seats").items(SEATS_MAX, "seats")
        for key, value in seat.fields().items()
        if value is True and key not in SEAT_FLAGS
    )
    for key, seats in sorted(marks.items()):
        yield f"seats marked {key}: {seats}, sold like any other"


def objects(chart: Node, key: str) -> Iterator[Node]:
    return chart.at(key).items(OBJECTS_MAX, key)


def name(node: Node, prefix: str) -> str:
    return prefix + node.at("label").label_or("without a label")


def capacity(node: Node) -> str:
    return f"capacity {node.value}" if isinstance(node.value, int) else "capacity not given"
