"""Small halls drawn as text, and short words for what the allocator's tests do in them."""

import itertools
from collections.abc import Iterator
from typing import Any, Final

from allocator import token
from allocator.allocator import Allocator
from allocator.answers import ConfirmAnswer, Held, HoldAnswer, OrderAnswer, OrderConfirmed, Ordered
from allocator.catalogue import OnSale
from allocator.geometry import Geometry
from allocator.outbox import OrderBlob, PaymentBlob, Token
from allocator.plan import Category, Plan, Point, Row, Seat, SeatName
from allocator.pricing import price
from allocator.sale import Sale, SaleId, SaleState
from allocator.showtime import Orphans, Showtime, ShowtimeId
from allocator.standing import Loaded
from allocator.wishes import Best, Exact, Want
from api.library import library
from store import keys
from store.batcher import Limits
from store.clock import Clock
from store.connection import Store

SHARD: Final = 5
SALE: Final = Sale(
    id=SaleId("night"),
    serial=1,
    shard=SHARD,
    title="Premiere",
    opens_at_ms=0,
    draw=False,
    capacity=100,
    shopping_ms=600_000,
    seats_per_fan=4,
    identity="guest",
    claim_ms=60_000,
    hold_ms=600_000,
    pay_ms=900_000,
    presence_ms=10_000,
    seed="0" * 64,
)
HOUR_MS: Final = 3_600_000


class Ticks:
    """Time in the hand of a test."""

    def __init__(self) -> None:
        self.ms = 1_000_000.0

    def __call__(self) -> float:
        return self.ms


def drawn(*rows: str, focal: Point | None = None) -> Plan:
    """A plan from lines like `aaa_bb`: a letter is a seat of that category, `_` an aisle; rows A, B, ..."""
    categories = sorted({letter for row in rows for letter in row} - {"_"})
    width = max(len(row) for row in rows)
    return Plan(
        name="drawn",
        categories=tuple(Category(key, key) for key in categories),
        rows=tuple(Row(chr(65 + y), tuple(_runs(row, y))) for y, row in enumerate(rows)),
        focal=focal or Point((width + 1) / 2, len(rows) * 2 / 3),
    )


def _runs(row: str, y: int) -> Iterator[tuple[Seat, ...]]:
    x = 0
    for piece in row.split("_"):
        if piece:
            yield tuple(
                Seat(str(x + n), float(x + n), float(y), category) for n, category in enumerate(piece, 1)
            )
        x += len(piece) + 1


def onsale(
    plan: Plan,
    name: str = "show",
    *,
    orphans: Orphans = "strict",
    blocked: tuple[SeatName, ...] = (),
    sold: tuple[SeatName, ...] = (),
    serial: int = 7,
    sale: Sale = SALE,
) -> OnSale:
    """A showtime of the plan, every seat at 1000 and a fee of 100."""
    showtime = Showtime(
        id=ShowtimeId(name),
        serial=serial,
        sale=sale.id,
        cinema="Roxy",
        auditorium="1",
        film="Lantern",
        format="2D",
        starts_at_ms=0,
        time_zone="UTC",
        plan="drawn",
        plan_digest=plan.digest(),
        prices={category.key: 1000 for category in plan.categories},
        service_fee=100,
        currency="CNY",
        blocked=blocked,
        sold=sold,
        orphans=orphans,
    )
    return OnSale(sale, showtime, plan, Geometry(plan))


class Stage:
    """A store with an open gate and an open sale; `ticks` moves its clock."""

    def __init__(self, store: Store, ticks: Ticks) -> None:
        self.store = store
        self.ticks = ticks
        self.allocator = Allocator(store)
        self.client: Any = store.client
        self._tokens = itertools.count(1)

    @classmethod
    async def at(cls, url: str) -> "Stage":
        ticks = Ticks()
        stage = cls(await Store.connect(url, library=library(), clock=Clock(ticks)), ticks)
        await stage.store.open_gate(SHARD, 0)
        await stage.sale("open")
        return stage

    @classmethod
    async def at_same(cls, other: "Stage") -> "Stage":
        """A second worker on the same store whose clock stands ten minutes behind."""
        ticks = Ticks()
        ticks.ms = other.ticks.ms - 600_000
        return cls(
            Store(other.client, other.store.library, shards=64, clock=Clock(ticks), limits=Limits()), ticks
        )

    async def sale(self, state: SaleState, reason: str = "", seats_per_fan: int = 4) -> None:
        """What the waiting room would write."""
        fields = {"state": state, "reason": reason, "seats_per_fan": str(seats_per_fan)}
        await self.client.hset(keys.sale(SHARD, SALE.id), mapping=fields)

    async def load(self, show: OnSale) -> OnSale:
        assert isinstance(await self.allocator.load(show), Loaded)
        return show

    def token(self, show: OnSale) -> Token:
        return token.mint(show.showtime.serial, f"{next(self._tokens):020x}")

    async def hold(self, show: OnSale, want: Want, fan: str = "fan", entry: int = 1) -> HoldAnswer:
        return await self.allocator.hold(show, fan, entry, self.token(show), want)

    async def held(self, show: OnSale, want: Want, fan: str = "fan", entry: int = 1) -> Held:
        answer = await self.hold(show, want, fan, entry)
        assert isinstance(answer, Held), answer
        return answer

    async def order(self, show: OnSale, held: Token) -> OrderAnswer:
        record = await self.allocator.find(show, held)
        seats = record.seats if record else (0,)
        return await self.allocator.order(show, held, blob(show, held, seats))

    async def ordered(self, show: OnSale, want: Want, fan: str = "fan", entry: int = 1) -> Token:
        held = await self.held(show, want, fan, entry)
        assert isinstance(await self.order(show, held.token), Ordered)
        return held.token

    async def pay(
        self,
        show: OnSale,
        order: Token,
        reference: str = "r1",
        *,
        amount: int | None = None,
        currency: str = "CNY",
    ) -> ConfirmAnswer:
        """Pays what the order costs, if not told otherwise."""
        record = await self.allocator.find(show, order)
        due = amount if amount is not None else record.amount if record else 1
        payment = PaymentBlob("storefront", "card", reference, due, currency)
        return await self.allocator.confirm(show, order, payment)

    async def sold(self, show: OnSale, want: Want, fan: str = "fan", entry: int = 1) -> Token:
        order = await self.ordered(show, want, fan, entry)
        assert isinstance(await self.pay(show, order), OrderConfirmed)
        return order

    async def seats(self, show: OnSale) -> str:
        return (await self.allocator.board(show)).seats.decode()

    async def outbox(self) -> list[tuple[bytes, bytes]]:
        """(kind, body) of every record."""
        entries = await self.client.xrange(keys.outbox(SHARD))
        return [(fields[b"kind"], fields[b"body"]) for _, fields in entries]


def blob(show: OnSale, held: Token, seats: tuple[int, ...], fan: str = "fan") -> OrderBlob:
    priced, fees, amount = price(show, seats)
    return OrderBlob(held, show.sale.id, show.showtime.id, fan, 1, priced, fees, amount, "CNY", 1)


def exact(*names: str) -> Exact:
    return Exact(tuple(SeatName(name) for name in names))


def best(count: int, category: str | None = "a", *, split: bool = False) -> Best:
    return Best(count, category, split)
