"""What operators did to sales, for good: who, when, what and why."""

from typing import Literal

import msgspec

from ledger.pool import Db
from ledger.queries import many, run

ActionVerb = Literal["open", "pause", "resume", "close", "capacity", "close-alarm"]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`who` is the name the operator gave, empty when none was given; `why` is in their words."""

    id: str
    sale: str
    at_ms: int
    verb: ActionVerb
    who: str
    why: str
    detail: str


async def write_action(
    db: Db, id: str, sale: str, at_ms: int, verb: ActionVerb, who: str, why: str, detail: str
) -> None:
    """The same id again changes nothing, so that a log may be carried over twice."""
    await run(db, "write_action", id, sale, at_ms, verb, who, why, detail)


async def actions_of(db: Db, sale: str, rows_max: int = 100) -> list[Action]:
    return await many(db, "actions_of", Action, sale, rows_max)
