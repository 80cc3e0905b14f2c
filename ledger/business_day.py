"""Business days of cinemas: 06:00 to 06:00 local time, named by the date they begin on.

A ticket counts for the day its showtime starts, not the day it was bought: box office is reported by
screening, and a premiere sold for weeks is one day's business. A premiere at midnight belongs to the evening
before.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BEGINS_AFTER: Final = timedelta(hours=6)


def business_day(starts_at_ms: int, time_zone: str) -> date:
    """The wall clock decides: on the nights clocks change, a day has 23 or 25 hours."""
    local = datetime.fromtimestamp(starts_at_ms / 1000, UTC).astimezone(ZoneInfo(time_zone))
    return (local.replace(tzinfo=None) - BEGINS_AFTER).date()


def widest_span_ms(day: date) -> tuple[int, int]:
    """A span that holds every moment of this business day in any time zone."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    first, last = midnight - timedelta(days=1), midnight + timedelta(days=3)
    return int(first.timestamp()) * 1000, int(last.timestamp()) * 1000
