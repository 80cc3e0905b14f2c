"""How fast a hall of 8,000 seats is drawn and moved on a slow processor: `python -m tests.hall_speed`."""

import asyncio
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.async_api import Page

from allocator.plan import Category, Plan, Point, Row, Seat
from tests.browser import DESKTOP, PHONE, Look, Theatre, open_theatre, running_chromium, running_usher
from tests.browser_house import SMALL, Bill, House
from tests.soon import become_true

SLOWER: Final = 4
BLOCKS: Final = (30, 40, 30)
ROWS_A_SECTION: Final = 20
SECTIONS: Final = ("Stalls", "Circle", "Upper circle", "Balcony")
COLORS: Final = ("#6b8fb5", "#4f9d69", "#c2873d", "#8a5fb0")
SEAT_M, AISLE_M, ROW_M, GAP_M, RADIUS_M = 0.6, 1.5, 1.0, 3.0, 60.0
DRAG_STEPS: Final = 60
PRESSES: Final = (2, 2, 1)
WATCH: Final = """
(() => {
  const seen = window.hallSpeed = { long: [], drawn: null };
  const note = list => seen.long.push(...list.getEntries().map(each => each.duration));
  new PerformanceObserver(note).observe({ type: 'longtask', buffered: true });
  const look = () => {
    if (!document.querySelector('.hall-map[data-drawn]')) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => {
      seen.drawn = performance.now();
      document.documentElement.dataset.drawn = '1';
    }));
  };
  look();
})();
"""


class Speed(msgspec.Struct, frozen=True):
    """`first_paint_ms`: from the navigation to the page's first content; `drawn_ms`: to the frame that shows
    every seat. The longest tasks are those while the page loaded, while the hall was panned and while it was
    zoomed; other work on this machine makes all of them longer, never shorter."""

    seats: int
    first_paint_ms: int
    drawn_ms: int
    longest_loading_ms: int
    longest_panning_ms: int
    longest_zooming_ms: int


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


def bill() -> Bill:
    """A third of the arena is sold already, so that every state is drawn."""
    plan = arena()
    names = [str(name) for name, _, _ in plan.named_seats()]
    sold = [name for place, name in enumerate(names) if place * 7 % 3 == 0]
    prices = {category.key: 5000 + 2000 * number for number, category in enumerate(plan.categories)}
    showtime = {**SMALL.showtime, "prices": prices, "sold": sold}
    return Bill(title="Arena night", plan_id="browser-arena", plan=plan, showtime=showtime)


async def measure(theatre: Theatre, look: Look = PHONE) -> Speed:
    """A fan inside loads the page again, at a quarter of the processor, then moves about in the hall."""
    night = await theatre.house.delegate(bill(), draw=False)
    await night.move("open")
    page = await theatre.page(look, reduced_motion="no-preference")
    await page.goto(night.url)
    await page.locator("[data-at=join]:visible").click()
    await page.locator("[data-at=come-in]:visible").click()
    await page.locator(".hall-map[data-drawn]").wait_for()
    wire = await page.context.new_cdp_session(page)
    await wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.add_init_script(WATCH)
    await page.reload()
    await page.locator("html[data-drawn]").wait_for()
    loaded = await seen(page)
    zooming, panning = await move_about(page)
    await page.close()
    return Speed(
        seats=len(list(night.bill.plan.named_seats())),
        first_paint_ms=round(loaded["painted"]),
        drawn_ms=round(loaded["drawn"]),
        longest_loading_ms=round(max(loaded["long"], default=0)),
        longest_panning_ms=panning,
        longest_zooming_ms=zooming,
    )


async def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(
        "({ ...hallSpeed, painted: performance.getEntriesByName('first-contentful-paint')[0].startTime })"
    )
    return found


async def move_about(page: Page) -> tuple[int, int]:
    """Nearer in three steps, from dots to seats with numbers, panned at each: the longest tasks of both."""
    hall = page.locator(".hall-map")
    await hall.scroll_into_view_if_needed()
    box = await hall.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    zooming, panning = 0, 0
    await longest_since(page)
    for presses in PRESSES:
        for _ in range(presses):
            await page.locator("[data-at=zoom-bigger]").click()
        zooming = max(zooming, await longest_since(page))
        for way in (1, -1):
            await drag(page, middle, (way * box["width"] * 0.4, way * box["height"] * 0.3))
            panning = max(panning, await longest_since(page))
    return zooming, panning


async def longest_since(page: Page) -> int:
    """The longest task since the last call, when the hall stands still; 0 when none took 50 ms."""
    await page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 400))")
    return round(float(await page.evaluate("Math.max(0, ...hallSpeed.long.splice(0))")))


async def drag(page: Page, start: tuple[float, float], by: tuple[float, float]) -> None:
    await page.mouse.move(*start)
    await page.mouse.down()
    for step in range(1, DRAG_STEPS + 1):
        part = step / DRAG_STEPS
        await page.mouse.move(start[0] + by[0] * part, start[1] + by[1] * part)
    await page.mouse.up()


async def report() -> dict[str, Speed]:
    with tempfile.TemporaryDirectory() as folder, running_usher(Path(folder)) as (environment, postgres_url):
        house = House(environment, postgres_url, become_true)
        async with running_chromium() as chromium, open_theatre(chromium, house) as theatre:
            found = {"phone": await measure(theatre, PHONE), "desktop": await measure(theatre, DESKTOP)}
        await house.doors.aclose()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(msgspec.to_builtins(asyncio.run(report())), indent=2) + "\n")
