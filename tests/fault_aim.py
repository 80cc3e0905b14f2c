"""Waits for the call in whose middle a fault is to strike, and says what was open when it did."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

import msgspec

from tests.fault_link import Aim, Link, Moment
from tests.fault_talk import Call

PATIENCE_S: Final = 4.0
"""A call to aim at that has not come by then will not come; the fault strikes at nothing in particular."""


class Blow(msgspec.Struct):
    """What a strike hit: `open_calls` changed something and were not answered, or their answer was lost."""

    open_calls: int = 0
    aimed: bool = False
    note: str = ""

    @property
    def hit(self) -> bool:
        return self.open_calls > 0


async def at_a_call(
    link: Link,
    fits: Callable[[Call], bool],
    dice: random.Random,
    now: Callable[[Call | None], None],
    at: Moment | None = None,
) -> Blow:
    """Calls `now` when a fitting call has just gone out, is being carried out, or its answer is with us."""
    struck: asyncio.Future[Blow] = asyncio.get_running_loop().create_future()
    moments: tuple[Moment, Moment] = ("question", "answer")
    moment: Moment = dice.choice(moments) if at is None else at
    late_s = dice.choice((0.0, 0.0005, 0.002)) if at is None else 0.0

    def strike(call: Call) -> None:
        if moment == "question" and call not in link.open:  # answered meanwhile: the next one, then
            link.aim = Aim(fits, moment, fire)
            return
        answered = moment == "answer"
        open_calls = len(link.changing()) + answered
        note = f"{call.verb} {'carried out, its answer withheld' if answered else 'under way'}"
        now(call)
        if not struck.done():
            struck.set_result(Blow(open_calls, True, note))

    def fire(call: Call) -> None:
        if moment == "question" and late_s:
            asyncio.get_running_loop().call_later(late_s, strike, call)
        else:
            strike(call)

    link.aim = Aim(fits, moment, fire)
    try:
        return await asyncio.wait_for(asyncio.shield(struck), PATIENCE_S)
    except TimeoutError:
        now(None)
        return Blow(note="no such call came")
    finally:
        link.aim = None
        link.withheld.clear()


async def come_true(fact: Callable[[], bool], timeout_s: float) -> bool:
    """Whether the fact is true within the time; looked at a thousand times a second."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s
    while not fact():
        if loop.time() > until:
            return False
        await asyncio.sleep(0.001)
    return True
