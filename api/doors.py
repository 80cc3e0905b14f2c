"""The calls that the whole crowd makes, answered in front of the framework: pulse, place and taken seats.

They take what this process has mirrored and never ask the store. Anything else, also any odd spelling of
these, goes on to the framework. A server that holds the bytes of a request can have its answer from `polled`,
at a tenth of what the way through a scope and a task costs.
"""

import time
from collections.abc import Callable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from allocator.sale import Sale
from api.callers import bearer
from api.common_form import poll_pattern, seats_pattern
from api.house import House
from api.problems import Refused, row_of
from api.replies import PERSONAL, send_json, send_problem
from api.seats import CACHED, SEATS_ROUTE, told
from api.wicket import Wicket
from store.version import heard
from waiting_room.waiting_room import WaitingRoom

PREFIX: Final = "/v1/sales/"
PULSE: Final = "/pulse"
PLACE: Final = "/place"
PULSE_ROUTE: Final = PREFIX + "{sale}" + PULSE
PLACE_ROUTE: Final = PREFIX + "{sale}" + PLACE
ONE_SECOND: Final = (b"cache-control", CACHED)
POLLED: Final = (
    b"HTTP/1.1 200 OK\r\n%bcontent-type: application/json\r\n"
    b"content-length: %d\r\ncache-control: %b\r\n\r\n%b"
)
SEATS_TOLD: Final = (
    b"HTTP/1.1 200 OK\r\n%bcache-control: " + CACHED + b"\r\nvary: accept-encoding\r\n%b"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
)
PACKED: Final = b"content-encoding: gzip\r\n"


class Doors:
    """ASGI in front of everything; other calls go on to `app`. `count` notes each call answered here.

    `wicket` is for a server that holds the bytes of a request, as `polled` is.
    """

    def __init__(
        self, app: ASGIApp, house: House, count: Callable[[str, str, int, float], None], wicket: Wicket
    ) -> None:
        self.app = app
        self.house = house
        self.wicket = wicket
        self._count = count
        self._prefix = house.settings.root_path + PREFIX
        self._poll = poll_pattern(house.settings.root_path)
        self._seats = seats_pattern(house.settings.root_path)

    def polled(self, data: bytes, headers: bytes) -> bytes | None:
        """The whole answer to a poll of the common form, `headers` among its own; None for all else."""
        if not self.house.is_open:
            return None
        began = time.perf_counter()
        asked = self._poll.fullmatch(data)
        if asked is None:
            return self._seats_polled(data, headers, began)
        name, which, token = asked.groups()
        rooms = self.house.rooms
        sale = rooms.catalogue.sale(name.decode())
        if sale is None:
            return None
        if which == b"/pulse":
            route, cached, body = PULSE_ROUTE, CACHED, rooms.waiting_room.pulse(sale)
        else:
            found = rooms.waiting_room.status_json(sale, token or b"")
            if not isinstance(found, bytes):
                return None
            route, cached, body = PLACE_ROUTE, b"no-store", found
        answer = POLLED % (headers, len(body), cached, body)
        self._count("GET", route, 200, time.perf_counter() - began)
        return answer

    def _seats_polled(self, data: bytes, headers: bytes, began: float) -> bytes | None:
        """The same for what is taken in a hall, as long as it need not be read again."""
        asked = self._seats.fullmatch(data)
        if asked is None:
            return None
        name, since, accepted = asked.groups()
        onsale = self.house.rooms.catalogue.showtime(name.decode())
        board = self.house.rooms.boards.fresh(onsale) if onsale is not None else None
        if onsale is None or board is None:
            return None
        version = None if since is None else int(since)
        body, is_packed = told(onsale, board, version, (accepted or b"").decode())
        answer = SEATS_TOLD % (headers, PACKED if is_packed else b"", len(body), body)
        self._count("GET", SEATS_ROUTE, 200, time.perf_counter() - began)
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._drop_prefix(scope)
        heard.set(None)  # what an earlier request on this connection heard is not this one's
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET":
            path = scope["path"]
            if path.endswith((PULSE, PLACE)) and path.startswith(self._prefix) and self.house.is_open:
                sale = self.house.rooms.catalogue.sale(path[len(self._prefix) : -len(PULSE)])
                if sale is not None:
                    await self._answer(scope, sale, path.endswith(PULSE), send)
                    return
        await self.app(scope, receive, send)

    def _drop_prefix(self, scope: Scope) -> None:
        """A proxy may hand on the path below `root_path` with that prefix or without: both are read alike."""
        root = self.house.settings.root_path
        if root and scope["type"] == ScopeType.HTTP:
            served_at = scope.get("root_path", "")
            if scope["path"].startswith(f"{served_at}{root}/"):
                scope["path"] = served_at + scope["path"][len(served_at) + len(root) :]

    async def _answer(self, scope: HTTPScope, sale: Sale, is_pulse: bool, send: Send) -> None:
        began = time.perf_counter()
        room = self.house.rooms.waiting_room
        status = 200
        try:
            if is_pulse:
                await send_json(send, 200, room.pulse(sale), ONE_SECOND)
            else:
                await send_json(send, 200, place_of(room, sale, scope), PERSONAL)
        except Refused as refused:
            status = row_of(refused.refusal).status
            await send_problem(refused.refusal, send)
        self._count("GET", PULSE_ROUTE if is_pulse else PLACE_ROUTE, status, time.perf_counter() - began)


def place_of(room: WaitingRoom, sale: Sale, scope: HTTPScope) -> bytes:
    """How the caller's place stands, as JSON."""
    status = room.status_json(sale, bearer(authorization(scope)).encode("latin-1"))
    if not isinstance(status, bytes):
        raise Refused(status)
    return status


def authorization(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value.decode("latin-1")
    return None
