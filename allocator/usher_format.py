"""Usher's own plan format: the `Plan` Struct as JSON, with runs spelt out. Nothing unknown is accepted."""

from allocator.drawing import Drawing, DrawnRow, DrawnSeat, Run
from allocator.plan import Category, Point, Seat
from allocator.plan_file import CATEGORIES_MAX, ROWS_MAX, SEATS_MAX, Node

SEAT_FIELDS = ("label", "x", "y", "category", "accessible", "companion", "restricted_view")


def read_usher(root: Node) -> Drawing:
    """The plan as written; `focal`, a category's `label` and `color` may be left out."""
    root.only("name", "categories", "rows", "focal")
    categories = read_categories(root.at("categories"))
    rows = root.at("rows")
    return Drawing(
        name=root.at("name").label(),
        categories=tuple(categories.values()),
        rows=tuple(read_row(row, categories) for row in rows.items(ROWS_MAX, "rows")),
        focal=read_focal(root.at("focal")),
        left_out=(),
        seats_at=rows,
    )


def read_categories(at: Node) -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for node in at.items(CATEGORIES_MAX, "categories"):
        node.only("key", "label", "color")
        key = node.at("key").label()
        if key in categories:
            raise node.at("key").bad(f"Two categories have the key {key}.")
        categories[key] = Category(key, node.at("label").label_or(key), node.at("color").color())
    return categories


def read_row(node: Node, categories: dict[str, Category]) -> DrawnRow:
    node.only("label", "runs", "section")
    runs = tuple(read_run(run, categories) for run in node.at("runs").items(SEATS_MAX, "runs"))
    if not runs:
        raise node.at("runs").bad("This row has no seats.")
    return DrawnRow(node.at("section").label_or(""), node.at("label").label(), runs)


def read_run(node: Node, categories: dict[str, Category]) -> Run:
    run = tuple(read_seat(seat, categories) for seat in node.items(SEATS_MAX, "seats"))
    if not run:
        raise node.bad("This run has no seats.")
    return run


def read_seat(node: Node, categories: dict[str, Category]) -> DrawnSeat:
    node.only(*SEAT_FIELDS)
    category = node.at("category").label()
    if category not in categories:
        raise node.at("category").bad(f"The plan has no category {category}.")
    seat = Seat(
        label=node.at("label").label(),
        x=node.at("x").number(),
        y=node.at("y").number(),
        category=category,
        accessible=node.at("accessible").flag(),
        companion=node.at("companion").flag(),
        restricted_view=node.at("restricted_view").flag(),
    )
    return DrawnSeat(seat, node.at("label"))


def read_focal(node: Node) -> Point | None:
    if node.value is None:
        return None
    node.only("x", "y")
    return Point(node.at("x").number(), node.at("y").number())
