"""When it does not go as hoped, the page leads on: to paying again, to the map, to what is still free."""

from playwright.async_api import expect

from tests.browser import PHONE, REFUSED, Theatre, needs_chromium
from tests.browser_fan import Fan, Touch, at
from tests.browser_scenes import REASON, SCENES, Visit, back_at_order

pytestmark = needs_chromium


async def test_a_declined_payment_can_be_made_again(theatre: Theatre) -> None:
    page = await theatre.page(PHONE)
    fan = Fan(page, await theatre.house.delegate(), Touch(page))
    visit = Visit(theatre.house, page)
    await SCENES["declined"](visit)
    await fan.press("pay-link")
    await fan.hands.press("[name=press][value=pay]")
    await back_at_order(fan, "confirmed")


async def test_a_lapsed_hold_leads_back_to_the_map(theatre: Theatre) -> None:
    page = await theatre.page(PHONE)
    fan = Fan(page, await theatre.house.delegate())
    await SCENES["lapsed"](Visit(theatre.house, page))
    await fan.press("rejoin")
    await fan.step("choosing")


async def test_a_seat_lost_at_the_last_moment_is_named_and_another_offered(theatre: Theatre) -> None:
    """The seat goes while the page cannot hear of it; the refusal names it and says what fits."""
    theatre.expect(REFUSED)
    page = await theatre.page(PHONE)
    fan = await Visit(theatre.house, page).inside()
    rival = await fan.night.rival()
    await rival.come_in()
    await page.route("**/seats*", lambda route: route.abort())
    theatre.expect(r"net::ERR_FAILED")
    await fan.hands.seat("B-4")
    await fan.seat_is("B-4", "mine")
    await rival.hold("B-4")
    await fan.press("take")
    await page.unroute("**/seats*")
    await expect(page.locator(at("problem")).filter(has_text="Row B, seat 4").first).to_be_visible()
    await fan.seat_is("B-4", "taken")
    await fan.press("press")
    await fan.step("held")


async def test_what_the_operator_says_is_read_by_who_waits_and_who_chooses(theatre: Theatre) -> None:
    page = await theatre.page(PHONE)
    fan = Fan(page, await theatre.house.delegate())
    await fan.join()
    await fan.night.move("open")
    await fan.night.move("pause", REASON)
    await fan.step("paused")
    await fan.says(REASON)
    await fan.night.move("resume")
    await fan.come_in()


async def test_what_is_left_is_told_before_anyone_waits_for_it(theatre: Theatre) -> None:
    page = await theatre.page(PHONE)
    fan = Fan(page, await theatre.house.delegate(shows=2))
    await fan.night.move("open")
    await fan.visit()
    gone = page.locator(f'[data-show="{fan.night.shows[0]}"] .show-gone')
    await expect(gone).to_be_hidden()
    await fan.night.sell_out(fan.night.shows[0])
    await fan.says("1 of 2 showtimes is sold out")
    await expect(gone).to_be_visible()
    await fan.night.sell_out(fan.night.shows[1])
    await fan.says("Every seat is taken just now")
    await expect(page.locator(at("others"))).to_be_visible()
