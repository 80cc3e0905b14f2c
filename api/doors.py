"""The two calls that the whole crowd makes, answered in front of the framework: the pulse and the place.

They take what the waiting room mirrors in this process and never ask the store. Anything else, also any odd
spelling of these two, goes on to the framework.
"""

from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from allocator.sale import SaleId
from api.callers import bearer
from api.house import House
from api.problems import Refused
from api.replies import PERSONAL, send_json, send_problem

PREFIX: Final = "/v1/sales/"
PULSE: Final = "/pulse"
PLACE: Final = "/place"
ONE_SECOND: Final = (b"cache-control", b"public, max-age=1")


class Doors:
    """ASGI in front of the framework; `sale` ids it does not know are left to the framework too."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app = app
        self.house = house
        self._prefix = house.settings.root_path + PREFIX

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and self.house.is_open:
            path = scope["path"]
            if path.endswith((PULSE, PLACE)) and path.startswith(self._prefix):
                scope["path_template"] = PREFIX + "{sale}" + path[-len(PULSE) :]
                if await self._answer(scope, path, send):
                    return
        await self.app(scope, receive, send)

    async def _answer(self, scope: HTTPScope, path: str, send: Send) -> bool:
        """True when the call was answered here."""
        rooms = self.house.rooms
        sale = rooms.catalogue.sale(SaleId(path[len(self._prefix) : -len(PULSE)]))
        if sale is None:
            return False
        if path.endswith(PULSE):
            await send_json(send, 200, rooms.waiting_room.pulse(sale), ONE_SECOND)
            return True
        try:
            status = rooms.waiting_room.status_json(sale, bearer(authorization(scope)).encode())
        except Refused as refused:
            await send_problem(refused.refusal, send)
            return True
        if isinstance(status, bytes):
            await send_json(send, 200, status, PERSONAL)
        else:
            await send_problem(status, send)
        return True


def authorization(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value.decode("latin-1")
    return None
