"""A shopper inside: looks at halls, asks for seats, takes what fits, keeps trying while the pass is alive."""

import asyncio
import random
from collections import Counter
from typing import Any, Final

import msgspec

from usher.rush_choice import pick_block, pick_category, pick_showtime, smaller
from usher.rush_door import Answer
from usher.rush_facts import Refusal
from usher.rush_scene import Scene
from usher.rush_temper import Manner, Temper

ATTEMPTS_MAX: Final = 60
HURRY_MS: Final = 1_500
"""A shopper whose pass ends sooner than this asks for no more seats."""


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits for its money."""

    order: str
    showtime: str
    amount: int
    currency: str
    pay_s: float


class Leaving(msgspec.Struct, frozen=True):
    order: Placed | None
    why: str = ""


class Bag:
    """What a shopper carries: the pass, its end, how many seats it still hopes for."""

    def __init__(self, *, pass_: str, ends_ms: int, party: int, manner: Manner) -> None:
        self.pass_ = pass_
        self.ends_ms = ends_ms
        self.party = party
        self.manner = manner
        self.keys = 0
        self.instead: tuple[str, tuple[str, ...]] | None = None

    def key(self) -> str:
        """A fresh Idempotency-Key: a new wish, not a repeat of an old one."""
        self.keys += 1
        return f"{self.pass_[-24:]}-{self.keys}"


async def shop(scene: Scene, bag: Bag, temper: Temper, dice: random.Random) -> Leaving:
    """Until an order is placed, the pass ends, or the doors say that there is nothing more to get."""
    free = await scene.listing()
    for _ in range(ATTEMPTS_MAX):
        if scene.over.is_set():
            return Leaving(None, "sold out")
        if scene.tape.now_ms() > bag.ends_ms - HURRY_MS:
            return Leaving(None, "time up")
        show = bag.instead[0] if bag.instead else pick_showtime(free, dice)
        if show is None:
            await asyncio.sleep(1 + dice.random())  # held seats may come back
            free = await scene.listing()
            continue
        await asyncio.sleep(temper.thinks_s)
        answer = await _ask(scene, bag, temper, show, dice)
        if answer is None or answer.slug == "sold-out":
            free[show] = 0
        elif answer.status in (200, 201):
            leaving = await _keep(scene, bag, show, answer, dice)
            if leaving is not None:
                return leaving
            free = await scene.listing()
        elif not _go_on(scene, bag, show, answer):
            return Leaving(None, answer.slug)
    return Leaving(None, "tired of asking")


async def _ask(scene: Scene, bag: Bag, temper: Temper, show: str, dice: random.Random) -> Answer | None:
    """Looks at the hall and asks for seats; None when nothing was free to look at."""
    wish: dict[str, Any]
    category: str | None = None
    if bag.instead:
        wish, bag.instead = {"seats": list(bag.instead[1])}, None
    else:
        seen = await scene.door.call("seats", "GET", f"/v1/showtimes/{show}/seats")
        taken = frozenset(seen.body.get("taken", ()))
        category = pick_category(scene.layout, taken, dice)
        if category is None:
            return None
        block = pick_block(scene.layout, taken, bag.party, dice) if temper.exact and bag.keys < 4 else ()
        best = {"count": bag.party, "category": category, "split": temper.split}
        wish = {"seats": list(block)} if block else {"best": best}
    before = scene.seen.get(show, -1)
    answer = await scene.door.call(
        "hold", "POST", f"/v1/showtimes/{show}/holds", bearer=bag.pass_, body=wish, key=bag.key()
    )
    if answer.slug in ("no-fit", "sold-out") and "best" in wish:
        now = await scene.peek(show)
        # A refusal that names no version was decided on this board if it stood before and stands after.
        version = answer.body.get("version", now if now == before else -1)
        scene.tape.refusals.append(
            Refusal(
                word=answer.slug,
                showtime=show,
                category=category,
                count=bag.party,
                split=temper.split,
                version=version,
            )
        )
    return answer


def _go_on(scene: Scene, bag: Bag, show: str, answer: Answer) -> bool:
    """Draws the lesson of a refusal; False when asking again is pointless."""
    scene.tape.counts[f"hold {answer.slug or answer.status}"] += 1
    match answer.slug:
        case "no-fit" | "over-limit":
            bag.party = smaller(bag.party, answer.body)
            if bag.party < 1:
                bag.party = 1
                return answer.slug == "no-fit"
            return True
        case "leaves-single":
            instead = tuple(answer.body.get("instead", ()))
            bag.instead = (show, instead) if instead else None
            return True
        case "seats-taken":
            return True
        case _:
            return False


async def _keep(scene: Scene, bag: Bag, show: str, held: Answer, dice: random.Random) -> Leaving | None:
    """Makes the hold an order, or does what this fan's manner is with it; None to shop on."""
    hold = str(held.body["hold"])
    counts: Counter[str] = scene.tape.counts
    if bag.manner == "lets_lapse":
        bag.manner = "buys"
        counts["holds left to lapse"] += 1
        await asyncio.sleep(scene.terms.hold_s + 1)
        return None
    if bag.manner == "releases":
        bag.manner = "buys"
        counts["holds released"] += 1
        await asyncio.sleep(dice.uniform(0.1, 0.5 * scene.terms.hold_s))
        await scene.door.call("release", "DELETE", f"/v1/holds/{hold}", bearer=bag.pass_)
        return None
    answer = await scene.door.call(
        "order", "POST", "/v1/orders", bearer=bag.pass_, body={"hold": hold}, key=bag.key()
    )
    if answer.status not in (200, 201):
        counts[f"order {answer.slug}"] += 1
        return None
    body = answer.body
    placed = Placed(
        order=str(body["order"]),
        showtime=show,
        amount=body["amount"],
        currency=body["currency"],
        pay_s=float(scene.terms.pay_s),
    )
    return Leaving(placed)
