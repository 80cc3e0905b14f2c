"""The whole life of a fan, reloaded at every step: by touch on a phone, and by the keyboard alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import (
    DESKTOP,
    FACT_TIMEOUT_MS,
    OFFLINE,
    PHONE,
    Look,
    Theatre,
    late,
    needs_chromium,
    open_theatre,
)
from tests.browser_fan import Fan, Hands, Keyboard, Touch, at
from tests.browser_house import House, Night, present
from tests.browser_scenes import back_at_order

pytestmark = needs_chromium
SEEN_WITHIN_S: Final = 2.0
PICKED: Final = ("C-4", "C-5")
TAKEN: Final = """seat => new Promise(done => {
  const look = () => document.querySelector(`[data-seat="${seat}"]`)?.dataset.state === 'taken'
    ? done() : setTimeout(look, 20);
  look();
})"""
"""The page itself looks: the driver's own looks come to be a second apart."""
PRESENCE_S: Final = 12
"""A cut of ten seconds must not cost the place."""
LIVES: Final[dict[str, tuple[Look, Callable[[Page], Hands]]]] = {
    "touch": (PHONE, Touch),
    "keyboard": (DESKTOP, Keyboard),
}


@pytest.fixture(scope="module")
async def lives(chromium: Browser, house: House) -> AsyncIterator[dict[str, "asyncio.Task[None]"]]:
    """Both lives side by side: much of a life is waiting."""
    lived = {way: asyncio.create_task(live(chromium, house, way)) for way in LIVES}
    yield lived
    for life in lived.values():
        life.cancel()
    await asyncio.gather(*lived.values(), return_exceptions=True)


@pytest.mark.parametrize("way", LIVES)
async def test_a_fan_gets_from_the_line_to_the_ticket(
    lives: dict[str, "asyncio.Task[None]"], way: str
) -> None:
    await lives[way]


async def live(chromium: Browser, house: House, way: str) -> None:
    async with open_theatre(chromium, house) as theatre:
        theatre.expect(OFFLINE)
        look, hands = LIVES[way]
        page = await theatre.page(look)
        night = await house.delegate(capacity=1, shows=2, presence_s=PRESENCE_S)
        fan = Fan(page, night, hands(page))
        await wait_in_line(fan)
        await choose(fan, theatre, look)
        await pay(fan)


async def wait_in_line(fan: Fan) -> None:
    """Joined before the open, drawn, cut off, invited, in."""
    await fan.visit()
    await fan.reload("start")
    await fan.press("join")
    await fan.step("waiting")
    await fan.reload("waiting")
    ahead = await fan.night.rivals_before_the_first()
    async with present(ahead):
        await fan.night.move("open")
        await expect(fan.page.locator(at("rank"))).to_contain_text(str(1 + len(ahead)))
        await fan.reload("waiting")
        await fan.cut_off("waiting")
        for number, rival in enumerate(ahead, start=1):
            await rival.come_in()
            await rival.buy(f"A-{number}")
    await fan.step("invited")
    await fan.reload("invited")
    await fan.come_in()
    await fan.reload("choosing")


async def choose(fan: Fan, theatre: Theatre, look: Look) -> None:
    """Cut off while choosing; sees another's seats go; picks two, which a reload keeps, and holds them."""
    await fan.cut_off("choosing")
    await fan.night.change(capacity=5)
    await see_a_seat_go(fan, await theatre.page(look))
    for seat in PICKED:
        await fan.hands.seat(seat)
        await fan.seat_is(seat, "mine")
    await fan.reload("choosing")
    for seat in PICKED:
        await fan.seat_is(seat, "mine")
    await fan.press("take")
    await fan.step("held")
    await fan.reload("held")


async def see_a_seat_go(fan: Fan, page: Page) -> None:
    """A second browser holds a seat; the first sees it change soon after."""
    second = Fan(page, fan.night)
    second.hands = Keyboard(page)
    await second.visit()
    await second.press("join")
    await second.come_in()
    await second.hands.seat("B-3")
    await second.seat_is("B-3", "mine")
    await fan.seat_is("B-3", "free")
    seen = asyncio.create_task(fan.page.evaluate(TAKEN, "B-3"))
    async with page.expect_response(lambda answer: answer.url.endswith("/holds")) as answer:
        await second.press("take")
    assert (await answer.value).status == 201
    held = time.monotonic()
    await asyncio.wait_for(seen, FACT_TIMEOUT_MS / 1000)
    assert time.monotonic() - held < SEEN_WITHIN_S


async def pay(fan: Fan) -> None:
    """Ordered; to the provider's page, back and there again; paid, and the tickets stay."""
    await fan.order()
    await fan.reload("paying")
    await fan.press("pay-link")
    await fan.step("provider")
    await fan.reload("provider")
    await fan.hands.press(at("back"))
    await fan.step("paying")
    await fan.press("pay-link")
    await fan.hands.press("[name=press][value=pay]")
    await back_at_order(fan, "confirmed")
    await expect(fan.page.locator(at("ticket"))).to_have_count(2)
    await fan.reload("confirmed")
    await fan.says("C-4")
    assert await fan.page.locator(f"{at('ticket')} svg, {at('ticket')} img").count() >= 2


async def test_who_waits_is_counted_among_those_who_wait(theatre: Theatre) -> None:
    """The last pulse is from before the fan joined, and the next one is slow."""
    page, later = await theatre.page(PHONE), asyncio.Event()
    fan = Fan(page, await theatre.house.delegate(capacity=1))
    await fan.night.move("open")
    await (await fan.night.rival()).come_in()
    async with page.expect_response("**/pulse") as pulse:
        await fan.visit()
    assert (await (await pulse.value).json())["waiting"] == 0
    await page.route("**/pulse", lambda route: late(route, later))
    await fan.press("join")
    counted = page.locator("#waiting-facts div").filter(has_text="Waiting in all")
    await expect(counted.locator("dd")).to_have_text("1")
    later.set()
    await page.unroute_all(behavior="wait")


async def test_a_ticket_is_found_by_its_link_in_another_browser(theatre: Theatre) -> None:
    night = await theatre.house.delegate()
    order = await sold(night, "C-1")
    page = await theatre.page(PHONE)
    await page.goto(f"{theatre.house.url}/orders/{order}")
    await expect(page.locator(at("ticket"))).to_contain_text("C-1")
    await expect(page.locator("body")).to_have_attribute("data-step", "confirmed")


async def sold(night: Night, *seats: str) -> str:
    await night.move("open")
    rival = await night.rival()
    await rival.come_in()
    return await rival.buy(*seats)
