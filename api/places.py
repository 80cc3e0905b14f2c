"""The waiting room's doors: join, ask how it stands, come in."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from allocator.sale import Sale
from api.callers import bearer
from api.moments import rfc3339
from api.problems import Refused
from api.refusals import IdentityAway, StoreAway, Unsigned
from api.requests import Input, PathId
from api.rooms import OpenRooms, Rooms
from store.kept import Once
from waiting_room.answers import Admitted, JoinAnswer, Joined, PlaceStatus, UnknownSale
from waiting_room.identity import BadIdentity, KeysUnavailable
from waiting_room.place import Place
from waiting_room.pulse import PulseDocument

NO_STORE = {"cache-control": "no-store"}


class JoinBody(Input, frozen=True, kw_only=True):
    """`identity`: the storefront's identity token (JWT), for a sale that asks for one."""

    identity: Annotated[str, msgspec.Meta(max_length=8192)] | None = None


class PlaceView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`place` is the token that keeps the fan's place: send it as `Authorization: Bearer`."""

    place: str
    state: str
    rank: int | None = None
    poll_in_s: float


class PassView(msgspec.Struct, frozen=True, kw_only=True, rename={"pass_": "pass"}):
    pass_: str
    expires_at: str


@post("/v1/sales/{sale:str}/places", operation_id="join", tags=["fans"])
async def join(
    request: Request[Any, Any, Any], sale: PathId, rooms: OpenRooms, data: JSONBody[JoinBody | None] = None
) -> Response[PlaceView]:
    """Joins: 201 with a place, 200 with the old one when the account or the same request had one."""
    view, again = await joined(await rooms.sale(sale), data, once_of(request), rooms)
    return Response(view, status_code=200 if again else 201, headers=NO_STORE)


async def joined(
    sale: Sale, body: JoinBody | None, once: Once | None, rooms: Rooms
) -> tuple[PlaceView, bool]:
    """The place, and whether the fan had it before."""
    answer: JoinAnswer | None
    try:
        account = await account_of(sale, body, rooms)
    except Refused:
        # A repeat has its answer also when the storefront's token has run out since.
        answer = None if once is None else await rooms.waiting_room.joined_before(sale, once)
        if answer is None:
            raise
    else:
        answer = await rooms.waiting_room.join(sale, account, once)
    if isinstance(answer, UnknownSale):
        raise Refused(StoreAway())  # the catalogue has the sale: the line of an emptied store has lost it
    if not isinstance(answer, Joined):
        raise Refused(answer)
    view = PlaceView(place=answer.token, state=answer.state, rank=answer.rank, poll_in_s=answer.poll_in_s)
    return view, answer.again


@post("/v1/sales/{sale:str}/pass", operation_id="claimPass", tags=["fans"], security=[{"bearer": []}])
async def claim(request: Request[Any, Any, Any], sale: PathId, rooms: OpenRooms) -> Response[PassView]:
    """The pass, once invited; asked again, the same pass."""
    found = await rooms.sale(sale)
    answer = await rooms.waiting_room.claim(found, place_of(request, found, rooms))
    if not isinstance(answer, Admitted):
        raise Refused(answer)
    view = PassView(pass_=answer.text, expires_at=rfc3339(answer.expires_ms))
    return Response(view, status_code=201, headers=NO_STORE)


@get(
    "/v1/sales/{sale:str}/pulse",
    operation_id="pulse",
    tags=["fans"],
    responses={200: ResponseSpec(PulseDocument, description="The pulse", generate_examples=False)},
)
async def pulse(sale: PathId, rooms: OpenRooms) -> Response[bytes]:
    """The sale in one small public document. Answered in front; here for the schema."""
    body = rooms.waiting_room.pulse(await rooms.sale(sale))
    return Response(body, media_type="application/json", headers={"cache-control": "public, max-age=1"})


@get("/v1/sales/{sale:str}/place", operation_id="placeStatus", tags=["fans"], security=[{"bearer": []}])
async def place_status(
    request: Request[Any, Any, Any], sale: PathId, rooms: OpenRooms
) -> Response[PlaceStatus]:
    """How the place stands. Answered in front; here for the schema."""
    found = await rooms.sale(sale)
    status = rooms.waiting_room.status(found, bearer(request.headers.get("authorization")))
    if not isinstance(status, PlaceStatus):
        raise Refused(status)
    return Response(status, headers=NO_STORE)


@delete("/v1/sales/{sale:str}/place", operation_id="leave", tags=["fans"], security=[{"bearer": []}])
async def leave(request: Request[Any, Any, Any], sale: PathId, rooms: OpenRooms) -> None:
    """Gives the place up, or the pass: the next fan comes in. 204, also when it was over already."""
    found = await rooms.sale(sale)
    await rooms.waiting_room.leave(found, place_of(request, found, rooms))


def place_of(request: Request[Any, Any, Any], sale: Sale, rooms: Rooms) -> Place:
    """The place in the caller's hand; Refused when it is none of this sale's."""
    place = rooms.waiting_room.read_place(bearer(request.headers.get("authorization")), sale)
    if not isinstance(place, Place):
        raise Refused(place)
    return place


async def account_of(sale: Sale, body: JoinBody | None, rooms: Rooms) -> str | None:
    """The storefront's account behind the join; None for a guest where guests may come."""
    if sale.identity == "guest":
        return None
    if body is None or body.identity is None:
        raise Refused(Unsigned(why="This sale asks for `identity`, a token of the storefront."))
    try:
        account = await rooms.identity.account(body.identity)
    except KeysUnavailable as error:
        raise Refused(IdentityAway()) from error
    if isinstance(account, BadIdentity):
        raise Refused(Unsigned(why=f"identity: {account.why}."))
    return account


def once_of(request: Request[Any, Any, Any]) -> Once | None:
    """The request as its Idempotency-Key names it, None without a key."""
    once: Once | None = request.scope.get("state", {}).get("once")
    return once
