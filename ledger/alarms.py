"""What an operator must look at: open alarms, records that could not be written, seats sold twice."""

from typing import Literal

import msgspec

from ledger.pool import Db
from ledger.queries import many, one, run

AlarmName = Literal[
    "gap",
    "dead-letter",
    "seat-conflict",
    "payment-reused",
    "store-behind",
    "store-differs",
    "showtime-missing",
]


class Alarm(msgspec.Struct, frozen=True):
    """`subject`: what it is about, such as `s12` for shard 12; seen `times` since `raised_ms`."""

    id: int
    name: str
    subject: str
    detail: str
    raised_ms: int
    seen_ms: int
    times: int
    closed_ms: int | None


class DeadLetter(msgspec.Struct, frozen=True):
    """A record kept whole because it could not be written; `why` says what was wrong with it."""

    shard: int
    version: int
    kind: str
    body: bytes
    sum: str
    why: str
    at_ms: int


class Conflict(msgspec.Struct, frozen=True):
    """`token` wanted a seat that order `owner` had; it lost all its seats and gets its money back."""

    token: str
    showtime: str
    seat: str
    owner: str
    shard: int
    version: int
    at_ms: int


class TroubleCounts(msgspec.Struct, frozen=True):
    """Records not written, and orders that lost a seat: all there ever were."""

    dead_letters: int
    conflicts: int


async def raise_alarm(db: Db, name: AlarmName, subject: str, detail: str, now_ms: int) -> None:
    """One alarm is open per name and subject; raising it again counts it."""
    await run(db, "raise_alarm", name, subject, detail, now_ms)


async def close_alarm(db: Db, name: AlarmName, subject: str, now_ms: int) -> None:
    await run(db, "close_alarm", name, subject, now_ms)


async def open_alarms(db: Db, rows_max: int = 100) -> list[Alarm]:
    return await many(db, "open_alarms", Alarm, rows_max)


async def dead_letters(db: Db, rows_max: int = 100) -> list[DeadLetter]:
    return await many(db, "dead_letters", DeadLetter, rows_max)


async def conflicts(db: Db, rows_max: int = 100) -> list[Conflict]:
    return await many(db, "conflicts", Conflict, rows_max)


async def count_troubles(db: Db) -> TroubleCounts | None:
    return await one(db, "count_troubles", TroubleCounts)


def shard_subject(shard: int) -> str:
    return f"s{shard}"
