"""A crowd of thousands without browsers: `usher rush` against the Usher that the pages are of."""

import asyncio
import sys

from tests.browser import strangers
from tests.browser_house import House

FOUND_WITHIN_S = 90


async def begin_rush(house: House, fans: int) -> asyncio.subprocess.Process:
    """What it says is read by whoever began it."""
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


async def found_rush(house: House) -> str:
    """The sale of the rush, empty while there is none."""
    sales = (await house.get("/v1/sales"))["sales"]
    return next((str(sale["sale"]) for sale in sales if sale["sale"].startswith("rush-")), "")


async def rush_sale(house: House) -> str:
    return str(await house.wait_until(lambda: found_rush(house), timeout_s=FOUND_WITHIN_S))
