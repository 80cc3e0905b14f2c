"""Every page in every state, each reached as people reach it: for the rules of axe and for pictures."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import Page, expect

from tests.browser_fan import Fan, at
from tests.browser_house import OPERATOR_KEY, SMALL, Bill, House

OPERATOR: Final = "Ada 艾达"
FRONT: Final = ("A-1", "A-2")
SHARDS: Final = (3, 40)
LATE_PAY_S: Final = 5
"""Time enough to come from the order to the provider's page, which must be open when it ends."""
REASON: Final = "The payment provider is catching up 支付通道恢复中"


class Visit:
    """A fresh page at a house, and the bill that is played."""

    def __init__(self, house: House, page: Page, bill: Bill = SMALL, seats: tuple[str, ...] = FRONT) -> None:
        self.house = house
        self.page = page
        self.bill = bill
        self.seats = seats

    async def fan(self, **sale: Any) -> Fan:
        return Fan(self.page, await self.house.delegate(self.bill, **sale))

    async def inside(self, shows: int = 1, **sale: Any) -> Fan:
        fan = Fan(self.page, await self.house.delegate(self.bill, shows=shows, **sale))
        await fan.night.move("open")
        await fan.visit()
        await fan.press("join")
        await fan.come_in()
        return fan

    async def ordered(self, **sale: Any) -> Fan:
        fan = await self.inside(**sale)
        await fan.take(*self.seats)
        await fan.order()
        return fan

    async def at_provider(self, **sale: Any) -> Fan:
        fan = await self.ordered(**sale)
        await fan.press("pay-link")
        await self.page.locator("[name=press][value=pay]").wait_for()
        return fan


async def listed(visit: Visit) -> None:
    await (await visit.fan()).night.rival()
    await visit.page.goto(visit.house.url + "/")


async def before_open(visit: Visit) -> None:
    await (await visit.fan()).join()


async def waiting(visit: Visit) -> None:
    fan = await visit.fan(capacity=1)
    await fan.join()
    await fan.night.rivals_before_the_first()
    await fan.night.move("open")
    await fan.page.locator(at("rank")).wait_for()


async def paused(visit: Visit) -> None:
    fan = await visit.fan()
    await fan.join()
    await fan.night.move("open")
    await fan.night.move("pause", REASON)
    await fan.step("paused")


async def invited(visit: Visit) -> None:
    fan = await visit.fan()
    await fan.night.move("open")
    await fan.visit()
    await fan.press("join")
    await fan.step("invited")


async def choosing(visit: Visit) -> None:
    fan = await visit.inside(shows=3)
    await fan.hands.seat(visit.seats[0])
    await fan.seat_is(visit.seats[0], "mine")


async def held(visit: Visit) -> None:
    await (await visit.inside()).take(*visit.seats)


async def paying(visit: Visit) -> None:
    await visit.ordered()


async def provider(visit: Visit) -> None:
    await visit.at_provider()


async def declined(visit: Visit) -> None:
    fan = await visit.at_provider()
    await fan.page.locator("[name=press][value=decline]").click()
    await back_at_order(fan, "declined")


async def confirmed(visit: Visit) -> None:
    fan = await visit.at_provider()
    await fan.page.locator("[name=press][value=pay]").click()
    await back_at_order(fan, "confirmed")


async def late(visit: Visit) -> None:
    """The money comes when the seats are another fan's."""
    fan = await visit.at_provider(pay_s=LATE_PAY_S)
    rival = await fan.night.rival()
    await rival.come_in()

    async def taken() -> bool:
        return await rival.can_hold(*visit.seats)

    await visit.house.wait_until(taken, timeout_s=20)
    await fan.page.locator("[name=press][value=pay]").click()
    await back_at_order(fan, "late")


async def lapsed(visit: Visit) -> None:
    fan = await visit.inside(hold_s=2)
    for seat in visit.seats:
        await fan.hands.seat(seat)
    await fan.press("take")
    await fan.step("lapsed")


async def sold_out(visit: Visit) -> None:
    fan = await visit.inside()
    await fan.night.sell_out()
    await fan.step("soldout")


async def closed(visit: Visit) -> None:
    fan = await visit.fan()
    await fan.join()
    await fan.night.move("close")
    await fan.step("closed")


async def signing_in(visit: Visit) -> None:
    await visit.page.goto(visit.house.url + "/operator")
    await visit.page.locator(at("operator-key")).wait_for()


async def operator(visit: Visit) -> None:
    """The operator's screen with a sale under way."""
    night = await visit.house.delegate(visit.bill, shows=2)
    await night.move("open")
    rival = await night.rival()
    await rival.come_in()
    await rival.hold(*visit.seats)
    await sign_in(visit.page, visit.house, night.sale)


async def alarmed(visit: Visit) -> None:
    """The operator's screen when records could not be written and seats were sold twice."""
    night = await visit.house.delegate(visit.bill)
    await visit.house.raise_alarm("dead-letter", SHARDS[0], "version 4711: the record names no showtime")
    await visit.house.raise_alarm("seat-conflict", SHARDS[0], "order o-1-2kk4v0ptfgshkmxb lost H-7")
    await visit.house.raise_alarm("seat-conflict", SHARDS[1], "order o-2-9f0c1m7t3v5xqzra lost C-2")
    await sign_in(visit.page, visit.house, night.sale)
    await visit.page.locator(at("close-alarm")).first.wait_for()


async def missing(visit: Visit) -> None:
    await visit.page.goto(visit.house.url + "/orders/o-nothing")


async def sign_in(page: Page, house: House, sale: str) -> None:
    await page.goto(f"{house.url}/operator?sale={sale}")
    await page.locator(at("operator-key")).fill(OPERATOR_KEY)
    await page.locator(at("operator-name")).fill(OPERATOR)
    await page.locator(at("sign-in")).click()
    await page.locator(at("curve-waiting")).wait_for()


async def back_at_order(fan: Fan, word: str) -> None:
    """From the provider's page to the order, if the provider did not lead there by itself."""
    body = fan.page.locator("body")
    await expect(fan.page.locator(f"body[data-step={word}], a[href*='/orders/']").first).to_be_visible()
    if await body.get_attribute("data-step") != word:
        await fan.page.locator("a[href*='/orders/']").first.click()
    await expect(body).to_have_attribute("data-step", word)


SCENES: Final[dict[str, Callable[[Visit], Awaitable[None]]]] = {
    "list": listed,
    "before-open": before_open,
    "waiting": waiting,
    "paused": paused,
    "invited": invited,
    "choosing": choosing,
    "held": held,
    "paying": paying,
    "provider": provider,
    "declined": declined,
    "confirmed": confirmed,
    "late": late,
    "lapsed": lapsed,
    "sold-out": sold_out,
    "closed": closed,
    "sign-in": signing_in,
    "operator": operator,
    "alarms": alarmed,
    "missing": missing,
}
