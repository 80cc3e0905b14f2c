"""Charts of seats.io: rows in the chart itself or in sections, each a chart of its own at an offset.

Seats take the category of their section where they name none. What cannot be sold as a numbered seat is named
by `allocator/seatsio_leftovers.py`.
"""

from collections.abc import Iterator

import msgspec

from allocator.adjacency import LooseRow, rows_in_runs
from allocator.drawing import Drawing, DrawnSeat
from allocator.plan import Category, Point, Seat
from allocator.plan_file import CATEGORIES_MAX, ROWS_MAX, SEATS_MAX, SECTIONS_MAX, Node
from allocator.seatsio_leftovers import leftovers, seat_is_withheld, unpublished, unused_marks

SEAT_WIDTH_UNITS = 16.0
"""A chair as the designer draws it; `chairSpacing` is the space between two chairs."""
KEY_MAX = 2**53


class Block(msgspec.Struct, frozen=True):
    """A chart with rows: the whole (no section) or one section, whose corner its coordinates start from."""

    chart: Node
    section: str
    corner: Point
    category: Node | None


class Palette(msgspec.Struct, frozen=True):
    """The chart's categories by key; seats of those in `accessible` are wheelchair places."""

    categories: dict[str, Category]
    accessible: frozenset[str]


def read_seatsio(root: Node) -> Drawing:
    palette = read_palette(root.at("categories").at("list"))
    chart = root.at("subChart")
    blocks = [Block(chart, "", Point(0.0, 0.0), None), *read_sections(chart)]
    rows = [row for block in blocks for row in read_rows(block, palette)]
    left_out = [words for block in blocks for words in leftovers(block.chart, block.section)]
    return Drawing(
        name=root.at("name").label(),
        categories=tuple(palette.categories.values()),
        rows=rows_in_runs(rows),
        focal=read_focal(chart.at("focalPoint")),
        left_out=(*left_out, *unused_marks(block.chart for block in blocks)),
        seats_at=chart.at("rows"),
    )


def read_palette(at: Node) -> Palette:
    categories: dict[str, Category] = {}
    accessible: set[str] = set()
    for node in at.items(CATEGORIES_MAX, "categories"):
        key = category_key(node.at("key"))
        if key in categories:
            raise node.at("key").bad(f"Two categories have the key {key}.")
        categories[key] = Category(key, node.at("label").label_or(key), node.at("color").color())
        if node.at("accessible").flag():
            accessible.add(key)
    return Palette(categories, frozenset(accessible))


def category_key(node: Node) -> str:
    """Keys are whole numbers or texts; 9 and "9" are one key."""
    if isinstance(node.value, int) and not isinstance(node.value, bool) and abs(node.value) < KEY_MAX:
        return str(node.value)
    return node.label()


def read_sections(chart: Node) -> Iterator[Block]:
    for section in chart.at("sections").items(SECTIONS_MAX, "sections"):
        label, inner = section.at("label").label(), section.at("subChart")
        if inner.value is not None and not unpublished(section):
            corner = section.at("topLeft")
            at = Point(corner.at("x").number(), corner.at("y").number())
            yield Block(inner, label, at, section.at("categoryKey"))


def read_rows(block: Block, palette: Palette) -> Iterator[LooseRow]:
    for row in block.chart.at("rows").items(ROWS_MAX, "rows"):
        if unpublished(row):
            continue
        seats = row.at("seats").items(SEATS_MAX, "seats")
        drawn = tuple(read_seat(seat, block, palette) for seat in seats if not seat_is_withheld(seat))
        if drawn:
            section = row.at("sectionLabel").label_or(block.section)
            yield LooseRow(section, row.at("label").label(), drawn, read_pitch(row.at("chairSpacing")))


def read_pitch(spacing: Node) -> float | None:
    return None if spacing.value is None else SEAT_WIDTH_UNITS + spacing.number()


def read_seat(node: Node, block: Block, palette: Palette) -> DrawnSeat:
    category = read_category(node, block, palette)
    seat = Seat(
        label=node.at("label").label(),
        x=block.corner.x + node.at("x").number(),
        y=block.corner.y + node.at("y").number(),
        category=category,
        accessible=node.at("accessible").flag() or category in palette.accessible,
        companion=node.at("companionSeat").flag(),
        restricted_view=node.at("restrictedView").flag(),
    )
    return DrawnSeat(seat, node.at("label"))


def read_category(node: Node, block: Block, palette: Palette) -> str:
    own = node.at("categoryKey")
    at = block.category if own.value is None and block.category is not None else own
    if at.value is None:
        raise own.bad("Neither the seat nor its section names a category.")
    key = category_key(at)
    if key not in palette.categories:
        raise at.bad(f"The chart has no category {key}.")
    return key


def read_focal(node: Node) -> Point | None:
    """The focal point; one at exactly 0, 0 was never set, the designer leaves it there."""
    if node.value is None:
        return None
    focal = Point(node.at("x").number(), node.at("y").number())
    return None if focal == Point(0.0, 0.0) else focal
