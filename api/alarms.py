"""Operators close the alarms that nothing else closes, and say what was done about them."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody, PathParameter

from api.action_log import take_down
from api.moments import rfc3339
from api.moves import MOVES, Who
from api.problems import Refused
from api.refusals import AlarmStands, UnknownAlarm
from api.requests import Input
from api.rooms import OpenRooms, reaching_ledger
from ledger.alarms import CLOSED_BY_HAND, end_alarm, find_alarm
from ledger.cursors import known_sales

AlarmId = Annotated[int, PathParameter(ge=1, le=2**53)]


class CloseAlarmBody(Input, frozen=True, kw_only=True):
    """`reason`: what was done about it. With `who` it goes into the log of every sale of the shard."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    who: Who = ""


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """`shard` is where it was raised, `times` how often; the records it is about stay in Postgres."""

    alarm: int
    name: str
    shard: int
    times: int
    detail: str
    closed_at: str


@post("/v1/alarms/{alarm:int}/close", operation_id="closeAlarm", **MOVES)
async def close_alarm(alarm: AlarmId, rooms: OpenRooms, data: JSONBody[CloseAlarmBody]) -> AlarmView:
    """Closes a `dead-letter`, `seat-conflict` or `payment-reused` alarm; closed already, it stays so.

    `GET /v1/troubles` tells the numbers. The others close by themselves when their cause is gone.
    """
    now_ms = rooms.store.clock.now_ms()
    async with reaching_ledger():
        found = await find_alarm(rooms.pool, alarm)
        if found is None:
            raise Refused(UnknownAlarm())
        if found.name not in CLOSED_BY_HAND:
            raise Refused(AlarmStands(what=found.name))
        ended = await end_alarm(rooms.pool, alarm, now_ms)
        sales = [one.id for one in await known_sales(rooms.pool) if one.shard == found.shard] if ended else []
    told = ended or found
    detail = f"alarm {alarm}, {told.name}, {told.times} times: {told.detail}"
    for sale in sales:
        await take_down(rooms, sale, "close-alarm", data.who, data.reason, detail)
    return AlarmView(
        alarm=alarm,
        name=told.name,
        shard=told.shard,
        times=told.times,
        detail=told.detail,
        closed_at=rfc3339(told.closed_ms or now_ms),
    )
