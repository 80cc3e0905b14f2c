"""Check-ins: a ticket is used once, whoever scans it, and contracts by attendance settle those that were."""

from typing import Final

import msgspec

from ledger.pool import Db
from ledger.queries import one

CLOCKS_APART_MS: Final = 60_000
"""A door's clock may be as much ahead of ours, or behind it."""


class CheckedIn(msgspec.Struct, frozen=True):
    """`showtime` and `seat` as the ledger has them."""

    showtime: str
    seat: str
    at_ms: int


class AlreadyIn(msgspec.Struct, frozen=True):
    """Another request has checked the ticket in: somebody came with it, or with a copy."""

    at_ms: int


class NotLive(msgspec.Struct, frozen=True):
    """The ticket was refunded or exchanged."""


class NotWritten(msgspec.Struct, frozen=True):
    """No such ticket stands in the ledger, or not yet."""


class TooEarly(msgspec.Struct, frozen=True):
    """The order was not confirmed then."""


CheckInAnswer = CheckedIn | AlreadyIn | NotLive | NotWritten | TooEarly


class Mark(msgspec.Struct, frozen=True):
    """How a ticket stands; `ours` when the request that asks is the one that checked it in."""

    showtime: str
    seat: str
    live: bool
    checked_in_ms: int | None
    ours: bool


async def check_in(db: Db, token: str, n: int, at_ms: int, request: str | None) -> CheckInAnswer:
    """Checks ticket `n` of an order in, once; the `request` that did it gets the same answer again.

    It is kept as having come no earlier than its order was confirmed.
    """
    mark = await mark_ticket(db, token, n, at_ms, CLOCKS_APART_MS, request)
    if mark is None:
        return NotWritten()
    if not mark.live:
        return NotLive()
    if mark.checked_in_ms is None:
        return TooEarly()
    if not mark.ours:
        return AlreadyIn(mark.checked_in_ms)
    return CheckedIn(mark.showtime, mark.seat, mark.checked_in_ms)


async def mark_ticket(
    db: Db, token: str, n: int, at_ms: int, clocks_apart_ms: int, request: str | None
) -> Mark | None:
    return await one(db, "mark_ticket", Mark, token, n, at_ms, clocks_apart_ms, request)
