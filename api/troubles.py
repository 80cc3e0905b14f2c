"""Problems first: asks both engines what is wrong, and takes no answer in time for a problem too."""

import asyncio
from collections import defaultdict
from typing import Any, Final

import msgspec
from litestar import Response, get

from allocator.sale import Sale
from api.callers import need
from api.moments import rfc3339
from api.places import NO_STORE
from api.rooms import OpenRooms, Rooms
from api.sale_counts import lag
from api.samples import trail
from api.store_check import gates_of
from api.trouble_list import Facts, Grade, Kind, Written, troubles_of
from ledger import alarms
from ledger.refunds import refunds_owed
from ledger.trouble import POSTGRES_TROUBLE, within
from store.unavailable import StoreUnavailable

PATIENCE_S: Final = 2.0


class TroubleView(msgspec.Struct, frozen=True, kw_only=True):
    """`sales` it touches, all when empty; `items` name the first of `count`; amounts are minor units.

    `alarm` is the number to close it by.
    """

    kind: Kind
    grade: Grade
    count: int
    sales: list[str]
    detail: str
    items: list[str]
    since: str | None
    alarm: int | None


class Troubles(msgspec.Struct, frozen=True, kw_only=True):
    """Worst first; empty when all is well. `writer_lag`: records not yet in Postgres, None if unknown."""

    at: str
    troubles: list[TroubleView]
    writer_lag: int | None


@get(
    "/v1/troubles",
    operation_id="listTroubles",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def list_troubles(rooms: OpenRooms) -> Response[Troubles]:
    """What is wrong now: closed gates, stopped shards, conflicts, dead letters, lag, refunds due."""
    facts = await facts_of(rooms)
    views = [
        TroubleView(
            kind=one.kind,
            grade=one.grade,
            count=one.count,
            sales=one.sales,
            detail=one.detail,
            items=one.items,
            since=None if one.since_ms is None else rfc3339(one.since_ms),
            alarm=one.alarm,
        )
        for one in troubles_of(facts)
    ]
    behind = None if facts.lag is None else sum(facts.lag.values())
    answer = Troubles(at=rfc3339(facts.now_ms), troubles=views, writer_lag=behind)
    return Response(answer, headers=NO_STORE)


async def facts_of(rooms: Rooms) -> Facts:
    """All that can be found out within PATIENCE_S."""
    sales = rooms.catalogue.sales()
    by_shard = defaultdict[int, list[str]](list)
    for sale in sales:
        by_shard[sale.shard].append(sale.id)
    live = [sale for sale in sales if rooms.state_of(sale) in ("open", "paused")]
    gates, behind, written, sampled = await asyncio.gather(
        in_time(gates_in_time(rooms, list(by_shard))),
        lag(rooms),
        in_time(written_of(rooms)),
        in_time(sampled_of(rooms, live)),
    )
    return Facts(
        now_ms=rooms.store.clock.now_ms(),
        sales=dict(by_shard),
        gates=gates,
        lag=behind,
        written=written,
        sampled_ms=sampled,
    )


async def in_time(question: Any) -> Any:
    """The answer, or None when an engine does not give one in time."""
    try:
        return await within(PATIENCE_S, question)
    except (*POSTGRES_TROUBLE, StoreUnavailable):
        return None


async def gates_in_time(rooms: Rooms, shards: list[int]) -> dict[int, bool]:
    # Without a sale no shard is asked, and a store that is away would pass for one in order.
    await rooms.store.sample_clock()
    return await gates_of(rooms.store, shards)


async def written_of(rooms: Rooms) -> Written:
    found = await alarms.open_alarms(rooms.pool)
    names = {alarm.name for alarm in found}
    return Written(
        alarms=found,
        dead_letters=await alarms.dead_letters(rooms.pool) if "dead-letter" in names else [],
        conflicts=await alarms.conflicts(rooms.pool) if "seat-conflict" in names else [],
        owed=await refunds_owed(rooms.pool),
    )


async def sampled_of(rooms: Rooms, sales: list[Sale]) -> dict[str, int]:
    """When each of these sales was last sampled."""

    async def newest_ms(sale: Sale) -> int:
        notes = await trail(rooms.store, sale, 1).newest(1)
        return notes[0].at_ms if notes else 0

    return {sale.id: at for sale, at in zip(sales, await asyncio.gather(*map(newest_ms, sales)), strict=True)}
