"""Without a network: a reload, a phone that wakes and a tab opened anew find the place, and say so."""

from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser import OFFLINE, PHONE, Theatre, needs_chromium
from tests.browser_fan import Fan, Touch, at
from tests.browser_scenes import back_at_order

pytestmark = needs_chromium
KEPT: Final = """async languages => {
  const order = document.getElementById('order');
  const now = order ? `data-state="${order.dataset.state}"` : '</html>';
  const isKept = async language => {
    const found = await caches.match(`${location.pathname}?lang=${language}`), text = await found?.text();
    return text?.includes(now) && text.includes(`<html lang="${language}">`);
  };
  const are = await Promise.all(languages.map(isKept));
  return Boolean(navigator.serviceWorker.controller && are.every(Boolean));
}"""
LANGUAGE: Final = "async () => (await (await caches.open('usher-language')).matchAll())[0]?.text()"
NAMES: Final = "async () => (await caches.keys()).filter(name => name.startsWith('usher:'))"
URLS: Final = """async () => (await Promise.all((await caches.keys()).map(async name =>
  (await (await caches.open(name)).keys()).map(({url}) => url)))).flat()"""
PLACE: Final = "Object.entries(localStorage).find(([name]) => name.endsWith(':place'))[1]"
LEFT_BY_AN_OLDER_RELEASE: Final = """async () => {
  const base = document.body.dataset.root;
  for (const name of await caches.keys()) await caches.delete(name);
  const older = `${base}/pages/0123456789ab/offline_worker.js`;
  await navigator.serviceWorker.register(older, {scope: `${base}/sales/`});
  const cache = await caches.open(`usher:${location.pathname} 0123456789ab.en.`);
  await cache.put(location.pathname, new Response('<p>older', {headers: {'content-type': 'text/html'}}));
}"""
WORKER: Final = """async () => {
  const {installing, waiting, active} = await navigator.serviceWorker.getRegistration();
  return (installing ?? waiting ?? active).scriptURL;
}"""


async def kept(fan: Fan, *languages: str) -> None:
    """The browser has this page as it is now, in English or these languages, and may open it by itself."""

    async def so() -> bool:
        return bool(await fan.page.evaluate(KEPT, languages or ["en"]))

    await fan.night.house.wait_until(so, timeout_s=20)


async def says(fan: Fan, text: str) -> None:
    await expect(fan.page.locator(at("offline"))).to_contain_text(text)


@pytest.fixture
async def fan(theatre: Theatre) -> Fan:
    theatre.expect(OFFLINE)
    page = await theatre.page(PHONE)
    return Fan(page, await theatre.house.delegate(), Touch(page))


async def test_a_reload_without_a_network_shows_the_place_kept(fan: Fan) -> None:
    await fan.join()
    await kept(fan)
    place = await fan.page.evaluate(PLACE)
    await fan.page.context.set_offline(True)
    await fan.reload("waiting")
    await says(fan, "Your place is kept")
    await fan.page.context.set_offline(False)
    await expect(fan.page.locator(at("offline"))).to_be_hidden()
    await fan.step("waiting")
    assert await fan.page.evaluate(PLACE) == place


async def test_a_closed_tab_opened_again_finds_its_place_also_without_a_network(fan: Fan) -> None:
    await fan.join()
    await kept(fan)
    place = await fan.page.evaluate(PLACE)
    for is_offline in (False, True):
        await fan.page.close()
        await fan.page.context.set_offline(is_offline)
        fan.page = await fan.page.context.new_page()
        await fan.visit()
        await fan.step("waiting")
        assert await fan.page.evaluate(PLACE) == place
    await says(fan, "Your place is kept")
    await fan.page.context.set_offline(False)
    await fan.night.move("open")
    await fan.step("invited")


async def test_the_turn_the_seats_and_the_ticket_open_without_a_network(fan: Fan) -> None:
    await fan.night.move("open")
    await fan.visit()
    await fan.press("join")
    await fan.come_in()
    await kept(fan)
    await offline_reload(fan, "choosing", "Your place is kept")
    await fan.take("A-1", "A-2")
    await offline_reload(fan, "held", "Your place is kept")
    await fan.order()
    await kept(fan)
    await offline_reload(fan, "paying", "Your order is kept")
    await fan.press("pay-link")
    await fan.hands.press("[name=press][value=pay]")
    await back_at_order(fan, "confirmed")
    await kept(fan)
    await offline_reload(fan, "confirmed", "No connection")
    await expect(fan.page.locator(f"{at('ticket')} svg")).to_have_count(2)


async def offline_reload(fan: Fan, step: str, said: str) -> None:
    """The page opens at the same step, says so, and goes on when the network is back."""
    await fan.page.context.set_offline(True)
    await fan.reload(step)
    await says(fan, said)
    await fan.page.context.set_offline(False)
    await expect(fan.page.locator(at("offline"))).to_be_hidden()
    await fan.step(step)


async def test_a_kept_page_speaks_the_language_chosen_last(fan: Fan) -> None:
    await fan.page.goto(f"{fan.night.house.url}/?lang=en")
    await fan.join()
    await kept(fan, "en", "zh")
    await fan.page.goto(f"{fan.night.house.url}/?lang=zh")

    async def is_remembered() -> bool:
        return bool(await fan.page.evaluate(LANGUAGE) == "zh")

    await fan.night.house.wait_until(is_remembered)
    await fan.page.context.set_offline(True)
    await fan.visit()
    await speaks(fan, "zh", "排队号已保留")
    await fan.press("lang-en")
    await speaks(fan, "en", "Your place is kept")
    await fan.visit()
    await speaks(fan, "en", "Your place is kept")
    await fan.page.context.set_offline(False)
    await fan.visit()
    await expect(fan.page.locator(at("offline"))).to_be_hidden()
    await expect(fan.page.locator("html")).to_have_attribute("lang", "en")


async def speaks(fan: Fan, language: str, said: str) -> None:
    """The page is kept and all of it is in this language."""
    await fan.step("waiting")
    await expect(fan.page.locator("html")).to_have_attribute("lang", language)
    await says(fan, said)


async def test_the_list_leads_who_has_tickets_to_them_without_a_network(fan: Fan) -> None:
    await fan.night.move("open")
    await fan.visit()
    await fan.press("join")
    await fan.come_in()
    await fan.take("A-1")
    await fan.order()
    await kept(fan, "en", "zh")
    await fan.page.goto(fan.night.house.url)
    await kept(fan, "en", "zh")
    await fan.page.context.set_offline(True)
    await fan.reload("list")
    await says(fan, "your orders open all the same")
    await fan.hands.press("#mine-list a")
    await fan.step("paying")
    await says(fan, "Your order is kept")


async def test_a_new_release_is_taken_at_once_and_answers_are_never_kept(fan: Fan) -> None:
    await fan.join()
    await kept(fan)
    now = await fan.page.evaluate(NAMES)
    await fan.page.evaluate(LEFT_BY_AN_OLDER_RELEASE)
    await fan.reload("waiting")
    release = await fan.page.locator("script[type=module]").get_attribute("src")
    assert release is not None

    async def taken() -> bool:
        worker = await fan.page.evaluate(WORKER)
        return release.split("/")[-2] in worker and await fan.page.evaluate(NAMES) == now

    await fan.night.house.wait_until(taken, timeout_s=20)
    assert [url for url in await fan.page.evaluate(URLS) if "/v1/" in url] == []
