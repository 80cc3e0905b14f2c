"""Pictures of every page, phone and desktop, by day and by night.

`python -m tests.shots [folder] [scene...]`: into `shots/` and of all scenes when nothing is said.
"""

import asyncio
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from allocator.halls import imax_hall
from tests.browser import CHROMIUM, DESKTOP, PHONE, Look, open_theatre, running_chromium, running_usher
from tests.browser_house import Bill, House
from tests.browser_scenes import SCENES, Visit
from tests.soon import become_true
from usher.demo import halls

IMAX: Final = halls()["demo-imax"]
PREMIERE: Final = Bill(
    title="The Lantern Tide: premiere night",
    plan_id="demo-imax",
    plan=imax_hall(),
    showtime={
        "cinema": "Harbour Cinema",
        "auditorium": "IMAX 1",
        "film": "The Lantern Tide",
        "format": IMAX.format,
        "time_zone": "Asia/Shanghai",
        "prices": IMAX.prices,
        "service_fee": IMAX.service_fee,
        "currency": "CNY",
        "orphans": "prefer",
    },
)
SEATS: Final = ("H-1", "H-2")
LOOKS: Final = {
    "phone-light": PHONE,
    "phone-dark": Look(width=390, height=844, phone=True, dark=True),
    "phone-zh": Look(width=390, height=844, phone=True, language="zh"),
    "desktop-light": DESKTOP,
    "desktop-dark": Look(width=1280, height=800, dark=True),
}


async def shoot(chromium: Browser, house: House, scene: str, look: str, folder: Path) -> None:
    async with open_theatre(chromium, house) as theatre:
        theatre.expect("")
        page = await theatre.page(LOOKS[look], device_scale_factor=2 if LOOKS[look].phone else 1)
        await SCENES[scene](Visit(house, page, PREMIERE, SEATS))
        await page.screenshot(path=folder / f"{scene}-{look}.png")


async def main(folder: Path, scenes: list[str]) -> int:
    """How many pictures could not be taken."""
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="usher-shots-") as data,
        running_usher(Path(data)) as (environment, postgres_url),
    ):
        house = House(environment, postgres_url, become_true)
        async with running_chromium() as chromium:
            for scene, look in itertools.product(scenes, LOOKS):
                try:
                    await shoot(chromium, house, scene, look, folder)
                    print(f"{scene}-{look}.png")
                except Exception as trouble:  # one page in trouble must not cost the other pictures
                    missed += 1
                    print(f"{scene}-{look}: {str(trouble).splitlines()[0]}", file=sys.stderr)
        await house.doors.aclose()
    return missed


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Chromium is not installed (Debian: apt install chromium)")
    shots = Path(sys.argv[1] if len(sys.argv) > 1 else "shots")
    shots.mkdir(exist_ok=True)
    sys.exit(asyncio.run(main(shots, sys.argv[2:] or list(SCENES))) > 0)
