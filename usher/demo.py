"""The demo premiere: a film that does not exist, in three cinemas that do not either, on sale at once."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import msgspec

from allocator.halls import imax_hall, standard_hall, vip_hall
from allocator.plan import Plan, SeatName

SALE: Final = "demo-premiere"
FILM: Final = "The Lantern Tide 灯潮"
ZONE: Final = "Asia/Shanghai"
DAYS_AHEAD: Final = 10
HOUSE_SEATS: Final = 4
TIMEOUT_S: Final = 20.0


class CannotLoadDemo(Exception):
    """The doors refused a part of the demo; the message holds their words."""


class DemoHall(msgspec.Struct, frozen=True):
    """An auditorium of the demo; prices are fen."""

    plan: Plan
    format: str
    prices: dict[str, int]
    service_fee: int


class DemoShow(msgspec.Struct, frozen=True):
    id: str
    hall: str
    cinema: str
    auditorium: str
    at: tuple[int, int]


HARBOUR, ORCHARD, OBSERVATORY = "Harbour Cinema 海港影城", "Orchard Pictures 果园影院", "Observatory 观象影城"
SHOWS: Final = (
    DemoShow("demo-harbour-imax-1900", "demo-imax", HARBOUR, "IMAX 1号厅", (19, 0)),
    DemoShow("demo-harbour-imax-2210", "demo-imax", HARBOUR, "IMAX 1号厅", (22, 10)),
    DemoShow("demo-harbour-standard-1930", "demo-standard", HARBOUR, "Hall 3 3号厅", (19, 30)),
    DemoShow("demo-orchard-standard-1920", "demo-standard", ORCHARD, "Hall 1 1号厅", (19, 20)),
    DemoShow("demo-orchard-vip-2000", "demo-vip", ORCHARD, "VIP Hall 贵宾厅", (20, 0)),
    DemoShow("demo-observatory-standard-1950", "demo-standard", OBSERVATORY, "Hall 2 2号厅", (19, 50)),
)


def halls() -> dict[str, DemoHall]:
    """Plan id -> hall."""
    standard = {"front": 4900, "standard": 6900, "premium": 8900}
    imax = {"front": 7900, "standard": 10900, "premium": 13900}
    vip = {"front": 13800, "recliner": 16800}
    return {
        "demo-standard": DemoHall(standard_hall(), "2D", standard, 300),
        "demo-imax": DemoHall(imax_hall(), "IMAX", imax, 400),
        "demo-vip": DemoHall(vip_hall(), "2D", vip, 500),
    }


async def load_demo(base_url: str, storefront_key: str, operator_key: str) -> bool:
    """Delegates the premiere through the doors and opens it; False when it was there already.

    Loading stopped halfway is taken up again by the next call.
    """
    async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S) as doors:
        doors.headers["Authorization"] = f"Bearer {storefront_key}"
        found = await doors.get(f"/v1/sales/{SALE}")
        if found.status_code == 200 and found.json()["state"] != "scheduled":
            return False
        for plan_id, hall in halls().items():
            content = msgspec.json.encode(hall.plan)
            await _put(doors, f"/v1/plans/{plan_id}?format=usher", content)
        await _put(doors, f"/v1/sales/{SALE}", msgspec.json.encode(_sale(datetime.now(UTC))))
        for show in SHOWS:
            body = _showtime(show, halls()[show.hall], datetime.now(UTC))
            await _put(doors, f"/v1/showtimes/{show.id}", msgspec.json.encode(body))
        key = {"Authorization": f"Bearer {operator_key}"}
        opened = await doors.post(f"/v1/sales/{SALE}/open", json={}, headers=key)
        _check(opened)
        return True


def _sale(now: datetime) -> dict[str, Any]:
    return {
        "title": f"{FILM}: premiere 首映",
        "opens_at": _text(now),
        "draw": False,
        "capacity": 200,
        "shopping_s": 600,
        "seats_per_fan": 4,
        "identity": "guest",
    }


def _showtime(show: DemoShow, hall: DemoHall, now: datetime) -> dict[str, Any]:
    day = now.astimezone(ZoneInfo(ZONE)) + timedelta(days=DAYS_AHEAD)
    hour, minute = show.at
    return {
        "sale": SALE,
        "cinema": show.cinema,
        "auditorium": show.auditorium,
        "film": FILM,
        "format": hall.format,
        "starts_at": _text(day.replace(hour=hour, minute=minute, second=0, microsecond=0)),
        "time_zone": ZONE,
        "plan": show.hall,
        "prices": hall.prices,
        "service_fee": hall.service_fee,
        "currency": "CNY",
        "blocked": house_seats(hall.plan),
        "orphans": "prefer",
    }


def house_seats(plan: Plan) -> list[SeatName]:
    """The seats a house keeps for itself: the first of the last row's longest run, no wheelchair places."""
    row = plan.rows[-1]
    longest = max(len(run) for run in row.runs)
    first = next(index for index, run in enumerate(row.runs) if len(run) == longest)
    wanted = set(row.runs[first][:HOUSE_SEATS])
    return [name for name, _, seat in plan.named_seats() if seat in wanted and not seat.accessible]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def _put(doors: httpx.AsyncClient, path: str, content: bytes) -> None:
    _check(await doors.put(path, content=content, headers={"Content-Type": "application/json"}))


def _check(answer: httpx.Response) -> None:
    if answer.status_code >= 300:
        raise CannotLoadDemo(f"{answer.request.method} {answer.request.url.path}: {answer.text[:300]}")
