"""Seat plans: stored by the storefront, in any format that the allocator reads."""

import asyncio
from collections import Counter
from typing import Annotated, Any

import msgspec
from litestar import Request, put
from litestar.params import QueryParameter

from allocator.importing import PlanFormat, read_plan
from allocator.plan import BadPlan, Imported
from allocator.plan_file import PLAN_BYTES_MAX
from api.callers import need
from api.problems import Refused
from api.refusals import BadDefinition, TooLarge
from api.requests import PathId, check_media, decode
from api.rooms import OpenRooms, reaching_ledger
from ledger import definitions


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """`categories`: key -> seats. `left_out` names in words what the file held beyond seats."""

    plan: str
    name: str
    digest: str
    seats: int
    categories: dict[str, int]
    left_out: tuple[str, ...]


@put(
    "/v1/plans/{plan:str}",
    operation_id="putPlan",
    tags=["storefront"],
    guards=[need("storefront")],
    request_max_body_size=PLAN_BYTES_MAX,
    security=[{"bearer": []}],
)
async def put_plan(
    request: Request[Any, Any, Any],
    plan: PathId,
    rooms: OpenRooms,
    read_as: Annotated[PlanFormat, QueryParameter(name="format")] = "usher",
) -> PlanView:
    """Stores a seat plan under its name; showtimes that already use an earlier one keep it."""
    check_media(request.headers.get("content-type", ""))
    imported = await asyncio.to_thread(read, await request.body(), read_as)
    async with reaching_ledger():
        digest = await definitions.put_plan(rooms.pool, plan, imported.plan, imported.left_out)
    await rooms.catalogue.put_plan(plan, imported.plan)
    seats = Counter(seat.category for _, _, seat in imported.plan.named_seats())
    return PlanView(
        plan=plan,
        name=imported.plan.name,
        digest=digest,
        seats=seats.total(),
        categories=dict(seats),
        left_out=imported.left_out,
    )


def read(body: bytes, read_as: PlanFormat) -> Imported:
    """The plan, `bad-request` for what is no JSON, `bad-plan` for what is no plan."""
    if len(body) > PLAN_BYTES_MAX:
        raise Refused(TooLarge(limit_bytes=PLAN_BYTES_MAX))
    decode(body, dict[str, Any])
    try:
        return read_plan(body, read_as)
    except BadPlan as bad:
        raise Refused(BadDefinition(where=bad.where, why=bad.why)) from None
