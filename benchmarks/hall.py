"""Halls for benchmarks: rows before a screen, fifteen neighbours between aisles, three categories."""

from allocator.catalogue import OnSale
from allocator.geometry import Geometry
from allocator.plan import Category, Plan, Point, Row, Seat, SeatName
from allocator.sale import Sale, SaleId
from allocator.showtime import Showtime, ShowtimeId
from store import keys

CATEGORIES = ("front", "middle", "back")
BLOCK_SEATS = 15
BLOCKS = 3


def hall(seats: int) -> Plan:
    """A hall of about so many seats: 45 a row, more to the row in a very large one."""
    blocks = BLOCKS if seats <= 2_000 else BLOCKS * 4
    rows = max(1, round(seats / (blocks * BLOCK_SEATS)))
    made = tuple(_row(y, blocks, CATEGORIES[min(2, y * 3 // rows)]) for y in range(rows))
    middle = Point(blocks * (BLOCK_SEATS + 2) / 2, rows * 0.6)
    return Plan("hall", tuple(Category(key, key) for key in CATEGORIES), made, middle)


def _row(y: int, blocks: int, category: str) -> Row:
    width = BLOCK_SEATS + 2
    return Row(
        f"R{y}",
        tuple(
            tuple(
                Seat(str(block * BLOCK_SEATS + n), float(block * width + n), float(y), category)
                for n in range(BLOCK_SEATS)
            )
            for block in range(blocks)
        ),
    )


def onsale(plan: Plan, geometry: Geometry, name: str, shard: int, sold: tuple[SeatName, ...] = ()) -> OnSale:
    """A showtime of a sale of its own, all rules on."""
    sale = Sale(
        id=SaleId(f"sale-{name}"),
        serial=shard + 1,
        shard=shard,
        title="Benchmark",
        opens_at_ms=0,
        draw=False,
        capacity=100,
        shopping_ms=600_000,
        seats_per_fan=6,
        identity="guest",
        claim_ms=60_000,
        hold_ms=600_000,
        pay_ms=900_000,
        presence_ms=10_000,
        seed="0" * 64,
    )
    show = Showtime(
        id=ShowtimeId(name),
        serial=shard + 1,
        sale=sale.id,
        cinema="Roxy",
        auditorium="1",
        film="Lantern",
        format="2D",
        starts_at_ms=0,
        time_zone="UTC",
        plan=plan.name,
        plan_digest=plan.digest(),
        prices=dict.fromkeys(CATEGORIES, 1000),
        service_fee=100,
        currency="CNY",
        blocked=(),
        sold=sold,
        orphans="strict",
    )
    return OnSale(sale, show, plan, geometry)


def sale_fields(show: OnSale) -> tuple[str, dict[str, str]]:
    """The sale's hash and what the waiting room would write there."""
    return keys.sale(show.sale.shard, show.sale.id), {
        "state": "open",
        "reason": "",
        "seats_per_fan": str(show.sale.seats_per_fan),
    }
