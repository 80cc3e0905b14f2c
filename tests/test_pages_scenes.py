"""Every page in every state says what happened and what to do, and breaks no rule of accessibility: in both
languages, by day and by night."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import DESKTOP, PHONE, REFUSED, late, needs_chromium, open_theatre
from tests.browser_fan import at
from tests.browser_house import House
from tests.browser_rules import violations
from tests.browser_scenes import REASON, SCENES, Visit

pytestmark = needs_chromium
AT_ONCE: Final = 3
LOOKS: Final[tuple[tuple[str, Literal["light", "dark"]], ...]] = (
    ("en", "light"),
    ("en", "dark"),
    ("zh", "light"),
    ("zh", "dark"),
)
TURNS: Final[Mapping[str, tuple[str, dict[str, str], str]]] = {
    # scene: the step, what happened, and what leads on from there
    "declined": ("declined", {"en": "was declined", "zh": "支付未成功"}, "pay-link"),
    "lapsed": ("lapsed", {"en": "has ended", "zh": "锁座时间已结束"}, "rejoin"),
    "late": ("late", {"en": "too late", "zh": "全额退回"}, "rejoin"),
    "sold-out": ("soldout", {"en": "Sold out", "zh": "已售罄"}, ""),
    "paused": ("paused", {"en": REASON, "zh": REASON}, ""),
    "closed": ("closed", {"en": "is closed", "zh": "售票已结束"}, ""),
}


@pytest.fixture(scope="module")
async def played(
    request: pytest.FixtureRequest, chromium: Browser, house: House
) -> AsyncIterator[dict[str, "asyncio.Task[list[str]]"]]:
    """What is wrong with each scene. They are played some at a time, as most of a scene is waiting."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def play(scene: str) -> list[str]:
        async with turn, open_theatre(chromium, house) as theatre:
            theatre.expect(REFUSED)
            page = await theatre.page(DESKTOP if scene == "operator" else PHONE)
            await SCENES[scene](Visit(house, page))
            return await faults(page, scene)

    asked = [scene for scene in SCENES if any(f"[{scene}]" in item.name for item in request.session.items)]
    tasks = {scene: asyncio.create_task(play(scene)) for scene in asked}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("scene", SCENES)
async def test_a_page_is_plain_to_everyone(played: dict[str, "asyncio.Task[list[str]]"], scene: str) -> None:
    assert await played[scene] == []


@pytest.mark.parametrize("scene", ["operator", "waiting", "before-open", "confirmed"])
async def test_a_page_is_plain_before_its_first_numbers(chromium: Browser, house: House, scene: str) -> None:
    async with open_theatre(chromium, house) as theatre:
        theatre.expect(REFUSED)
        page = await theatre.page(DESKTOP if scene == "operator" else PHONE)
        await SCENES[scene](Visit(house, page))
        answers = asyncio.Event()
        await page.route(re.compile("/v1/sales|/v1/orders|/v1/holds"), lambda route: late(route, answers))
        await page.reload(wait_until="domcontentloaded")
        shown = page.locator(at("curve-waiting") if scene == "operator" else "main")
        await shown.wait_for()
        assert await violations(page) == []
        answers.set()
        await page.unroute_all(behavior="wait")


async def faults(page: Page, scene: str) -> list[str]:
    """What axe finds, once the page says what it should; a change of language keeps the page's state."""
    found = []
    for language, scheme in LOOKS:
        if not await page.locator(f"html[lang^={language}]").count():
            await page.locator(at(f"lang-{language}")).click()
            await page.locator(f"html[lang^={language}]").wait_for()
            # It may come with a new page, whose first line is read before the rest.
            await page.locator("h1:visible").first.wait_for()
        if scene in TURNS:
            await tells(page, scene, language)
        if scene == "operator":
            await expect(page.locator(at("sale-state"))).not_to_be_empty()
            await expect(page.locator(f"{at('halls')} li").first).to_be_visible()
        await page.emulate_media(color_scheme=scheme)
        found += [f"{language}, {scheme}: {fault}" for fault in await violations(page)]
    return found


async def tells(page: Page, scene: str, language: str) -> None:
    step, said, way_on = TURNS[scene]
    await expect(page.locator("body")).to_have_attribute("data-step", step)
    await expect(page.locator("main")).to_contain_text(said[language])
    if way_on:
        await expect(page.locator(f"{at(way_on)}:visible")).to_have_count(1)
