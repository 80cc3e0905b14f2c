"""How full the auditoriums of a sale are, for operators: every showtime in numbers, one seat by seat."""

import msgspec
from litestar import Response, get

from allocator.catalogue import OnSale
from allocator.sale import SaleState
from api.callers import need
from api.moments import rfc3339
from api.places import NO_STORE
from api.requests import PathId
from api.rooms import OpenRooms, Rooms


class HallView(msgspec.Struct, frozen=True, kw_only=True):
    showtime: str
    film: str
    format: str
    cinema: str
    auditorium: str
    starts_at: str
    time_zone: str
    free: int
    held: int
    sold: int
    blocked: int


class Halls(msgspec.Struct, frozen=True, kw_only=True):
    """`message` is what fans read now, if they read anything."""

    sale: str
    title: str
    state: SaleState
    message: str | None
    opens_at: str
    capacity: int
    shopping_s: int
    showtimes: list[HallView]


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """`seats`: a letter each in plan order: `.` free, `h` held, `s` sold, `b` blocked, `x` sold elsewhere."""

    showtime: str
    version: int
    seats: str


@get(
    "/v1/sales/{sale:str}/halls",
    operation_id="getHalls",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def get_halls(sale: PathId, rooms: OpenRooms) -> Response[Halls]:
    """The rules of the sale as they hold now, and how full each showtime is."""
    found = await rooms.sale(sale)
    view = rooms.waiting_room.mirror.view(found)
    halls = Halls(
        sale=found.id,
        title=found.title,
        state=view.state,
        message=view.message,
        opens_at=rfc3339(found.opens_at_ms),
        capacity=found.capacity,
        shopping_s=found.shopping_ms // 1000,
        showtimes=[await hall_of(onsale, rooms) for onsale in rooms.catalogue.showtimes_of(found.id)],
    )
    return Response(halls, headers=NO_STORE)


@get(
    "/v1/showtimes/{showtime:str}/board",
    operation_id="getBoard",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def get_board(showtime: PathId, rooms: OpenRooms) -> Response[BoardView]:
    """Every seat of one showtime, held ones told from sold ones."""
    onsale = await rooms.onsale(showtime)
    seen = await rooms.boards.latest(onsale)
    view = BoardView(showtime=showtime, version=seen.version, seats=seen.seats.decode())
    return Response(view, headers=NO_STORE)


async def hall_of(onsale: OnSale, rooms: Rooms) -> HallView:
    show, seen = onsale.showtime, await rooms.boards.latest(onsale)
    return HallView(
        showtime=show.id,
        film=show.film,
        format=show.format,
        cinema=show.cinema,
        auditorium=show.auditorium,
        starts_at=rfc3339(show.starts_at_ms),
        time_zone=show.time_zone,
        free=seen.free,
        held=seen.held,
        sold=seen.sold,
        blocked=len(seen.seats) - seen.free - seen.held - seen.sold,
    )
