"""Real browsers for the pages: one Usher for the session, one Chromium, and an ear for every complaint."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec
import pytest

from tests.browser_house import OPERATOR_KEY, STOREFRONT_KEY, House
from tests.conftest import WaitUntil
from tests.soon import soon
from usher.run_folder import RunFolder
from usher.up import doors_answer

if TYPE_CHECKING:  # Every test session loads this file; only a browser test should pay for the driver.
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

CHROMIUM: Final = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
needs_chromium: Final = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_TIMEOUT_S: Final = 60
FACT_TIMEOUT_MS: Final = 20_000
OFFLINE: Final = r"net::ERR_INTERNET_DISCONNECTED"
REFUSED: Final = r"the server responded with a status of 4\d\d"
"""What Chromium itself notes in the console about a request; no page can keep it from doing so."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The screen, the hand and the taste of a person."""

    width: int
    height: int
    phone: bool = False
    dark: bool = False
    language: Literal["en", "zh"] = "en"

    def options(self) -> dict[str, Any]:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "is_mobile": self.phone,
            "has_touch": self.phone,
            "color_scheme": "dark" if self.dark else "light",
            "locale": {"en": "en-GB", "zh": "zh-CN"}[self.language],
            "timezone_id": "Asia/Shanghai",
            "reduced_motion": "reduce",
        }


PHONE: Final = Look(width=390, height=844, phone=True)
DESKTOP: Final = Look(width=1280, height=800)


class Theatre:
    """Opens pages, each in a context of its own, and listens to them."""

    def __init__(self, chromium: Browser, house: House, closing: AsyncExitStack) -> None:
        self.house = house
        self.troubles: list[str] = []
        self._chromium = chromium
        self._closing = closing
        self._expected: list[str] = []

    async def page(self, look: Look = DESKTOP, **options: Any) -> Page:
        context = await self._chromium.new_context(**cast("Any", look.options() | options))
        self._closing.push_async_callback(context.close)
        context.set_default_timeout(FACT_TIMEOUT_MS)
        self._listen(context)
        return await context.new_page()

    def expect(self, pattern: str) -> None:
        """This may stand in the console of this test, because the test itself causes it."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [one for one in self.troubles if not any(re.search(known, one) for known in self._expected)]

    def _listen(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda fault: self.troubles.append(f"page: {fault.error}"))
        context.on("request", self._check_host)

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.troubles.append(f"console: {line.text} ({line.location['url']})")

    def _check_host(self, request: Request) -> None:
        if not request.url.startswith((self.house.url, "data:", "blob:")):
            self.troubles.append(f"request to another host: {request.url}")


def strangers() -> dict[str, str]:
    """The environment without any setting of Usher's."""
    return {name: text for name, text in os.environ.items() if not name.startswith("USHER_")}


@contextmanager
def running_usher(folder: Path) -> Iterator[tuple[dict[str, str], str]]:
    """`usher up` on a free port; its settings, and the address of its Postgres."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "USHER_DATA": str(folder / "data"),
        "USHER_PORT": str(port),
        "USHER_DEMO": "0",
        "USHER_WORKERS": "1",
        "USHER_STOREFRONT_KEY": STOREFRONT_KEY,
        "USHER_OPERATOR_KEY": OPERATOR_KEY,
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "up.log").open("wb") as log:
        argv = (sys.executable, "-m", "usher", "up")
        up = subprocess.Popen(argv, env={**strangers(), **ours}, stdout=log, stderr=subprocess.STDOUT)
    try:
        assert soon(lambda: doors_answer(url) or up.poll() is not None, START_TIMEOUT_S)
        told = RunFolder(folder / "data" / "run").addresses()
        assert told is not None, (folder / "up.log").read_text()
        yield ours, told.postgres_url
    finally:
        up.terminate()
        up.wait(START_TIMEOUT_S)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright, expect

    assert CHROMIUM is not None
    expect.set_options(timeout=FACT_TIMEOUT_MS)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@asynccontextmanager
async def open_theatre(chromium: Browser, house: House) -> AsyncIterator[Theatre]:
    """Closes every page of the block, then says what they complained about."""
    async with AsyncExitStack() as closing:
        theatre = Theatre(chromium, house, closing)
        yield theatre
    assert theatre.unexpected() == []


async def late(route: Route, answers: asyncio.Event) -> None:
    """Sends a question on its way only when all may be answered."""
    await answers.wait()
    await route.continue_()


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory, wait_until: WaitUntil) -> AsyncIterator[House]:
    with running_usher(tmp_path_factory.mktemp("house")) as (environment, postgres_url):
        house = House(environment, postgres_url, wait_until)
        yield house
        await house.doors.aclose()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture
async def theatre(chromium: Browser, house: House) -> AsyncIterator[Theatre]:
    async with open_theatre(chromium, house) as opened:
        yield opened
