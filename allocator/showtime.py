"""A showtime: one film in one auditorium at one time, with the plan and the prices of its seats."""

from typing import Literal, NewType

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
