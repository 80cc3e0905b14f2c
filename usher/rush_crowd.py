"""The crowd: sends every fan at its moment, watches the sale, and says when it is over."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec

from usher.rush_door import GaveUp
from usher.rush_fan import Fan
from usher.rush_scene import Scene
from usher.rush_temper import Temper, chance

LOOK_EVERY_S: Final = 0.5
AGAIN_MAX: Final = 8
"""How often fans come back for seats that were left when everybody had gone."""
PAYING_TIMEOUT_S: Final = 30.0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The sale as the operator's door shows it, and where the fans are."""

    seats_free: int = 0
    seats_held: int = 0
    seats_sold: int = 0
    waiting: int = 0
    inside: int = 0
    fans: dict[str, int] = {}
    at_s: float = 0.0

    @property
    def sold_out(self) -> bool:
        return self.seats_sold > 0 and self.seats_free == 0 and self.seats_held == 0


class Crowd:
    """`say` is told how things stand about twice a second."""

    def __init__(
        self, scene: Scene, tempers: list[Temper], seed: int, say: Callable[[Standing], None]
    ) -> None:
        self.scene = scene
        self._tempers = tempers
        self._seed = seed
        self._say = say
        self._fans: dict[asyncio.Task[None], Fan] = {}
        self._crowd_sent = False
        self._again = 0

    async def come(self, before_open: bool, zero: float) -> None:
        """Sends those who come before the open, or those after it; `zero` is the open on the loop's clock."""
        for temper in self._tempers:
            if (temper.comes_s < 0) is before_open:
                await asyncio.sleep(max(0.0, zero + temper.comes_s - time.monotonic()))
                fan = Fan(self.scene, temper, chance(self._seed, -1 - temper.number))
                self._fans[asyncio.create_task(self._live(fan))] = fan
        self._crowd_sent = self._crowd_sent or not before_open

    async def all_joined(self, timeout_s: float) -> None:
        """Returns when everyone sent so far has a place, or the time is up."""
        joined = [asyncio.ensure_future(fan.joined.wait()) for fan in self._fans.values()]
        if joined:
            await asyncio.wait(joined, timeout=timeout_s)

    async def watch(self, minutes_max: float) -> Standing:
        """Until the sale is sold out, nobody is left, or the time is up; then sends the rest home."""
        began = time.monotonic()
        while True:
            standing = await self._look(time.monotonic() - began)
            self._say(standing)
            done = standing.sold_out or standing.at_s > 60 * minutes_max
            if done or (self._nobody_left() and not self._send_again(standing.seats_free)):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        await self._send_home()
        standing = await self._look(time.monotonic() - began)
        self._say(standing)
        return standing

    def leave(self) -> None:
        """Everybody goes at once, whatever they are doing."""
        for task in self._fans:
            task.cancel()

    async def _live(self, fan: Fan) -> None:
        try:
            await fan.live()
        except GaveUp:
            self.scene.tape.counts["gave up on the doors"] += 1
        finally:
            fan.stage = "gone"

    def _nobody_left(self) -> bool:
        return self._crowd_sent and all(task.done() for task in self._fans)

    def _send_again(self, seats_free: int) -> bool:
        """Fans come back for what was left over; False when they did so often enough."""
        if not seats_free or self._again == AGAIN_MAX:
            return False
        self._again += 1
        for temper in self._tempers[:seats_free]:
            buyer = msgspec.structs.replace(temper, manner="buys", party=min(2, temper.party), naps=False)
            fan = Fan(
                self.scene, buyer, chance(self._seed, -1 - temper.number - self._again * len(self._tempers))
            )
            self._fans[asyncio.create_task(self._live(fan))] = fan
            self.scene.tape.counts["came back for leftovers"] += 1
        return True

    async def _look(self, at_s: float) -> Standing:
        scene = self.scene
        path = f"/v1/sales/{scene.terms.sale}"
        answer = await scene.door.call("read sale", "GET", path, bearer=scene.till.storefront_key)
        body: dict[str, Any] = answer.body
        return Standing(
            seats_free=body.get("free", 0),
            seats_held=body.get("held", 0),
            seats_sold=body.get("sold", 0),
            waiting=body.get("waiting", 0),
            inside=body.get("inside", 0),
            fans=dict(Counter(fan.stage for fan in self._fans.values())),
            at_s=at_s,
        )

    async def _send_home(self) -> None:
        """Lets those who are paying finish; everyone else has nothing more to get."""
        self.scene.over.set()
        for task, fan in self._fans.items():
            if fan.stage != "paying":
                task.cancel()
        paying = [task for task in self._fans if not task.done()]
        if paying:
            await asyncio.wait(paying, timeout=PAYING_TIMEOUT_S)
        for task in paying:
            task.cancel()
        results = await asyncio.gather(*self._fans, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
