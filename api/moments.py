"""Moments on the wire are RFC 3339 UTC, inside they are integer milliseconds."""

from datetime import datetime
from typing import Annotated

import msgspec

from api.problems import Refused
from api.refusals import BadRequest
from waiting_room.status import rfc3339 as rfc3339

EARLIEST_MS = 0
LATEST_MS = 32_503_680_000_000
"""The year 3000: far from where any calendar on the way ends."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment in a body; one without an offset is refused."""


def told_ms(at: datetime | None, now_ms: int, clocks_apart_ms: int) -> int:
    """When what is told now has happened: never later than now, and refused if it says much later."""
    at_ms = now_ms if at is None else to_ms(at)
    if at_ms > now_ms + clocks_apart_ms:
        raise Refused(BadRequest(why="at: this moment has not come yet."))
    return min(at_ms, now_ms)


def to_ms(moment: datetime) -> int:
    """Milliseconds of a moment that every page can show; `bad-request` for any other."""
    at_ms = round(moment.timestamp() * 1000)
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        raise Refused(BadRequest(why="A moment lies before 1970 or after 2999."))
    return at_ms
