"""The operator's screen: moves a sale with a reason, and shows what the crowd does."""

import asyncio
import os
import sys
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.browser import DESKTOP, PHONE, REFUSED, Theatre, needs_chromium, strangers
from tests.browser_fan import Fan, at
from tests.browser_house import House
from tests.browser_scenes import sign_in

pytestmark = needs_chromium
REASON: Final = "Fire alarm in hall 3 三号厅火警"
RUSH_FANS: Final = int(os.environ.get("USHER_TEST_RUSH_FANS", "300"))
"""5000 is the crowd of a release night; the suite sends a few hundred."""
RUSH_TIMEOUT_S: Final = 60 + RUSH_FANS / 20
CURVES: Final = ("curve-waiting", "curve-inside", "curve-sold")


async def move(page: Page, verb: str, reason: str = "") -> None:
    """Pressed, given a reason, confirmed."""
    await page.locator(at(verb)).click()
    if reason:
        await page.locator(f"{at('reason')}:visible").fill(reason)
    await page.locator(f"{at('confirm')}:visible").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_the_operator_opens_pauses_resumes_and_closes(theatre: Theatre) -> None:
    fans_page, page = await theatre.page(PHONE), await theatre.page(DESKTOP)
    fan = Fan(fans_page, await theatre.house.delegate())
    await fan.join()
    await sign_in(page, theatre.house, fan.night.sale)
    await move(page, "open", "Doors open")
    await fan.step("invited")
    await move(page, "pause", REASON)
    await fan.step("paused")
    await fan.says(REASON)
    await move(page, "resume", "All clear")
    await fan.come_in()
    await move(page, "close", "The night is over")
    await fan.step("closed")
    await expect(page.locator("main")).to_contain_text(REASON)
    assert (await fan.night.counts())["state"] == "closed"


async def test_a_wrong_key_is_refused_in_words(theatre: Theatre) -> None:
    theatre.expect(REFUSED)
    page = await theatre.page(DESKTOP)
    await page.goto(theatre.house.url + "/operator")
    await page.locator(at("operator-key")).fill("not the operator's key at all, really")
    await page.locator(at("sign-in")).click()
    await expect(page.locator(f"{at('problem')}:visible")).not_to_be_empty()


@pytest.mark.parametrize("fans", [RUSH_FANS])
async def test_the_curves_move_during_a_rush(theatre: Theatre, fans: int) -> None:
    page = await theatre.page(DESKTOP)
    rush = await begin_rush(theatre.house, fans)
    try:
        sale = await rush_sale(theatre.house)
        await sign_in(page, theatre.house, sale)
        before = {curve: await drawn(page, curve) for curve in CURVES}
        for curve in CURVES:
            await theatre.house.wait_until(
                lambda curve=curve: differs(page, curve, before[curve]), timeout_s=RUSH_TIMEOUT_S
            )
        said, _ = await asyncio.wait_for(rush.communicate(), RUSH_TIMEOUT_S)
        assert rush.returncode == 0, said.decode()[-2000:]
    finally:
        if rush.returncode is None:
            rush.terminate()
        said, _ = await rush.communicate()
        print(said.decode())


async def begin_rush(house: House, fans: int) -> asyncio.subprocess.Process:
    """`usher rush` against the Usher of this session."""
    words = ("rush", "--fans", str(fans), "--showtimes", "2", "--url", house.url, "--seed", "7")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "usher",
        *words,
        env={**strangers(), **house.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def rush_sale(house: House) -> str:
    async def found() -> str:
        sales = (await house.get("/v1/sales"))["sales"]
        return next((sale["sale"] for sale in sales if sale["sale"].startswith("rush-")), "")

    return str(await house.wait_until(found, timeout_s=90))


async def drawn(page: Page, curve: str) -> str:
    """The curve's line as it stands."""
    return str(await page.locator(at(curve)).first.inner_html())


async def differs(page: Page, curve: str, before: str) -> bool:
    return await drawn(page, curve) != before
