"""A premiere to test with: doors, writer, gate and batch clock over real engines, and a small hall."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec

from allocator.catalogue import Catalogue
from allocator.plan import Category, Plan, Point, Row, Seat
from ledger.gate import Gate
from ledger.pool import Pool
from ledger.writer import Writer
from store.connection import Store
from tests.api_doors import JSON, OPERATOR, STOREFRONT, open_doors, settings
from tests.conftest import WaitUntil
from waiting_room.batch_clock import BatchClock

SEATS_A_ROW: Final = 8
Answer = httpx.Response


def row(label: str, y: float, category: str) -> Row:
    return Row(label, (tuple(Seat(str(n), float(n), y, category) for n in range(1, SEATS_A_ROW + 1)),))


HALL: Final = Plan(
    name="Small hall",
    categories=(Category("front", "Front"), Category("back", "Back")),
    rows=(row("A", 1, "front"), row("B", 2, "back"), row("C", 3, "back")),
    focal=Point(4.5, 2.5),
)
SALE: Final[dict[str, Any]] = {
    "title": "Premiere",
    "opens_at": "2030-01-01T10:00:00Z",
    "draw": False,
    "capacity": 50,
}
SHOWTIME: Final[dict[str, Any]] = {
    "sale": "night",
    "cinema": "Roxy",
    "auditorium": "1",
    "film": "Lantern",
    "starts_at": "2026-12-24T19:30:00Z",
    "plan": "hall",
    "prices": {"front": 3000, "back": 4500},
    "service_fee": 200,
    "currency": "CNY",
    "orphans": "off",
}


class Stage:
    """The doors, and short words for what tests do at them."""

    def __init__(self, doors: httpx.AsyncClient, wait_until: WaitUntil) -> None:
        self.doors = doors
        self.wait_until = wait_until
        self._keys = itertools.count()

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.doors.put(
            path, content=msgspec.json.encode(body), headers=STOREFRONT | JSON | headers
        )

    async def post(self, path: str, body: Any = None, token: str = "", **headers: str) -> Answer:
        sent = {**({"authorization": f"Bearer {token}"} if token else {}), **headers}
        return await self.doors.post(path, json={} if body is None else body, headers=sent)

    async def get(self, path: str, token: str = "") -> Answer:
        return await self.doors.get(path, headers={"authorization": f"Bearer {token}"} if token else {})

    async def delegate(
        self, sale: dict[str, Any] | None = None, showtime: dict[str, Any] | None = None
    ) -> None:
        """Plan `hall`, sale `night`, showtime `late`, each with these changes."""
        for path, body in (
            ("/v1/plans/hall", HALL),
            ("/v1/sales/night", SALE | (sale or {})),
            ("/v1/showtimes/late", SHOWTIME | (showtime or {})),
        ):
            answer = await self.put(path, body)
            assert answer.status_code in (200, 201), answer.text

    async def move(self, verb: str, body: Any = None, sale: str = "night") -> Answer:
        return await self.post(f"/v1/sales/{sale}/{verb}", body, **OPERATOR)

    async def open(self, sale: dict[str, Any] | None = None, showtime: dict[str, Any] | None = None) -> None:
        await self.delegate(sale, showtime)
        answer = await self.move("open")
        assert answer.status_code == 200, answer.text

    async def join(self, sale: str = "night") -> str:
        answer = await self.post(f"/v1/sales/{sale}/places")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["place"])

    async def state(self, place: str, sale: str = "night") -> str:
        return str((await self.get(f"/v1/sales/{sale}/place", place)).json()["state"])

    async def come_in(self, sale: str = "night") -> str:
        """A pass of a new fan."""
        place = await self.join(sale)

        async def invited() -> bool:
            return await self.state(place, sale) == "invited"

        await self.wait_until(invited)
        answer = await self.post(f"/v1/sales/{sale}/pass", token=place)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["pass"])

    async def hold(self, pass_: str, want: dict[str, Any], showtime: str = "late", **headers: str) -> Answer:
        return await self.post(f"/v1/showtimes/{showtime}/holds", want, pass_, **headers)

    async def order(self, pass_: str, *seats: str) -> dict[str, Any]:
        """An order awaiting payment."""
        held = await self.hold(pass_, {"seats": list(seats)})
        assert held.status_code == 201, held.text
        answer = await self.post("/v1/orders", {"hold": held.json()["hold"]}, pass_)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def pay(self, order: dict[str, Any], *, key: str = "", **changes: Any) -> Answer:
        body = {
            "amount": order["amount"],
            "currency": order["currency"],
            "method": "card",
            "reference": "r-1",
        }
        headers = STOREFRONT | ({"idempotency-key": key} if key else {})
        return await self.post(f"/v1/orders/{order['order']}/payments", body | changes, **headers)


@asynccontextmanager
async def open_stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil, **changes: Any
) -> AsyncIterator[Stage]:
    """Doors with the writer, the gate and the batch clock beside them, in this process."""
    stop, catalogue = asyncio.Event(), Catalogue(store)
    work = [
        asyncio.create_task(Writer(store, pool).run(stop)),
        asyncio.create_task(Gate(store, pool).run(stop)),
        asyncio.create_task(catalogue.run()),
        asyncio.create_task(BatchClock(store, catalogue).run()),
    ]
    try:
        async with open_doors(settings(valkey_url, postgres_url, **changes)) as doors:
            yield Stage(doors, wait_until)
    finally:
        stop.set()
        for task in work[2:]:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
