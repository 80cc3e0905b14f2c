"""A showtime: one film in one auditorium at one time, with the plan and the prices of its seats."""

import sys
from typing import Final, Literal, NewType

import msgspec

from allocator.plan import PlanDigest, SeatName
from allocator.sale import SaleId

ShowtimeId = NewType("ShowtimeId", str)
Orphans = Literal["strict", "prefer", "off"]


class Showtime(msgspec.Struct, frozen=True, kw_only=True):
    """`prices`: category key -> amount in minor units of `currency`; `service_fee` is per seat, on top.

    `time_zone` (IANA) fixes the business day of the settlement, 06:00 to 06:00 local.
    """

    id: ShowtimeId
    serial: int
    sale: SaleId
    cinema: str
    auditorium: str
    film: str
    format: str
    starts_at_ms: int
    time_zone: str
    plan: str
    plan_digest: PlanDigest
    prices: dict[str, int]
    service_fee: int
    currency: str
    blocked: tuple[SeatName, ...]
    sold: tuple[SeatName, ...]
    orphans: Orphans


ALIKE: Final = (
    "sale",
    "cinema",
    "auditorium",
    "film",
    "format",
    "time_zone",
    "plan",
    "plan_digest",
    "currency",
)


def read_showtime(packed: bytes) -> Showtime:
    """A showtime from MessagePack, its words shared with all others: thousands differ in little but their
    times."""
    show = msgspec.msgpack.decode(packed, type=Showtime)
    return msgspec.structs.replace(show, **{name: sys.intern(getattr(show, name)) for name in ALIKE})
