"""The Usher behind the browsers: sales of a test's own, and rivals who come by HTTP."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from allocator.plan import Category, Plan, Point, Row, Seat, SeatName
from ledger.alarms import AlarmName, raise_alarm, shard_subject
from tests.conftest import WaitUntil
from waiting_room.draw import Draw

STOREFRONT_KEY: Final = "storefront-key-of-the-browser-tests"
OPERATOR_KEY: Final = "operator-key-of-the-browser-tests"
JSON: Final = {"content-type": "application/json"}
PRESENCE_S: Final = 6
"""Fans are asked to call every third of this."""
ASKED_EVERY_S: Final = PRESENCE_S / 3
OPENS_IN: Final = timedelta(minutes=14)
STARTS_IN: Final = timedelta(days=10)
APART: Final = timedelta(minutes=160)
SEATS_A_ROW: Final = 8
SEATS_PER_FAN: Final = 4


def row(label: str, y: float, category: str) -> Row:
    return Row(label, (tuple(Seat(str(n), float(n), y, category) for n in range(1, SEATS_A_ROW + 1)),))


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: the title of the sale, a plan, and a showtime in it."""

    title: str
    plan_id: str
    plan: Plan
    showtime: dict[str, Any]


SMALL: Final = Bill(
    title="Premiere night 首映夜",
    plan_id="browser-small",
    plan=Plan(
        name="Small hall",
        categories=(Category("front", "Front"), Category("back", "Back")),
        rows=(row("A", 1, "front"), row("B", 2, "back"), row("C", 3, "back")),
        focal=Point(4.5, 2.5),
    ),
    showtime={
        "cinema": "Roxy 海港影城",
        "auditorium": "1号厅",
        "film": "Lantern 灯潮",
        "time_zone": "Asia/Shanghai",
        "prices": {"front": 3000, "back": 4500},
        "service_fee": 200,
        "currency": "CNY",
        "orphans": "off",
    },
)


