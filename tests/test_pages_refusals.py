"""A refusal while choosing says what happened and offers what fits; one press takes that."""

import asyncio
from typing import Any, Final

from playwright.async_api import Page, expect

from allocator.plan import Category, Plan, Point
from tests.browser import DESKTOP, PHONE, REFUSED, Theatre, needs_chromium
from tests.browser_fan import Fan, at
from tests.browser_house import SEATS_PER_FAN, SMALL, Bill, Night, Rival, row
from tests.browser_scenes import Visit

pytestmark = needs_chromium
ROWS: Final = {"A": "front", "B": "back"}
PASS: Final = """
sale => {
  const kept = Object.entries(localStorage).find(([key]) => key.includes(sale) && key.endsWith(':pass'));
  return JSON.parse(kept[1]).pass;
}
"""


def two_rows(**showtime: Any) -> Bill:
    plan = Plan(
        name="Two rows",
        categories=(Category("front", "Front"), Category("back", "Back")),
        rows=tuple(
            row(label, float(y), category) for y, (label, category) in enumerate(ROWS.items(), start=1)
        ),
        focal=Point(4.5, 1.5),
    )
    return Bill(
        title=SMALL.title, plan_id="browser-two-rows", plan=plan, showtime={**SMALL.showtime, **showtime}
    )


async def refused(page: Page, said: str) -> None:
    await expect(page.locator(at("problem"))).to_contain_text(said)


async def offers(page: Page) -> list[str]:
    return await page.locator(f"{at('problem')} button").all_inner_texts()


async def wish(page: Page, count: int, category: str) -> None:
    """The best so many of a category, asked for with one press."""
    await page.locator(f"{at('category')}[data-category={category}]").check()
    await page.locator(at("count")).fill(str(count))
    await page.locator(at("best")).click()


async def kept(fan: Fan, offer: str, seats: list[str]) -> None:
    """The offer, taken, keeps these seats."""
    await fan.page.get_by_role("button", name=offer, exact=True).click()
    await fan.step("held")
    for seat in seats:
        await expect(fan.page.locator("#held-what")).to_contain_text(seat)


async def hold_all(night: Night, show: str) -> None:
    """Rivals hold every seat of a showtime."""
    names = [str(name) for name, _, _ in night.bill.plan.named_seats()]
    fours = [names[first : first + SEATS_PER_FAN] for first in range(0, len(names), SEATS_PER_FAN)]

    async def hold(seats: list[str]) -> None:
        rival = await night.rival()
        await rival.come_in()
        await rival.hold(*seats, show=show)

    await asyncio.gather(*(hold(seats) for seats in fours))


async def test_over_the_limit_the_rest_of_it_is_offered(theatre: Theatre) -> None:
    """Three of four are kept on another device already; then all four are."""
    theatre.expect(REFUSED)
    page = await theatre.page(PHONE)
    fan = await Visit(theatre.house, page, two_rows()).inside()
    same_fan = Rival(fan.night, "")
    same_fan.pass_ = await page.evaluate(PASS, fan.night.sale)
    await same_fan.hold("B-1", "B-2", "B-3")
    for seat in ("A-3", "A-4"):
        await fan.hands.seat(seat)
    await fan.press("take")
    await refused(page, "you may have 1 more seat")
    assert await offers(page) == ["Keep Row A, seat 3 only"]
    await wish(page, 1, "back")
    await fan.step("held")
    await fan.press("release")
    await fan.step("choosing")
    await same_fan.hold("B-8")
    await wish(page, 1, "front")
    await refused(page, "as many seats as one fan may have")


async def test_a_single_seat_is_named_and_a_choice_without_it_offered(theatre: Theatre) -> None:
    theatre.expect(REFUSED)
    page = await theatre.page(PHONE)
    fan = await Visit(theatre.house, page, two_rows(orphans="strict")).inside()
    await fan.hands.seat("A-2")
    await fan.press("take")
    await refused(page, "Row A, seat 1 would be left alone")
    assert "Keep Row A, seat 1 instead" in await offers(page)
    await kept(fan, "Keep Row A, seat 1 instead", ["Row A, seat 1"])


async def test_a_sold_out_category_leads_to_the_other(theatre: Theatre) -> None:
    theatre.expect(REFUSED)
    page = await theatre.page(PHONE)
    sold = [f"A-{number}" for number in range(1, 9)]
    fan = await Visit(theatre.house, page, two_rows(sold=sold)).inside()
    await expect(page.locator(".zone", has_text="Front")).to_contain_text("Sold out")
    await wish(page, 2, "front")
    await refused(page, "Front is sold out")
    await kept(fan, "2 best seats in Back", ["Row B, seat 4", "Row B, seat 5"])


async def test_without_a_block_for_all_the_largest_or_seats_apart_are_offered(theatre: Theatre) -> None:
    """Two, two and two are free in the front row; four are wanted."""
    theatre.expect(REFUSED)
    page = await theatre.page(DESKTOP)
    fan = await Visit(theatre.house, page, two_rows(sold=["A-3", "A-6"])).inside()
    await wish(page, 4, "front")
    await refused(page, "the largest free group has 2")
    assert await offers(page) == ["2 together in Front", "4 apart in Front", "4 best seats in Back"]
    await page.get_by_role("button", name="4 apart in Front", exact=True).click()
    await fan.step("held")
    await fan.says("not all side by side")
    await fan.press("release")
    await fan.step("choosing")
    await wish(page, 4, "front")
    await kept(fan, "2 together in Front", [])


async def test_a_sold_out_showtime_leads_to_another_with_seats(theatre: Theatre) -> None:
    """It fills while the fan looks at it; the other showtime is one press away."""
    page = await theatre.page(PHONE)
    fan = await Visit(theatre.house, page, two_rows()).inside(shows=2)
    first, second = (page.locator(f"{at('showtime')}[data-showtime={show}]") for show in fan.night.shows)
    await hold_all(fan.night, fan.night.shows[0])
    await refused(page, "is sold out. There are seats at:")
    await expect(first).to_contain_text("Sold out")
    await expect(page.locator(at("best"))).to_be_disabled()
    await page.locator(at("alternative")).click()
    await expect(second).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(at("problem"))).to_be_empty()
    await fan.take("B-4")
