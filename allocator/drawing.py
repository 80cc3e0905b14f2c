"""What a reader makes of a plan file before names are checked: rows of seats that know their place in it."""

import msgspec

from allocator.plan import Category, Point, Seat
from allocator.plan_file import Node

Run = tuple["DrawnSeat", ...]


class DrawnSeat(msgspec.Struct, frozen=True):
    """`label_at` is where the file spells the seat's label, for faults that only the whole plan shows."""

    seat: Seat
    label_at: Node


class DrawnRow(msgspec.Struct, frozen=True):
    section: str
    label: str
    runs: tuple[Run, ...]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """`focal` is None where the file does not say; `seats_at` is blamed when there are no seats."""

    name: str
    categories: tuple[Category, ...]
    rows: tuple[DrawnRow, ...]
    focal: Point | None
    left_out: tuple[str, ...]
    seats_at: Node
