"""Moments on the wire are RFC 3339 UTC, inside they are integer milliseconds."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment in a body; one without an offset is refused."""


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def rfc3339(at_ms: int) -> str:
    """`2026-11-21T10:00:00Z`, with milliseconds only when there are some."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
