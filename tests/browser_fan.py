"""A fan at a page: by touch, by mouse, or by the keyboard alone."""

import asyncio
from typing import Any, Final, Protocol

from playwright.async_api import Page, expect

from tests.browser_house import Night

TABS_MAX: Final = 80
ARROWS_MAX: Final = 60
CUT_S: Final = 10


def at(name: str) -> str:
    return f"[data-at={name}]"


class Hands(Protocol):
    """How a person presses what a selector names."""

    async def press(self, selector: str) -> None: ...

    async def seat(self, name: str) -> None: ...


class Touch:
    """A finger."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, selector: str) -> None:
        await self._page.locator(selector).first.tap()

    async def seat(self, name: str) -> None:
        await self._page.locator(f'[data-seat="{name}"]').tap()


class Mouse:
    """A mouse, or whatever a browser takes for one."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, selector: str) -> None:
        await self._page.locator(selector).first.click()

    async def seat(self, name: str) -> None:
        await self._page.locator(f'[data-seat="{name}"]').click()


class Keyboard:
    """Tab, the arrows, Enter and Space; no pointer."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, selector: str) -> None:
        await self._page.locator(selector).first.wait_for()
        await self._reach(selector.removesuffix(":visible"))
        radio = await self._page.evaluate("document.activeElement.matches('[type=radio], [type=checkbox]')")
        await self._page.keyboard.press("Space" if radio else "Enter")

    async def seat(self, name: str) -> None:
        """Into the map with Tab, once it is there, then over its seats with the arrows."""
        await self._page.locator(f'[data-seat="{name}"]').wait_for()
        await self._reach("[data-seat]")
        row, _, number = name.rpartition("-")
        for _ in range(ARROWS_MAX):
            found = await self._page.evaluate("document.activeElement.dataset.seat")
            here, _, column = found.rpartition("-")
            if found == name:
                await self._page.keyboard.press("Space")
                return
            up_or_down = "ArrowDown" if here < row else "ArrowUp"
            along = "ArrowRight" if int(column) < int(number) else "ArrowLeft"
            await self._page.keyboard.press(up_or_down if here != row else along)
        raise AssertionError(f"the arrows do not lead to {name}")

    async def _reach(self, selector: str) -> None:
        seen: list[Any] = []
        for _ in range(TABS_MAX):
            if await self._page.evaluate(MATCHES, selector):
                return
            await self._page.keyboard.press("Tab")
            seen.append(await self._page.evaluate(WHERE))
        raise AssertionError(f"Tab does not lead to {selector}, only to {seen[:20]}")


MATCHES: Final = "selector => document.activeElement.matches(selector)"
WHERE: Final = "document.activeElement.outerHTML.slice(0, 80)"


class Fan:
    """What a fan does on the page of a sale, and what the page then says."""

    def __init__(self, page: Page, night: Night, hands: Hands | None = None) -> None:
        self.page = page
        self.night = night
        self.hands = hands or Mouse(page)

    async def visit(self, language: str = "") -> None:
        await self.page.goto(self.night.url + (f"?lang={language}" if language else ""))

    async def press(self, name: str) -> None:
        await self.hands.press(f"{at(name)}:visible")

    async def join(self) -> None:
        await self.visit()
        await self.press("join")
        await self.step("waiting")

    async def come_in(self) -> None:
        await self.step("invited")
        await self.press("come-in")
        await self.step("choosing")

    async def take(self, *seats: str) -> None:
        """Holds exactly these seats."""
        for seat in seats:
            await self.hands.seat(seat)
            await self.seat_is(seat, "mine")
        await self.press("take")
        await self.step("held")

    async def order(self) -> None:
        await self.press("order")
        await self.step("paying")

    async def step(self, word: str) -> None:
        """The page has come to this step."""
        await expect(self.page.locator("body")).to_have_attribute("data-step", word)

    async def reload(self, word: str) -> None:
        """A reload changes nothing."""
        await self.page.reload()
        await self.step(word)

    async def seat_is(self, seat: str, state: str) -> None:
        shape = self.page.locator(f'[data-seat="{seat}"]')
        await expect(shape).to_have_attribute("data-state", state)

    async def says(self, text: str) -> None:
        await expect(self.page.locator("main")).to_contain_text(text)

    async def cut_off(self, word: str) -> None:
        """Ten seconds without a network; the page stays at its step and finds back by itself."""
        await self.page.context.set_offline(True)
        await asyncio.sleep(CUT_S)  # The cut itself lasts this long: there is no fact to wait for.
        await self.step(word)
        await self.page.context.set_offline(False)
        await self.step(word)
