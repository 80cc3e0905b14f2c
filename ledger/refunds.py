"""Refunds: money that came too late or twice is owed until it is told as given back, which counts once."""

from typing import Final, Literal

import msgspec

from ledger.pool import Db
from ledger.queries import many, one

RefundState = Literal["due", "sent"]
CLOCKS_APART_MS: Final = 60_000
"""The clock of who gives money back may be as much ahead of ours, or behind it."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one payment that goes back (`due`) or has gone (`sent`)."""

    provider: str
    reference: str
    token: str
    amount: int
    currency: str
    why: Literal["late", "double", "conflict"]
    state: RefundState
    due_ms: int
    sent_ms: int | None


class Owed(msgspec.Struct, frozen=True):
    """Money to give back in one currency, minor units, the longest due since `since_ms`."""

    currency: str
    payments: int
    amount: int
    since_ms: int


async def list_refunds(
    db: Db,
    state: RefundState = "due",
    due_ms: int = 0,
    provider: str = "",
    reference: str = "",
    rows_max: int = 100,
) -> list[Refund]:
    """Longest due first, from behind the one with this moment and payment."""
    return await many(db, "list_refunds", Refund, state, due_ms, provider, reference, rows_max)


async def refunds_owed(db: Db) -> list[Owed]:
    return await many(db, "refunds_owed", Owed)


async def mark_sent(
    db: Db, provider: str, reference: str, at_ms: int, clocks_apart_ms: int = CLOCKS_APART_MS
) -> Refund | None:
    """The refund as it then stands, None if there is none; still `due` when it was not yet so at `at_ms`.

    Its money leaves the accounts in the same step, and no earlier than it was due.
    """
    return await one(db, "mark_sent", Refund, provider, reference, at_ms, clocks_apart_ms)
