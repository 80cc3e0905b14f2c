"""The curves of a sale, for operators."""

import msgspec
from litestar import Response, get

from api.callers import need
from api.places import NO_STORE
from api.problems import Refused
from api.refusals import BadRequest
from api.requests import PathId, QueryInteger
from api.rooms import OpenRooms
from api.samples import ROWS_MAX, Curves, StepS, curves, samples


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """`now_s`: the store's clock, to say how old the last sample is."""

    sale: str
    step_s: int
    now_s: int
    curves: Curves


@get(
    "/v1/sales/{sale:str}/history",
    operation_id="getHistory",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def get_history(
    sale: PathId, rooms: OpenRooms, since: QueryInteger = None, step_s: QueryInteger = None
) -> Response[HistoryView]:
    """How the sale stood, from the Unix second `since` on: `step_s` 60 for a week, else the last hour.

    Latencies are of all sales together: every API worker tells its counts once a second, and percentiles are
    made from their sums.
    """
    since_s, wanted = int(since or 0), int(step_s or 1)
    if wanted not in ROWS_MAX or not 0 <= since_s < 2**40:
        raise Refused(BadRequest(why="step_s is 1 or 60, since a Unix time in seconds."))
    step: StepS = 1 if wanted == 1 else 60
    found = await samples(rooms.store, await rooms.sale(sale), step, since_s)
    now_s = rooms.store.clock.now_ms() // 1000
    view = HistoryView(sale=sale, step_s=step, now_s=now_s, curves=curves(found, since_s))
    return Response(view, headers=NO_STORE)
