"""Pictures of every page from top to bottom, phone and desktop, by day and by night.

`python -m tests.shots [folder] [scene...]`: into `shots/` and of all scenes when nothing is said.
`python -m tests.shots --readme`: the two that stand in the README. A font with Chinese characters is needed.
"""

import asyncio
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from playwright.async_api import Browser

from allocator.halls import imax_hall
from tests.browser import CHROMIUM, DESKTOP, PHONE, Look, open_theatre, running_chromium, running_usher
from tests.browser_fan import at
from tests.browser_house import Bill, House
from tests.browser_rush import begin_rush, found_rush, rush_sale
from tests.browser_scenes import REASON, SCENES, Visit, operator, sign_in
from tests.small_png import small_png
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


CROWD: Final = 800
README: Final = Path(__file__).parent.parent / "docs" / "images"


async def rushed(visit: Visit) -> None:
    """The operator's screen when a crowd has been through, with one hall seat by seat."""
    if not await found_rush(visit.house):
        rush = await begin_rush(visit.house, CROWD)
        said, _ = await rush.communicate()
        assert rush.returncode == 0, said.decode()
    await sign_in(visit.page, visit.house, await rush_sale(visit.house))
    await visit.page.locator(f"{at('halls')} summary").first.click()
    await visit.page.locator(f"{at('halls')} .seats svg").first.wait_for()
    await visit.page.locator(f"{at('curve-waiting')} path.line-0[d*=L]").wait_for()


async def moving(visit: Visit) -> None:
    """A pause that is about to be confirmed."""
    await operator(visit)
    await visit.page.locator(at("pause")).click()
    await visit.page.locator(at("reason")).fill(REASON)


PICTURED: Final = SCENES | {"rush": rushed, "move": moving}


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A scene as it looks to someone; `whole` reaches beyond the screen, to the end of the page.

    `small` is for the README.
    """

    scene: str
    look: Look
    path: Path
    scale: int = 1
    whole: bool = True
    small: bool = False

    async def take(self, chromium: Browser, house: House) -> None:
        async with open_theatre(chromium, house) as theatre:
            theatre.expect("")
            page = await theatre.page(self.look, device_scale_factor=self.scale)
            await PICTURED[self.scene](Visit(house, page, PREMIERE, SEATS))
            taken = await page.screenshot(full_page=self.whole)
        self.path.write_bytes(small_png(taken) if self.small else taken)


def all_shots(folder: Path, scenes: list[str]) -> list[Shot]:
    return [
        Shot(
            scene=scene,
            look=look,
            path=folder / f"{scene}-{name}.png",
            scale=2 if look.phone else 1,
            whole=scene != "move",  # A dialog stands in the middle of the screen, not of the page.
        )
        for scene, (name, look) in itertools.product(scenes, LOOKS.items())
    ]


def readme_shots() -> list[Shot]:
    wanted = (("choosing", "desktop-dark", "choosing.png"), ("confirmed", "phone-light", "ticket.png"))
    return [
        Shot(scene=scene, look=LOOKS[look], path=README / name, whole=False, small=True)
        for scene, look, name in wanted
    ]


async def main(shots: list[Shot]) -> int:
    """How many pictures could not be taken."""
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="usher-shots-") as data,
        running_usher(Path(data)) as (environment, postgres_url),
    ):
        house = House(environment, postgres_url, become_true)
        async with running_chromium() as chromium:
            for shot in shots:
                try:
                    await shot.take(chromium, house)
                    print(shot.path, flush=True)
                except Exception as trouble:  # one page in trouble must not cost the other pictures
                    missed += 1
                    print(f"{shot.path}: {str(trouble).splitlines()[0]}", file=sys.stderr)
        await house.doors.aclose()
    return missed


def asked(words: list[str]) -> list[Shot]:
    if words == ["--readme"]:
        return readme_shots()
    folder = Path(words[0] if words else "shots")
    folder.mkdir(exist_ok=True)
    return all_shots(folder, words[1:] or list(PICTURED))


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Chromium is not installed (Debian: apt install chromium)")
    sys.exit(asyncio.run(main(asked(sys.argv[1:]))) > 0)
