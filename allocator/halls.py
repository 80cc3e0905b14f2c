"""Believable auditoriums for the demo, the rush and tests: drawn as pictures, measured in metres.

In a picture a letter is a seat of that zone, `w` a wheelchair place, `c` its companion's seat and a space an
aisle. What is printed on the seats follows each hall's own custom and says nothing about neighbours.
"""

import math
from collections.abc import Callable

import msgspec

from allocator.plan import Category, Plan, Point, Row, Seat, two_thirds_back

FRONT = Category("front", "Front rows", "#6b8fb5")
STANDARD = Category("standard", "Standard", "#4f9d69")
PREMIUM = Category("premium", "Premium", "#c2873d")
RECLINER = Category("recliner", "Recliner", "#8a5fb0")


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    """A hall before it is measured; all lengths are in metres.

    `zones` maps the letters of the pictures, `w` and `c` among them, to the price zone. `radius_m` bends the
    rows around the screen; None leaves them straight. `printed` maps (index in the row, seats in it) to the
    number on the seat.
    """

    name: str
    zones: dict[str, Category]
    rows: tuple[tuple[str, str], ...]
    printed: Callable[[int, int], int]
    seat_m: float
    aisle_m: float
    row_m: float
    first_row_m: float
    radius_m: float | None = None


def standard_hall() -> Plan:
    """208 seats in three price zones: straight rows, an aisle at each side, wheelchair places at the back."""
    side, rows = "fff ffffffffffff fff", "sss ssssssssssss sss"
    premium, wide = "sss ssppppppppss sss", "sss pppppppppppp sss"
    pictures = ("ffffffffffff", side, side, rows, rows, premium, premium, wide, wide, premium, rows)
    return measured(
        Hall(
            name="Standard hall",
            zones={"f": FRONT, "s": STANDARD, "p": PREMIUM, "w": STANDARD, "c": STANDARD},
            rows=tuple(zip("ABCDEFGHJKLM", (*pictures, "wc ssssssssssss cw"), strict=True)),
            printed=from_the_right,
            seat_m=0.55,
            aisle_m=1.2,
            row_m=1.1,
            first_row_m=4.0,
        )
    )


def imax_hall() -> Plan:
    """372 seats in curved rows: a centre block of 16 between two aisles, wings of 4 to 6."""
    front, rows = "ffff ffffffffffffffff ffff", "ssssss ssssssssssssssss ssssss"
    premium, wide = "ssssss sssppppppppppsss ssssss", "ssssss pppppppppppppppp ssssss"
    pictures = (*[front] * 4, *[rows] * 3, *[premium] * 2, *[wide] * 2, premium, rows)
    return measured(
        Hall(
            name="IMAX",
            zones={"f": FRONT, "s": STANDARD, "p": PREMIUM, "w": STANDARD, "c": STANDARD},
            rows=tuple(zip("ABCDEFGHJKLMNP", (*pictures, "wccw ssssssssssssssss wccw"), strict=True)),
            printed=odd_and_even,
            seat_m=0.6,
            aisle_m=1.2,
            row_m=1.3,
            first_row_m=7.0,
            radius_m=20.0,
        )
    )


def vip_hall() -> Plan:
    """40 wide recliners in pairs with a table beside each pair."""
    pictures = ("ff ff ff ff", "rr rr rr rr", "rr rr rr rr", "rr rr rr rr", "rr rr rr wc")
    return measured(
        Hall(
            name="VIP hall",
            zones={"f": FRONT, "r": RECLINER, "w": RECLINER, "c": RECLINER},
            rows=tuple(zip("ABCDE", pictures, strict=True)),
            printed=from_the_left,
            seat_m=0.95,
            aisle_m=0.8,
            row_m=2.0,
            first_row_m=3.5,
        )
    )


def measured(hall: Hall) -> Plan:
    """The hall as a plan, the screen's middle at x = 0, y = 0."""
    rows = tuple(
        measured_row(hall, label, picture, hall.first_row_m + index * hall.row_m)
        for index, (label, picture) in enumerate(hall.rows)
    )
    categories = tuple(dict.fromkeys(hall.zones.values()))
    seats = [seat for row in rows for run in row.runs for seat in run]
    return Plan(hall.name, categories, rows, two_thirds_back(seats))


def measured_row(hall: Hall, label: str, picture: str, depth_m: float) -> Row:
    blocks = picture.split(" ")
    count = sum(map(len, blocks))
    offset = -(count * hall.seat_m + (len(blocks) - 1) * hall.aisle_m) / 2
    runs: list[tuple[Seat, ...]] = []
    index = 0
    for block in blocks:
        run: list[Seat] = []
        for letter in block:
            spot = on_row(offset + hall.seat_m / 2, depth_m, hall.radius_m)
            run.append(
                Seat(
                    label=str(hall.printed(index, count)),
                    x=spot.x,
                    y=spot.y,
                    category=hall.zones[letter].key,
                    accessible=letter == "w",
                    companion=letter == "c",
                )
            )
            offset += hall.seat_m
            index += 1
        runs.append(tuple(run))
        offset += hall.aisle_m
    return Row(label, tuple(runs))


def on_row(along_m: float, depth_m: float, radius_m: float | None) -> Point:
    """The spot `along_m` to the right of a row's middle; the ends of a bent row come nearer to the screen."""
    if radius_m is None:
        return Point(round(along_m, 3), round(depth_m, 3))
    angle = along_m / radius_m
    return Point(round(radius_m * math.sin(angle), 3), round(depth_m - radius_m * (1 - math.cos(angle)), 3))


def from_the_right(index: int, seats: int) -> int:
    """12 11 10 ... 1: counted from the entrance on the right."""
    return seats - index


def from_the_left(index: int, seats: int) -> int:
    return index + 1


def odd_and_even(index: int, seats: int) -> int:
    """... 5 3 1 2 4 6 ...: odd on the left, even on the right, growing outward."""
    middle = (seats + 1) // 2
    return 2 * (middle - index) - 1 if index < middle else 2 * (index - middle) + 2
