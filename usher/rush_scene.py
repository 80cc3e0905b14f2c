"""What all fans of a rush share: the doors, the sale, the halls, the keys of those who take money."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from allocator.plan import Plan
from usher.rush_choice import Layout, layout_of
from usher.rush_door import Door
from usher.rush_facts import Hall
from usher.rush_tape import Tape


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The sale as delegated; seconds."""

    sale: str
    showtimes: tuple[str, ...]
    capacity: int
    seats_per_fan: int
    claim_s: int
    shopping_s: int
    hold_s: int
    pay_s: int
    presence_s: int


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes the money: the storefront by its key, and a provider that signs its events."""

    storefront_key: str
    operator_key: str
    provider: str
    signing: str


class Scene:
    """One rush under way. `over` is set when the last seat is sold or the time is up.

    `peek` notes the board of a showtime as it stands in the store and answers its version;
    `seen` holds the last version noted for each showtime.
    """

    def __init__(
        self,
        door: Door,
        tape: Tape,
        terms: Terms,
        plan: Plan,
        till: Till,
        peek: Callable[[str], Awaitable[int]],
        seen: Mapping[str, int],
    ) -> None:
        self.door = door
        self.tape = tape
        self.terms = terms
        self.layout: Layout = layout_of(plan)
        self.hall = hall_of(plan)
        self.till = till
        self.over = asyncio.Event()
        self.peek = peek
        self.seen = seen

    async def listing(self) -> dict[str, int]:
        """Free seats per showtime, as fans see them."""
        answer = await self.door.call("list showtimes", "GET", f"/v1/showtimes?sale={self.terms.sale}")
        items: list[dict[str, Any]] = answer.body.get("items") or answer.body.get("showtimes") or []
        return {item["showtime"]: item["free"] for item in items}


def hall_of(plan: Plan) -> Hall:
    """The plan for the oracle: indices in plan order."""
    categories: list[str] = []
    runs: list[tuple[int, ...]] = []
    for row in plan.rows:
        for run in row.runs:
            runs.append(tuple(range(len(categories), len(categories) + len(run))))
            categories += [seat.category for seat in run]
    return Hall(categories=tuple(categories), runs=tuple(runs))
