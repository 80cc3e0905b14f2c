"""One fan's life in a rush: joins, waits as told, comes in, shops, joins again if it left with nothing."""

import asyncio
import base64
import random
from datetime import datetime
from typing import Final, Literal

import msgspec

from usher.rush_facts import Visit
from usher.rush_pay import pay
from usher.rush_scene import Scene
from usher.rush_shop import Bag, Leaving, shop
from usher.rush_temper import Manner, Temper

ROUNDS_MAX: Final = 6
Stage = Literal["coming", "waiting", "shopping", "paying", "gone"]


class Fan:
    """`stage` says whether the fan may be sent home at the end: not while it is paying."""

    def __init__(self, scene: Scene, temper: Temper, dice: random.Random) -> None:
        self.scene = scene
        self.temper = temper
        self.manner: Manner = temper.manner
        self.dice = dice
        self.stage: Stage = "coming"
        self.joined = asyncio.Event()
        self._naps_left = 1 if temper.naps else 0

    async def live(self) -> None:
        """Until the fan has seats, walks off, or the sale is over."""
        for round_number in range(ROUNDS_MAX):
            if self.scene.over.is_set():
                break
            place = await self._join(round_number)
            if place is None:
                break
            outcome = await self._wait(place)
            if outcome == "gone" or (outcome == "invited" and await self._visit(place)):
                break
            if self.manner != "walks_off":
                self.manner = "buys"
        self.stage = "gone"

    async def _join(self, round_number: int) -> str | None:
        self.stage = "waiting"
        tape = self.scene.tape
        answer = await self.scene.door.call(
            "join", "POST", f"/v1/sales/{self.scene.terms.sale}/places", body={}
        )
        if answer.status not in (200, 201):
            tape.counts[f"join {answer.slug}"] += 1
            return None
        self.joined.set()
        tape.counts["joined" if round_number == 0 else "joined again"] += 1
        return str(answer.body["place"])

    async def _wait(self, place: str) -> Literal["invited", "missed", "gone"]:
        """Until invited, or the invitation was missed, or the fan left or the line ended."""
        door, tape = self.scene.door, self.scene.tape
        path = f"/v1/sales/{self.scene.terms.sale}/place"
        polls = 0
        while not self.scene.over.is_set():
            answer = await door.call("place", "GET", path, bearer=place)
            body = answer.body
            state = body.get("state")
            if state in ("invited", "inside"):
                return "invited"
            if state != "waiting":
                tape.counts[f"place {state or answer.slug}"] += 1
                return "missed" if body.get("why") == "timed-out" else "gone"
            polls += 1
            place = str(body.get("place", place))
            self._note(entry_of_place(place), body.get("rank"))
            if self.manner == "walks_off" and polls > 1:
                tape.counts["walked off"] += 1
                return "gone"
            await asyncio.sleep(self._pause_s(float(body.get("poll_in_s", 2)), body.get("rank") is not None))
        return "gone"

    def _pause_s(self, told_s: float, drawn: bool) -> float:
        """As told; a napping fan sleeps past its presence once, after the draw."""
        if drawn and self._naps_left:
            self._naps_left = 0
            self.scene.tape.counts["napped"] += 1
            return 2.5 * self.scene.terms.presence_s
        return told_s * self.dice.uniform(0.9, 1.0)

    def _note(self, entry: int, rank: object) -> None:
        self.scene.tape.polls_ms[entry].append(self.scene.tape.now_ms())
        if isinstance(rank, int):
            self.scene.tape.ranks[entry] = rank

    async def _visit(self, place: str) -> bool:
        """Claims the pass and shops; True when there is nothing left to come back for."""
        scene, tape = self.scene, self.scene.tape
        answer = await scene.door.call("pass", "POST", f"/v1/sales/{scene.terms.sale}/pass", bearer=place)
        if answer.status not in (200, 201):
            tape.counts[f"pass {answer.slug}"] += 1
            return answer.slug == "sale-closed"
        from_ms = tape.now_ms()
        ends_ms = int(datetime.fromisoformat(answer.body["expires_at"]).timestamp() * 1000)
        pass_ = str(answer.body["pass"])
        bag = Bag(pass_=pass_, ends_ms=ends_ms, party=self.temper.party, manner=self.manner)
        self.stage = "shopping"
        leaving: Leaving = await shop(scene, bag, self.temper, self.dice)
        gave_up_ms = ends_ms
        if leaving.order is not None:
            self.stage = "paying"
            gave_up_ms = min(ends_ms, tape.now_ms())
            bought = await pay(scene, leaving.order, bag, self.temper, self.dice)
            tape.counts["bought" if bought else "left without paying"] += 1
        else:
            tape.counts[f"left: {leaving.why}"] += 1
            bought = False
        # The pass's last second may be cut off by rounding of its expiry.
        tape.visit(Visit(entry_of(pass_), from_ms, min(gave_up_ms, ends_ms - 1_000)))
        self.stage = "waiting"
        return bought


def entry_of(pass_: str) -> int:
    """The entry number a pass was given to: its `jti`."""
    claims = pass_.split(".")[1]
    return int(msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["jti"])


def entry_of_place(place: str) -> int:
    """The entry number inside a place token: bytes 7 to 10, see `waiting_room.place`."""
    return int.from_bytes(base64.urlsafe_b64decode(place)[7:11], "big")
