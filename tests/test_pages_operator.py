"""The operator's screen: moves a sale with a reason, and shows what the crowd does."""

import asyncio
import os
import re
from typing import Final

import pytest
from playwright.async_api import Page, expect

from store.keys import SHARDS_DEFAULT, shard_of
from tests.browser import DESKTOP, PHONE, REFUSED, Theatre, needs_chromium
from tests.browser_fan import Fan, at
from tests.browser_rules import violations
from tests.browser_rush import begin_rush, rush_sale
from tests.browser_scenes import OPERATOR, sign_in

pytestmark = needs_chromium
REASON: Final = "Fire alarm in hall 3 三号厅火警"
RUSH_FANS: Final = int(os.environ.get("USHER_TEST_RUSH_FANS", "300"))
"""5000 is the crowd of a release night; the suite sends a few hundred."""
RUSH_TIMEOUT_S: Final = 60 + RUSH_FANS / 20
MOVING: Final = ("waiting", "inside", "sold", "orders")
CURVES: Final = (*MOVING, "invited", "held", "lag", "failures", "poll", "join", "hold", "order", "pay")
HEIGHTS: Final = r"path => new Set(path.getAttribute('d')?.match(/(?<=[ML]\S+ )[\d.]+/g)).size"
"""At how many heights a line is drawn: 0 when nothing is, 1 when it is flat."""
TOLD: Final = re.compile(r": now .+, least .+, most .+, from")
DONE: Final = "The bank gave it back 银行已退款"


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
    logged = page.locator(f"{at('log')} li")
    await expect(logged).to_have_count(4)
    await expect(logged.filter(has_text=OPERATOR)).to_have_count(4)
    await expect(logged.filter(has_text=REASON)).to_have_count(1)


async def test_the_operator_changes_the_capacity(theatre: Theatre) -> None:
    night = await theatre.house.delegate()
    page = await theatre.page(DESKTOP)
    await sign_in(page, theatre.house, night.sale)
    await page.locator(at("capacity")).click()
    await page.locator(at("capacity-value")).fill("77")
    assert await violations(page) == []
    await page.locator(at("confirm")).click()
    await expect(page.locator("dialog[open]")).to_have_count(1)  # There was no reason.
    await page.locator(at("reason")).fill("More tills")
    await page.locator(at("confirm")).click()
    await expect(page.locator(at("now-inside"))).to_contain_text("77")
    await expect(page.locator(f"{at('log')} li")).to_contain_text(["More tills"])


async def test_alarms_of_a_kind_stand_together_until_each_is_closed(theatre: Theatre) -> None:
    night = await theatre.house.delegate()
    shard = shard_of(night.sale)
    for number in (shard, (shard + 1) % SHARDS_DEFAULT, (shard + 1) % SHARDS_DEFAULT):
        await theatre.house.raise_alarm("payment-reused", number, f"order {number}")
    page = await theatre.page(DESKTOP)
    await sign_in(page, theatre.house, night.sale)
    card = page.locator("[data-kind=payment-reused]")
    await expect(card).to_have_count(1)
    await expect(card.locator("strong")).to_contain_text("3 payments")
    mine = card.locator(".cases > li").filter(has_text=night.sale)
    await mine.locator(at("close-alarm")).click()
    await page.locator(at("confirm")).click()
    await expect(page.locator("dialog[open]")).to_have_count(1)  # There was no reason.
    await page.locator(at("reason")).fill(DONE)
    await page.locator(at("confirm")).click()
    await expect(mine).to_have_count(0)
    logged = page.locator(f"{at('log')} [data-verb=close-alarm]")
    await expect(logged).to_contain_text([OPERATOR])
    await expect(logged).to_contain_text([DONE])
    await card.locator(at("close-alarm")).click()
    await page.locator(at("reason")).fill(DONE)
    await page.locator(at("confirm")).click()
    await expect(card).to_have_count(0)


async def test_a_wrong_key_is_refused_in_words(theatre: Theatre) -> None:
    theatre.expect(REFUSED)
    page = await theatre.page(DESKTOP)
    await page.goto(theatre.house.url + "/operator")
    await page.locator(at("operator-key")).fill("not the operator's key at all, really")
    await page.locator(at("operator-name")).fill(OPERATOR)
    await page.locator(at("sign-in")).click()
    await expect(page.locator(f"{at('problem')}:visible")).not_to_be_empty()


@pytest.mark.parametrize("fans", [RUSH_FANS])
async def test_the_curves_move_during_a_rush(theatre: Theatre, fans: int) -> None:
    page = await theatre.page(DESKTOP)
    rush = await begin_rush(theatre.house, fans)
    try:
        sale = await rush_sale(theatre.house)
        await sign_in(page, theatre.house, sale)
        for curve in CURVES:
            heights = 2 if curve in MOVING else 1
            await theatre.house.wait_until(
                lambda curve=curve, heights=heights: moved(page, curve, heights), timeout_s=RUSH_TIMEOUT_S
            )
            await expect(page.locator(f"{at(f'curve-{curve}')} svg")).to_have_attribute("aria-label", TOLD)
        said, _ = await asyncio.wait_for(rush.communicate(), RUSH_TIMEOUT_S)
        assert rush.returncode == 0, said.decode()[-2000:]
        await expect(page.locator(f"{at('halls')} li").first).to_contain_text(re.compile(r"[1-9]\d* sold"))
    finally:
        if rush.returncode is None:
            rush.terminate()
        said, _ = await rush.communicate()
        print(said.decode())


async def moved(page: Page, curve: str, heights: int) -> bool:
    """Whether the curve's line is drawn at so many heights."""
    return int(await page.locator(f"{at(f'curve-{curve}')} path.line-0").evaluate(HEIGHTS)) >= heights
