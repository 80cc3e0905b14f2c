"""Showtimes: delegated by the storefront, read by fans, reclaimed when the selling is done."""

import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from litestar import Request, Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from allocator.answers import NoSuchSeats
from allocator.catalogue import OnSale
from allocator.plan import Plan, SeatName
from allocator.sale import SaleId
from allocator.showtime import Orphans, Showtime, ShowtimeId
from allocator.standing import Loaded
from api.boards import Boards
from api.callers import need
from api.compression import squeezed
from api.moments import Moment, rfc3339, to_ms
from api.problems import Refused
from api.refusals import AlreadyOnSale, BadRequest, UnknownPlan
from api.requests import MINOR_UNITS, Currency, Id, Input, Name, PathId, QueryId
from api.rooms import OpenRooms, Rooms, past_gate, reaching_ledger
from api.seats import named
from ledger import definitions

Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12, description=MINOR_UNITS)]


class ShowtimeBody(Input, frozen=True, kw_only=True):
    sale: Id
    cinema: Name
    auditorium: Name
    film: Name
    format: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "2D"
    starts_at: Moment
    time_zone: Annotated[str, msgspec.Meta(max_length=64)] = "UTC"
    plan: Id
    prices: dict[str, Amount]
    service_fee: Amount = 0
    currency: Currency
    blocked: tuple[str, ...] = ()
    sold: tuple[str, ...] = ()
    orphans: Orphans = "prefer"


class ShowtimeView(msgspec.Struct, frozen=True, kw_only=True):
    """`prices` by category in minor units of `currency`; `service_fee` is per seat, on top.

    `serial` is the number that ticket codes carry: by it a door knows a ticket's showtime without asking.
    """

    showtime: str
    serial: int
    sale: str
    cinema: str
    auditorium: str
    film: str
    format: str
    starts_at: str
    time_zone: str
    plan: str
    prices: dict[str, int]
    service_fee: int
    currency: str
    free: int


class Showtimes(msgspec.Struct, frozen=True):
    showtimes: list[ShowtimeView]


class PlanDocument(msgspec.Struct, frozen=True):
    digest: str
    plan: Plan


class Reclaimed(msgspec.Struct, frozen=True, kw_only=True):
    """`awaiting`: orders under way that may still be paid."""

    showtime: str
    sold: list[str]
    awaiting: list[str]
    back: list[str]


@put(
    "/v1/showtimes/{showtime:str}",
    operation_id="putShowtime",
    tags=["storefront"],
    guards=[need("storefront")],
    security=[{"bearer": []}],
    request_max_body_size=1024 * 1024,
)
async def put_showtime(
    showtime: PathId, data: JSONBody[ShowtimeBody], rooms: OpenRooms
) -> Response[ShowtimeView]:
    """Delegates a showtime. The same again changes nothing; once its sale is open nothing may change."""
    await rooms.sale(data.sale)
    plan = await rooms.catalogue.plan(data.plan)
    if plan is None:
        raise Refused(UnknownPlan())
    check(data, plan)
    fixed = await rooms.has_begun(data.sale)
    wanted = showtime_of(showtime, data, plan)

    async def load(show: Showtime) -> bool:
        return await loaded(show, rooms)

    async def tell(show: Showtime) -> None:
        if not await load(show):
            raise Refused(AlreadyOnSale(what="The showtime"))
        await rooms.catalogue.put_showtime(show)

    async with reaching_ledger():
        stored = await definitions.put_showtime(rooms.pool, wanted, fixed=fixed, load=load)
        if isinstance(stored, definitions.Fixed):
            raise Refused(AlreadyOnSale(what=", ".join(stored.fields)))
        await definitions.tell_showtime(rooms.pool, showtime, tell)
        await definitions.mark_loaded(rooms.pool, showtime)
    view = await view_of(await rooms.onsale(showtime), rooms.boards)
    return Response(view, status_code=201 if stored.created else 200)


@get("/v1/showtimes", operation_id="listShowtimes", tags=["fans"])
async def list_showtimes(rooms: OpenRooms, sale: QueryId) -> Showtimes:
    """What is on sale, with the seats still free."""
    found = await rooms.sale(sale)
    shows = rooms.catalogue.showtimes_of(found.id)
    return Showtimes([await view_of(onsale, rooms.boards) for onsale in shows])


@get("/v1/showtimes/{showtime:str}", operation_id="getShowtime", tags=["fans"])
async def get_showtime(showtime: PathId, rooms: OpenRooms) -> ShowtimeView:
    """One showtime, with the seats still free."""
    return await view_of(await rooms.onsale(showtime), rooms.boards)