class House:
    """The Usher of this session; every sale of it has an id of its own."""

    def __init__(self, environment: dict[str, str], postgres_url: str, wait_until: WaitUntil) -> None:
        self.environment = environment
        self.url = f"http://127.0.0.1:{environment['USHER_PORT']}"
        self.doors = httpx.AsyncClient(base_url=self.url, timeout=20)
        self.wait_until = wait_until
        self._postgres_url = postgres_url
        self._numbers = itertools.count(1)
        self._born = f"{int(time.time()):x}"

    async def delegate(self, bill: Bill = SMALL, shows: int = 1, **sale: Any) -> "Night":
        """A sale that opens when it is told to: by itself only long after a test is over."""
        now = datetime.now(UTC)
        body = {
            "title": bill.title,
            "opens_at": written(now + OPENS_IN),
            "draw": True,
            "capacity": 50,
            "presence_s": PRESENCE_S,
            **sale,
        }
        night = Night(self, f"night-{self._born}-{next(self._numbers)}", body, bill)
        await self.put(f"/v1/plans/{bill.plan_id}", bill.plan)
        await self.put(f"/v1/sales/{night.sale}", body)
        for number in range(1, shows + 1):
            night.shows.append(f"{night.sale}-{number}")
            starts_at = written(now.replace(hour=9, minute=0) + STARTS_IN + number * APART)
            show = {**bill.showtime, "sale": night.sale, "plan": bill.plan_id, "starts_at": starts_at}
            await self.put(f"/v1/showtimes/{night.shows[-1]}", show)
        return night

    async def put(self, path: str, body: Any) -> None:
        headers = {"authorization": f"Bearer {STOREFRONT_KEY}", **JSON}
        answer = await self.doors.put(path, content=msgspec.json.encode(body), headers=headers)
        assert answer.status_code in (200, 201), answer.text

    async def post(self, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self.doors.post(path, json={} if body is None else body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def get(self, path: str, token: str = "") -> Any:
        answer = await self.doors.get(path, headers={"authorization": f"Bearer {token}"} if token else {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def seed(self, sale: str) -> str:
        """The seed of the draw, which nobody outside knows before the open."""
        async with self._ledger() as ledger:
            return str(await ledger.fetchval("SELECT seed FROM sales WHERE id = $1", sale))

    async def raise_alarm(self, name: AlarmName, shard: int, detail: str) -> None:
        """As the writer raises it."""
        async with self._ledger() as ledger:
            await raise_alarm(ledger, name, shard_subject(shard), detail, int(time.time() * 1000))

    @asynccontextmanager
    async def _ledger(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self._postgres_url)
        try:
            yield connection
        finally:
            await connection.close()


class Night:
    """One sale of one test."""

    def __init__(self, house: House, sale: str, body: dict[str, Any], bill: Bill) -> None:
        self.house = house
        self.sale = sale
        self.bill = bill
        self.shows: list[str] = []
        self._body = body

    @property
    def url(self) -> str:
        return f"{self.house.url}/sales/{self.sale}"

    async def move(self, verb: str, reason: str = "") -> None:
        body = {"reason": reason} if reason else {}
        await self.house.post(f"/v1/sales/{self.sale}/{verb}", body, OPERATOR_KEY)

    async def change(self, **rules: Any) -> None:
        """Other rules for the same sale, such as its capacity."""
        self._body |= rules
        await self.house.put(f"/v1/sales/{self.sale}", self._body)

    async def rival(self) -> "Rival":
        joined = await self.house.post(f"/v1/sales/{self.sale}/places")
        return Rival(self, joined["place"])

    async def rivals_before_the_first(self) -> list["Rival"]:
        """So many rivals join that the draw puts some of them before the fan who joined first; those, in
        the order of their ranks."""
        seed, rivals = await self.house.seed(self.sale), [await self.rival()]
        while (draw := Draw(seed, 1 + len(rivals))).rank(0) == 0:
            rivals.append(await self.rival())
        return [rivals[entry - 1] for entry in map(draw.entry, range(draw.rank(0)))]

    async def sell_out(self, *shows: str) -> None:
        """Every seat of these showtimes, of all when none is named, goes to rivals."""
        fours = [
            (show, free[first : first + SEATS_PER_FAN])
            for show in shows or self.shows
            for free in [await self._free(show)]
            for first in range(0, len(free), SEATS_PER_FAN)
        ]
        await asyncio.gather(*(self._sell(show, seats) for show, seats in fours))

    async def _free(self, show: str) -> list[SeatName]:
        taken = (await self.house.get(f"/v1/showtimes/{show}/seats"))["taken"]
        return [name for name, _, _ in self.bill.plan.named_seats() if name not in taken]

    async def _sell(self, show: str, seats: list[SeatName]) -> None:
        rival = await self.rival()
        await rival.come_in()
        await rival.buy(*seats, show=show)

    async def counts(self) -> Any:
        return await self.house.get(f"/v1/sales/{self.sale}", OPERATOR_KEY)


class Rival:
    """A fan without a browser."""

    def __init__(self, night: Night, place: str) -> None:
        self.night = night
        self.place = place
        self.pass_ = ""

    async def state(self) -> str:
        found = await self.night.house.get(f"/v1/sales/{self.night.sale}/place", self.place)
        return str(found["state"])

    async def come_in(self) -> None:
        async def invited() -> bool:
            return await self.state() == "invited"

        await self.night.house.wait_until(invited, timeout_s=20)
        path = f"/v1/sales/{self.night.sale}/pass"
        self.pass_ = (await self.night.house.post(path, token=self.place))["pass"]

    async def hold(self, *seats: str, show: str = "") -> Any:
        path = f"/v1/showtimes/{show or self.night.shows[0]}/holds"
        return await self.night.house.post(path, {"seats": list(seats)}, self.pass_)

    async def can_hold(self, *seats: str) -> bool:
        """Whether the seats were free and now are this rival's."""
        path, headers = (
            f"/v1/showtimes/{self.night.shows[0]}/holds",
            {"authorization": f"Bearer {self.pass_}"},
        )
        answer = await self.night.house.doors.post(path, json={"seats": list(seats)}, headers=headers)
        assert answer.status_code in (201, 409, 429), answer.text
        return answer.status_code == 201

    async def buy(self, *seats: str, show: str = "") -> str:
        """Seats held, ordered and paid to the storefront: the rival's place is used up. Answers the order."""
        held = await self.hold(*seats, show=show)
        order = await self.night.house.post("/v1/orders", {"hold": held["hold"]}, self.pass_)
        paid = {key: order[key] for key in ("amount", "currency")}
        paid |= {"method": "card", "reference": f"paid-{order['order']}"}
        await self.night.house.post(f"/v1/orders/{order['order']}/payments", paid, STOREFRONT_KEY)
        return str(order["order"])


@asynccontextmanager
async def present(rivals: list[Rival]) -> AsyncIterator[None]:
    """Meanwhile these rivals ask how they stand, as their pages would: the line passes over who is silent."""

    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            for rival in rivals:
                await rival.state()
            await asyncio.wait({waiting}, timeout=ASKED_EVERY_S)

    waiting = asyncio.create_task(over.wait())
    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(asking, waiting, return_exceptions=True)
