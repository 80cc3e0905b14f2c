"""A small sale in the ledger and records in its stream, as the allocator's functions would leave them."""

from typing import Any

import msgspec

from allocator.outbox import (
    Confirmed,
    OrderBlob,
    PaymentBlob,
    PricedSeat,
    Refunded,
    Token,
    checksum,
    pack,
)
from allocator.plan import Category, Plan, Point, Row, Seat, SeatName
from allocator.sale import Sale, SaleId
from allocator.showtime import Showtime, ShowtimeId
from ledger import definitions
from ledger.pool import Pool
from ledger.shard_writer import Limits
from store import keys
from store.connection import Store

SEATS = 40
PRICE, FEE = 5000, 300
CREATED_MS, PAID_MS = 1_790_000_000_000, 1_790_000_060_000
HOLD = (CREATED_MS - 30_000, CREATED_MS + 270_000, True, CREATED_MS + 600_000)
"""When it was held, until when, whether side by side, until when to be paid."""
QUICK = Limits(block_ms=50, linger_ms=1, gap_check_s=0.05)
PLAN = Plan(
    name="small hall",
    categories=(Category("front", "Front"),),
    rows=(Row("A", (tuple(Seat(str(n), float(n), 0.0, "front") for n in range(1, SEATS + 1)),)),),
    focal=Point(20.0, 3.0),
)


def sale(id: str = "premiere") -> Sale:
    return Sale(
        id=SaleId(id),
        serial=0,
        shard=keys.shard_of(id),
        title="Premiere",
        opens_at_ms=CREATED_MS,
        draw=True,
        capacity=100,
        shopping_ms=600_000,
        seats_per_fan=4,
        identity="guest",
        claim_ms=60_000,
        hold_ms=300_000,
        pay_ms=600_000,
        presence_ms=10_000,
        seed="",
    )


def showtime(id: str = "show-1", sale_id: str = "premiere", **changes: Any) -> Showtime:
    given = Showtime(
        id=ShowtimeId(id),
        serial=0,
        sale=SaleId(sale_id),
        cinema="Palace",
        auditorium="1",
        film="Dawn",
        format="2D",
        starts_at_ms=1_790_078_400_000,
        time_zone="Asia/Shanghai",
        plan="small",
        plan_digest=PLAN.digest(),
        prices={"front": PRICE},
        service_fee=FEE,
        currency="CNY",
        blocked=(SeatName("A-39"),),
        sold=(),
        orphans="prefer",
    )
    return msgspec.structs.replace(given, **changes)


async def delegate(pool: Pool, *showtimes: Showtime) -> None:
    """Store the plan, the showtimes (or one) and their sales."""
    await definitions.put_plan(pool, "small", PLAN)
    for one in showtimes or (showtime(),):
        await definitions.put_sale(pool, sale(one.sale))
        await definitions.put_showtime(pool, one)


def order(n: int, *seats: int, **changes: Any) -> OrderBlob:
    """Order `o<n>` of fan `f<n>` for the seats with these indices, or for seat n."""
    indices = seats or (n,)
    given = OrderBlob(
        token=Token(f"1-{n:016}"),
        sale="premiere",
        showtime="show-1",
        fan=f"f{n}",
        entry=n,
        seats=tuple(PricedSeat(index, f"A-{index + 1}", "front", PRICE) for index in indices),
        fees=FEE * len(indices),
        amount=(PRICE + FEE) * len(indices),
        currency="CNY",
        created_ms=CREATED_MS,
    )
    return msgspec.structs.replace(given, **changes)


def payment(paid: OrderBlob, reference: str = "") -> PaymentBlob:
    return PaymentBlob("storefront", "card", reference or f"pay-{paid.token}", paid.amount, paid.currency)


def confirmed(paid: OrderBlob, given: PaymentBlob | None = None) -> tuple[str, bytes]:
    """Kind and body of a sale."""
    blobs = (pack(paid).encode(), pack(given or payment(paid)).encode())
    return "confirmed", msgspec.msgpack.encode(Confirmed(PAID_MS, blobs[0], blobs[1], *HOLD))


def refunded(paid: OrderBlob, given: PaymentBlob, why: str) -> tuple[str, bytes]:
    """Kind and body of money to give back."""
    blobs = (pack(paid).encode(), pack(given).encode())
    return "refunded", msgspec.msgpack.encode(Refunded(PAID_MS, *blobs, why))


class Outbox:
    """Writes to the stream of one sale's home shard."""

    def __init__(self, store: Store, sale_id: str = "premiere") -> None:
        self._client: Any = store.client
        self.shard = keys.shard_of(sale_id)
        self.key = keys.outbox(self.shard)

    async def add(self, *records: tuple[str, bytes]) -> int:
        """Append records under the next versions; answers with the last version."""
        version = 0
        for kind, body in records:
            version = await self._client.hincrby(keys.shard(self.shard), "version", 1)
            await self.put(version, kind, body)
        return version

    async def put(self, version: int, kind: str, body: bytes, sum: str | None = None) -> None:
        """Write one entry whatever came before it."""
        fields = {"kind": kind, "body": body, "sum": sum or checksum(version, kind, body)}
        await self._client.xadd(self.key, fields, id=f"{version}-0")

    async def versions(self) -> list[int]:
        return [int(key.split(b"-")[0]) for key, _ in await self._client.xrange(self.key)]
