"""Moments on the wire are RFC 3339 UTC, inside they are integer milliseconds."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from api.problems import Refused
from api.refusals import BadRequest

EARLIEST_MS = 0
LATEST_MS = 32_503_680_000_000
"""The year 3000: far from where any calendar on the way ends."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment in a body; one without an offset is refused."""


def to_ms(moment: datetime) -> int:
    """Milliseconds of a moment that every page can show; `bad-request` for any other."""
    at_ms = round(moment.timestamp() * 1000)
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        raise Refused(BadRequest(why="A moment lies before 1970 or after 2999."))
    return at_ms


def rfc3339(at_ms: int) -> str:
    """`2026-11-21T10:00:00Z`, with milliseconds only when there are some."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
