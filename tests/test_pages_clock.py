"""A countdown shows no more than was promised, whatever the device's clock says and however old a Date is."""

import time
from email.utils import formatdate
from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser import PHONE, Theatre, needs_chromium
from tests.browser_fan import Fan, Touch, at

pytestmark = needs_chromium
DATE_OLD_S: Final = 1.4
"""A worker writes it once a second, in whole seconds."""
PLAN_OLD_S: Final = 240
"""The browser keeps a plan for five minutes, with the Date of its making."""
SHORT_S: Final = 4
"""What a countdown may have lost before it is first seen."""
WATCH: Final = """
(() => {
  const now = Date.now.bind(Date), seen = JSON.parse(sessionStorage.getItem('seen') ?? '[]');
  Date.now = () => now() + APART_MS;
  new MutationObserver(() => {
    const { step } = document.body?.dataset ?? {}, at = `[data-step=${step}] [data-at=countdown]`;
    for (const each of step ? document.querySelectorAll(at) : [])
      if (each.checkVisibility() && each.textContent) seen.push([step, each.textContent]);
    sessionStorage.setItem('seen', JSON.stringify(seen));
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
SEEN: Final = "JSON.parse(sessionStorage.getItem('seen'))"
PROMISED: Final = "name => Number(document.querySelector(`#journey, #order`).dataset[name])"


async def aged(route: Route) -> None:
    """The answer as it is when its Date was written long before."""
    answer = await route.fetch()
    old_s = PLAN_OLD_S if route.request.url.endswith("/plan") else DATE_OLD_S
    await route.fulfill(
        response=answer, headers={**answer.headers, "date": formatdate(time.time() - old_s, usegmt=True)}
    )


async def shown(page: Page) -> dict[str, list[int]]:
    """The seconds that each step's countdowns have shown so far."""
    found: dict[str, list[int]] = {}
    for step, text in await page.evaluate(SEEN):
        seconds = 0
        for part in text.split(":"):
            seconds = seconds * 60 + int(part)
        found.setdefault(step, []).append(seconds)
    return found


@pytest.mark.parametrize("apart_s", [0, -300, 300])
async def test_a_countdown_shows_no_more_than_was_promised(theatre: Theatre, apart_s: int) -> None:
    page = await theatre.page(PHONE)
    await page.add_init_script(WATCH.replace("APART_MS", str(apart_s * 1000)))
    await page.route("**/v1/**", aged)
    fan = Fan(page, await theatre.house.delegate(), Touch(page))
    await fan.night.move("open")
    await fan.visit()
    await fan.press("join")
    await fan.come_in()
    await fan.seat_is("A-1", "free")
    await fan.reload("choosing")
    promised = {
        "invited": await page.evaluate(PROMISED, "claimS"),
        "choosing": await page.evaluate(PROMISED, "shoppingS"),
        "held": await page.evaluate(PROMISED, "holdS"),
    }
    await fan.take("A-1", "A-2")
    await fan.order()
    await expect(page.locator(f".figure {at('countdown')}")).not_to_be_empty()
    promised["paying"] = await page.evaluate(PROMISED, "payS")
    seen = await shown(page)
    assert seen.keys() >= promised.keys()
    for step, promised_s in promised.items():
        assert promised_s - SHORT_S <= max(seen[step]) <= promised_s, step
        assert min(seen[step]) >= promised_s - 2 * SHORT_S, step
