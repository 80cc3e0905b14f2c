"""What an operator must look at: open alarms, records that could not be written, seats sold twice."""

from typing import Final, Literal

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


CLOSED_BY_HAND: Final[frozenset[AlarmName]] = frozenset({"dead-letter", "seat-conflict", "payment-reused"})
"""What happened and stays; the others close when their cause is gone."""


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

    @property
    def shard(self) -> int:
        return int(self.subject.removeprefix("s"))


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


async def raise_alarm(db: Db, name: AlarmName, subject: str, detail: str, now_ms: int) -> None:
    """One alarm is open per name and subject; raising it again counts it."""
    await run(db, "raise_alarm", name, subject, detail, now_ms)


async def close_alarm(db: Db, name: AlarmName, subject: str, now_ms: int) -> None:
    await run(db, "close_alarm", name, subject, now_ms)


async def end_alarm(db: Db, id: int, now_ms: int) -> Alarm | None:
    """As it was closed just now; None when it was not open."""
    return await one(db, "end_alarm", Alarm, id, now_ms)


async def find_alarm(db: Db, id: int) -> Alarm | None:
    return await one(db, "find_alarm", Alarm, id)


async def open_alarms(db: Db, rows_max: int = 100) -> list[Alarm]:
    return await many(db, "open_alarms", Alarm, rows_max)


async def dead_letters(db: Db, rows_max: int = 100) -> list[DeadLetter]:
    return await many(db, "dead_letters", DeadLetter, rows_max)


async def conflicts(db: Db, rows_max: int = 100) -> list[Conflict]:
    return await many(db, "conflicts", Conflict, rows_max)


def shard_subject(shard: int) -> str:
    return f"s{shard}"