@get(
    "/v1/showtimes/{showtime:str}/plan",
    operation_id="getShowtimePlan",
    tags=["fans"],
    responses={200: ResponseSpec(PlanDocument, description="The plan", generate_examples=False)},
)
async def get_plan(request: Request[Any, Any, Any], showtime: PathId, rooms: OpenRooms) -> Response[bytes]:
    """The geometry in Usher's own format; it never changes under its digest."""
    onsale = await rooms.onsale(showtime)
    digest = onsale.showtime.plan_digest
    headers = {"etag": f'"{digest}"', "cache-control": "public, max-age=300"}
    if digest in re.findall(r'"([^"]*)"', request.headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers={**headers, "vary": "accept-encoding"})
    document = msgspec.json.encode(PlanDocument(digest, onsale.plan))
    body, encoding = squeezed(document, request.headers, lasting=True)
    return Response(body, media_type="application/json", headers={**headers, **encoding})


@post(
    "/v1/showtimes/{showtime:str}/reclaim",
    operation_id="reclaimShowtime",
    tags=["storefront"],
    guards=[need("storefront")],
    security=[{"bearer": []}],
    status_code=200,
)
async def reclaim(showtime: PathId, rooms: OpenRooms) -> Reclaimed:
    """Ends the selling of a showtime: what was sold, and what goes back to the storefront."""
    onsale = await rooms.onsale(showtime)
    answer = await rooms.allocator.reclaim(onsale)
    return Reclaimed(
        showtime=showtime,
        sold=named(onsale, answer.sold),
        awaiting=named(onsale, answer.awaiting),
        back=named(onsale, answer.back),
    )


async def loaded(show: Showtime, rooms: Rooms) -> bool:
    """Puts the seats on sale as defined; False when its sale has opened with another definition."""
    await rooms.catalogue.refresh()
    onsale = rooms.catalogue.put_together(show)
    assert onsale is not None, "sale and plan of a showtime are known before it"
    return isinstance(await past_gate(lambda: rooms.allocator.load(onsale)), Loaded)


def check(body: ShowtimeBody, plan: Plan) -> None:
    """Prices for every category and none beside, seats that exist, a time zone of the tz database."""
    categories = {seat.category for _, _, seat in plan.named_seats()}
    if missing := sorted(categories - body.prices.keys()):
        raise Refused(BadRequest(why=f"prices: no price for {', '.join(missing)}."))
    if strange := sorted(body.prices.keys() - {category.key for category in plan.categories}):
        raise Refused(BadRequest(why=f"prices: the plan has no category {', '.join(strange)}."))
    names = {str(name) for name, _, _ in plan.named_seats()}
    if unknown := sorted({*body.blocked, *body.sold} - names):
        raise Refused(NoSuchSeats(tuple(SeatName(name) for name in unknown[:100])))
    if both := sorted(set(body.blocked) & set(body.sold)):
        raise Refused(BadRequest(why=f"blocked and sold at once: {', '.join(both[:20])}."))
    try:
        ZoneInfo(body.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(BadRequest(why="time_zone: no such time zone.")) from None


def showtime_of(showtime: str, body: ShowtimeBody, plan: Plan) -> Showtime:
    return Showtime(
        id=ShowtimeId(showtime),
        serial=0,
        sale=SaleId(body.sale),
        cinema=body.cinema,
        auditorium=body.auditorium,
        film=body.film,
        format=body.format,
        starts_at_ms=to_ms(body.starts_at),
        time_zone=body.time_zone,
        plan=body.plan,
        plan_digest=plan.digest(),
        prices=body.prices,
        service_fee=body.service_fee,
        currency=body.currency,
        blocked=tuple(SeatName(name) for name in sorted(set(body.blocked))),
        sold=tuple(SeatName(name) for name in sorted(set(body.sold))),
        orphans=body.orphans,
    )


async def view_of(onsale: OnSale, boards: Boards) -> ShowtimeView:
    show = onsale.showtime
    return ShowtimeView(
        showtime=show.id,
        serial=show.serial,
        sale=show.sale,
        cinema=show.cinema,
        auditorium=show.auditorium,
        film=show.film,
        format=show.format,
        starts_at=rfc3339(show.starts_at_ms),
        time_zone=show.time_zone,
        plan=show.plan,
        prices=show.prices,
        service_fee=show.service_fee,
        currency=show.currency,
        free=(await boards.latest(onsale)).free,
    )
