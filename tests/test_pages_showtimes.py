"""Showtimes on pages: cards stand beside each other, times tell the year, the soonest comes first."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest
from playwright.async_api import expect

from tests.browser import DESKTOP, PHONE, Look, Theatre, needs_chromium
from tests.browser_fan import at
from tests.browser_house import SMALL, STARTS_IN, Night, written
from tests.browser_scenes import Visit, sign_in

pytestmark = needs_chromium
WORDY: Final = {"cinema": "Harbour Cinema 海港影城", "auditorium": "Auditorium 3 三号厅"}
OUTSIDE: Final = """
(() => {
  const strip = document.querySelector('.shows-strip'), cards = [...strip.querySelectorAll('.show-card')];
  const box = each => each.getBoundingClientRect(), end = box(strip).left + strip.scrollWidth;
  const overlaps = (card, next) => next && box(card).right > box(next).left;
  const leaves = card => box(card).right > Math.min(box(card.parentNode).right, end) + 0.5;
  const spills = card => card.scrollWidth > card.clientWidth;
  return cards.filter((card, n) => overlaps(card, cards[n + 1]) || leaves(card) || spills(card)).length;
})()
"""
"""How many cards lie over the next one, reach out of their place or do not hold their words."""


@pytest.mark.parametrize("look", [PHONE, Look(width=1440, height=900)], ids=["phone", "desktop"])
async def test_no_card_lies_over_another(theatre: Theatre, look: Look) -> None:
    page = await theatre.page(look, locale="en-US")
    bill = msgspec.structs.replace(SMALL, showtime=SMALL.showtime | WORDY)
    await Visit(theatre.house, page, bill).inside(shows=6)
    await expect(page.locator(at("showtime"))).to_have_count(6)
    assert await page.evaluate(OUTSIDE) == 0


async def starting(night: Night, name: str, starts_at: datetime) -> None:
    """One more showtime of the night."""
    show = {**night.bill.showtime, "sale": night.sale, "plan": night.bill.plan_id}
    await night.house.put(f"/v1/showtimes/{night.sale}-{name}", {**show, "starts_at": written(starts_at)})


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_day_of_another_year_tells_the_year(theatre: Theatre, language: str) -> None:
    now = datetime.now(UTC)
    soon, far = now + STARTS_IN, now + timedelta(days=800)
    night = await theatre.house.delegate(shows=0, opens_at=written(far))
    for name, starts_at in (("soon", soon), ("far", far)):
        await starting(night, name, starts_at)
    page = await theatre.page(PHONE)
    await page.goto(f"{night.url}?lang={language}")
    await expect(page.locator("#waiting-lead")).to_contain_text(str(far.year))
    times = {name: page.locator(f'[data-show="{night.sale}-{name}"] time') for name in ("soon", "far")}
    await expect(times["far"]).to_contain_text(str(far.year))
    assert (str(soon.year) in await times["soon"].inner_text()) == (soon.year != now.year)


async def test_the_operator_sees_the_soonest_auditorium_first(theatre: Theatre) -> None:
    now = datetime.now(UTC)
    night = await theatre.house.delegate(shows=0)
    for name, hours in (("a", 72), ("b", 24)):
        await starting(night, name, now + timedelta(hours=hours))
    page = await theatre.page(DESKTOP)
    await sign_in(page, theatre.house, night.sale)
    halls = page.locator(f"{at('halls')} > [data-showtime]")
    await expect(halls).to_have_count(2)
    await starting(night, "c", now + timedelta(hours=48))
    await expect(halls).to_have_count(3)
    shown = [await each.get_attribute("data-showtime") for each in await halls.all()]
    assert shown == [f"{night.sale}-{name}" for name in "bca"]
