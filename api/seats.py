"""What is taken in a hall, as pages ask for it every second: all of it once, then only what has changed.

An answer is made once for all who ask from the same version, and for those who are in front of the framework
it is ready as bytes.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from allocator.catalogue import OnSale
from api.boards import Board
from api.compression import WORTH_BYTES_MIN, packed_once, takes_gzip
from api.requests import PathId, QueryInteger
from api.rooms import OpenRooms

SEATS_ROUTE: Final = "/v1/showtimes/{showtime}/seats"
CACHED: Final = b"public, max-age=1"


class SeatsView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All taken seats, or with `since` the seats taken and freed from that version to `version`."""

    version: int
    since: int | None = None
    taken: list[str]
    free: list[str] | None = None


@get(
    "/v1/showtimes/{showtime:str}/seats",
    operation_id="getSeats",
    tags=["fans"],
    responses={200: ResponseSpec(SeatsView, description="The seats", generate_examples=False)},
)
async def get_seats(
    request: Request[Any, Any, Any], showtime: PathId, rooms: OpenRooms, since: QueryInteger = None
) -> Response[bytes]:
    """What is not free; with `since` only what changed, as long as that version is remembered."""
    onsale = await rooms.onsale(showtime)
    board = await rooms.boards.board(onsale)
    seen = None if since is None else int(since)
    body, is_packed = told(onsale, board, seen, request.headers.get("accept-encoding", ""))
    headers = {"cache-control": CACHED.decode(), "vary": "accept-encoding"}
    if is_packed:
        headers["content-encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


def told(onsale: OnSale, board: Board, since: int | None, accepted: str) -> tuple[bytes, bool]:
    """The answer's body, and whether it is packed: so it is when that is worth while and `accepted`."""
    since = since if board.remembers(since) else None
    body = board.told.get((since, False))
    if body is None:
        body = board.told[since, False] = msgspec.json.encode(_view(onsale, board, since))
    if len(body) < WORTH_BYTES_MIN or not takes_gzip(accepted):
        return body, False
    small = board.told.get((since, True))
    if small is None:
        small = board.told[since, True] = packed_once(body)
    return small, True


def _view(onsale: OnSale, board: Board, since: int | None) -> SeatsView:
    last, changes = board.last, None if since is None else board.since(since)
    assert last is not None, "a board that was read"
    if changes is None:
        return SeatsView(version=last.version, taken=named(onsale, last.taken()))
    taken, free = named(onsale, changes.taken), named(onsale, changes.free)
    return SeatsView(version=last.version, since=since, taken=taken, free=free)


def named(onsale: OnSale, indices: Iterable[int]) -> list[str]:
    return [str(name) for name in onsale.geometry.named(indices)]
