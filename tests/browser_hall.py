"""A hall of 8,000 seats, and hands that move it as people do: raw fingers and a raw mouse.

What a browser's driver does to find and wait for an element runs on the page's own thread and would be
measured with it; these hands only send input.
"""

import math
from typing import Any, Final

from playwright.async_api import CDPSession, Page

from allocator.plan import Category, Plan, Point, Row, Seat
from tests.browser import Theatre
from tests.browser_house import SMALL, Bill
from tests.browser_scenes import Visit

BLOCKS: Final = (30, 40, 30)
ROWS_A_SECTION: Final = 20
SECTIONS: Final = ("Stalls", "Circle", "Upper circle", "Balcony")
COLORS: Final = ("#6b8fb5", "#4f9d69", "#c2873d", "#8a5fb0")
SEAT_M, AISLE_M, ROW_M, GAP_M, RADIUS_M = 0.6, 1.5, 1.0, 3.0, 60.0
STEPS: Final = 20
APART_PX: Final = 40.0
SPREAD: Final = 2.4
"""How far two fingers go apart in one pinch."""
WHEEL_PX: Final = 350

Spot = tuple[float, float]


def arena() -> Plan:
    """8,000 seats: four sections of twenty bent rows in three blocks."""
    categories = tuple(
        Category(name.lower().replace(" ", "-"), name, color)
        for name, color in zip(SECTIONS, COLORS, strict=True)
    )
    rows = tuple(
        bent_row(section, categories[number].key, index, number * (ROWS_A_SECTION * ROW_M + GAP_M))
        for number, section in enumerate(SECTIONS)
        for index in range(ROWS_A_SECTION)
    )
    return Plan("Arena of 8,000", categories, rows, Point(0.0, 55.0))


def bent_row(section: str, category: str, index: int, depth_m: float) -> Row:
    along_m = -(sum(BLOCKS) * SEAT_M + (len(BLOCKS) - 1) * AISLE_M) / 2
    runs: list[tuple[Seat, ...]] = []
    number = 0
    for count in BLOCKS:
        run: list[Seat] = []
        for _ in range(count):
            number += 1
            bend_m = RADIUS_M * (1 - math.cos(along_m / RADIUS_M))
            y = round(8 + depth_m + index * ROW_M - bend_m, 3)
            run.append(Seat(str(number), round(along_m, 3), y, category))
            along_m += SEAT_M
        runs.append(tuple(run))
        along_m += AISLE_M
    return Row(str(index + 1), tuple(runs), section)


def arena_bill() -> Bill:
    """A third of the arena is sold already, so that every state is drawn."""
    plan = arena()
    names = [str(name) for name, _, _ in plan.named_seats()]
    sold = [name for place, name in enumerate(names) if place * 7 % 3 == 0]
    prices = {category.key: 5000 + 2000 * number for number, category in enumerate(plan.categories)}
    showtime = {**SMALL.showtime, "prices": prices, "sold": sold}
    return Bill(title="Arena night", plan_id="browser-arena", plan=plan, showtime=showtime)


async def inside_arena(theatre: Theatre, page: Page) -> None:
    """A fan who chooses in the arena, all of it drawn."""
    await Visit(theatre.house, page, arena_bill()).inside(draw=False)
    await page.locator(".hall-map[data-drawn]").wait_for()


async def standing(page: Page) -> None:
    """The hall has come to rest and what its rest shows is made."""
    await page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 500))")


class RawMouse:
    """A drag with the button down; the wheel zooms."""

    def __init__(self, page: Page, middle: Spot) -> None:
        self._mouse = page.mouse
        self._middle = middle

    async def pan(self, dx: float, dy: float) -> None:
        x, y = self._middle
        await self._mouse.move(x, y)
        await self._mouse.down()
        for step in range(1, STEPS + 1):
            await self._mouse.move(x + dx * step / STEPS, y + dy * step / STEPS)
        await self._mouse.up()

    async def zoom(self, nearer: bool) -> None:
        await self._mouse.move(*self._middle)
        for _ in range(10):
            await self._mouse.wheel(0, (-1 if nearer else 1) * WHEEL_PX / 10)

    async def press(self, x: float, y: float) -> None:
        await self._mouse.click(x, y)


class RawFingers:
    """One finger pans and presses, two pinch."""

    def __init__(self, wire: CDPSession, middle: Spot) -> None:
        self._wire = wire
        self._middle = middle

    async def pan(self, dx: float, dy: float) -> None:
        x, y = self._middle
        await self._slide([[(x + dx * part, y + dy * part)] for part in steps()])

    async def zoom(self, nearer: bool) -> None:
        x, y = self._middle
        half = APART_PX / 2
        apart = [half * SPREAD ** (part if nearer else 1 - part) for part in steps()]
        await self._slide([[(x - each, y), (x + each, y)] for each in apart])

    async def press(self, x: float, y: float) -> None:
        await self._slide([[(x, y)]])

    async def _slide(self, path: list[list[Spot]]) -> None:
        await self._send("touchStart", path[0])
        for spots in path[1:]:
            await self._send("touchMove", spots)
        await self._send("touchEnd", [])

    async def _send(self, kind: str, spots: list[Spot]) -> None:
        points: list[dict[str, Any]] = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(spots)]
        await self._wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


Hands = RawMouse | RawFingers


def steps() -> list[float]:
    return [step / STEPS for step in range(STEPS + 1)]


async def hands_on(page: Page, phone: bool) -> tuple[Hands, float, float]:
    """Hands in the middle of the hall, and the hall's width and height on the screen."""
    hall = page.locator(".hall-map")
    await hall.scroll_into_view_if_needed()
    box = await hall.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    hands = RawFingers(await page.context.new_cdp_session(page), middle) if phone else RawMouse(page, middle)
    if not phone:
        await hands.pan(STEPS, 0)  # A wheel zooms once the hall is in use.
    return hands, box["width"], box["height"]
