"""Operators move a sale: open, pause, resume, close, and how many shop at once. Every move is logged."""

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import post
from litestar.params import JSONBody

from allocator.sale import SaleState
from api.action_log import take_down
from api.callers import need
from api.problems import Refused
from api.requests import Input, PathId
from api.rooms import OpenRooms, Rooms, past_gate, reaching_ledger
from ledger.definitions import set_capacity
from waiting_room.answers import CannotMove, Moved, UnknownSale

CAPACITY_MAX: Final = 1_000_000
Sentence = Annotated[str, msgspec.Meta(max_length=500)]
Who = Annotated[str, msgspec.Meta(max_length=80)]


class MoveBody(Input, frozen=True, kw_only=True):
    """`reason` is what fans see while the sale is paused or closed; `who` and `why` go into the log only.

    Without `why` the reason stands there.
    """

    reason: Sentence = ""
    who: Who = ""
    why: Sentence = ""


class CapacityBody(Input, frozen=True, kw_only=True):
    """`capacity`: shoppers inside at once."""

    capacity: Annotated[int, msgspec.Meta(ge=1, le=CAPACITY_MAX)]
    who: Who = ""
    why: Sentence = ""


class StateView(msgspec.Struct, frozen=True):
    sale: str
    state: SaleState


class CapacityView(msgspec.Struct, frozen=True):
    sale: str
    capacity: int


Told = JSONBody[MoveBody | None]
SILENT: Final = MoveBody()
MOVES: Final[dict[str, Any]] = {
    "tags": ["operator"],
    "guards": [need("operator")],
    "security": [{"bearer": []}],
    "status_code": 200,
}


async def move(
    sale: str, verb: Literal["open", "pause", "resume", "close"], told: MoveBody | None, rooms: Rooms
) -> StateView:
    """One way for all four moves; one that is refused, or finds it so already, is not logged."""
    body = told or SILENT
    reason = body.reason if verb in ("pause", "close") else ""
    answer = await rooms.waiting_room.move(await rooms.sale(sale), verb, reason)
    if not isinstance(answer, Moved):
        raise Refused(answer)
    if not answer.again:
        detail = f"fans read: {reason}" if reason else ""
        await take_down(rooms, sale, verb, body.who, body.why or body.reason, detail)
    return StateView(sale, answer.state)


@post("/v1/sales/{sale:str}/open", operation_id="openSale", **MOVES)
async def open_sale(sale: PathId, rooms: OpenRooms, data: Told = None) -> StateView:
    """Opens the sale: the draw is made and batches come in."""
    return await move(sale, "open", data, rooms)


@post("/v1/sales/{sale:str}/pause", operation_id="pauseSale", **MOVES)
async def pause_sale(sale: PathId, rooms: OpenRooms, data: Told = None) -> StateView:
    """Pauses the sale; fans see the reason and keep their places."""
    return await move(sale, "pause", data, rooms)


@post("/v1/sales/{sale:str}/resume", operation_id="resumeSale", **MOVES)
async def resume_sale(sale: PathId, rooms: OpenRooms, data: Told = None) -> StateView:
    """Goes on after a pause."""
    return await move(sale, "resume", data, rooms)


@post("/v1/sales/{sale:str}/close", operation_id="closeSale", **MOVES)
async def close_sale(sale: PathId, rooms: OpenRooms, data: Told = None) -> StateView:
    """Ends the sale for good; fans see the reason."""
    return await move(sale, "close", data, rooms)


@post("/v1/sales/{sale:str}/capacity", operation_id="setCapacity", **MOVES)
async def put_capacity(sale: PathId, rooms: OpenRooms, data: JSONBody[CapacityBody]) -> CapacityView:
    """Changes how many shop at once. Nobody inside is sent away: a smaller room fills more slowly."""
    known = await rooms.sale(sale)
    if rooms.state_of(known) == "closed":
        raise Refused(CannotMove("closed"))
    async with reaching_ledger():
        changed = await set_capacity(rooms.pool, sale, data.capacity)
    if changed is None:
        raise Refused(UnknownSale())
    await rooms.catalogue.put_sale(changed)
    await past_gate(lambda: rooms.waiting_room.put_sale(changed))
    if changed.capacity != known.capacity:
        detail = f"from {known.capacity} to {changed.capacity}"
        await take_down(rooms, sale, "capacity", data.who, data.why, detail)
    return CapacityView(sale, changed.capacity)
