"""A page is small, comes from this host alone, and asks no more than it is told to."""

import asyncio
import time
from typing import Final

import pytest

from tests.browser import PHONE, Theatre, needs_chromium
from tests.browser_fan import Fan
from tests.browser_rules import weigh

pytestmark = needs_chromium
FIRST_VIEW_BYTES_MAX: Final = 100_000
WATCHED_S: Final = 6


@pytest.mark.parametrize("path", ["/", "/sales/{sale}", "/operator"])
async def test_the_first_view_is_small(theatre: Theatre, path: str) -> None:
    night = await theatre.house.delegate(shows=3)
    page = await theatre.page(PHONE)
    weight = await weigh(page, theatre.house.url + path.format(sale=night.sale))
    assert 0 < weight < FIRST_VIEW_BYTES_MAX
    print(f"{path}: {weight:,} bytes")


async def test_the_way_to_the_map_is_small(theatre: Theatre) -> None:
    """Everything a fan loads from the first view to the chosen seat."""
    night = await theatre.house.delegate()
    page = await theatre.page(PHONE)
    fan, sizes = Fan(page, night), []
    wire = await page.context.new_cdp_session(page)
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    await wire.send("Network.enable")
    await night.move("open")
    await fan.visit()
    await fan.press("join")
    await fan.come_in()
    await fan.seat_is("A-1", "free")
    assert sum(sizes) < FIRST_VIEW_BYTES_MAX


async def test_a_waiting_page_polls_as_it_is_told(theatre: Theatre) -> None:
    """The shortest pause it was told bounds how often it may have asked."""
    page = await theatre.page(PHONE)
    fan = Fan(page, await theatre.house.delegate())
    pauses: list[float] = []
    asked: list[float] = []
    page.on("request", lambda one: asked.append(time.monotonic()) if one.url.endswith("/place") else None)
    await fan.join()
    async with page.expect_response(lambda one: one.url.endswith("/place")) as answer:
        pass
    pauses.append((await (await answer.value).json())["poll_in_s"])
    begun = len(asked)
    await asyncio.sleep(WATCHED_S)  # Nothing must happen in this time: there is no fact to wait for.
    assert len(asked) - begun <= 1 + WATCHED_S / min(pauses)
