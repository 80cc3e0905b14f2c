"""The same doors behind two servers: what is answered unparsed is held to what the parser's way says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from api.app import create_app
from api.doors import Doors
from api.pressure import Pressure
from tests.api_doors import settings
from tests.api_lines import Blocked, Server, serving
from tests.api_wishes import LIMITS


class Counted:
    """The doors as the second of two servers sees them: they are open already. Counts the calls parsed."""

    def __init__(self, doors: Doors, *, opens: bool) -> None:
        self.calls = 0
        self._doors: Any = doors
        self._opens = opens

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.calls += 1
        elif not self._opens:
            for moment in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{moment}.complete"})
            return
        await self._doors(scope, receive, send)


class Pair:
    """The same doors behind two servers: one answers unparsed what it can, the other never does."""

    def __init__(self, parsed: Counted, quick: Server, plain: Server) -> None:
        self.parsed = parsed
        self.quick = quick
        self.plain = plain

    async def compare(self, *pieces: bytes) -> tuple[int, bool]:
        """The status that both say, and whether the first said it unparsed.

        The line may change between two asks: then both are asked again.
        """
        for _ in range(3):
            before = self.parsed.calls
            here = await self._ask(self.quick, pieces)
            unparsed = self.parsed.calls == before
            behind = await self._ask(self.plain, pieces)
            if here == behind:
                break
        assert here == behind, (pieces, here, behind)
        return int(here[9:12]), unparsed

    async def _ask(self, server: Server, pieces: tuple[bytes, ...]) -> bytes:
        line = await server.line()
        for piece in pieces:
            await server.read_alone(line, piece)
        return await line.whole()


@asynccontextmanager
async def pair(
    valkey_url: str,
    postgres_url: str,
    root_path: str = "",
    *,
    calls_max: int = 256,
    keep_alive_s: int = 75,
    board_poll_ms: int = LIMITS.board_poll_ms,
) -> AsyncIterator[Pair]:
    limits = msgspec.structs.replace(LIMITS, board_poll_ms=board_poll_ms)
    doors = create_app(settings(valkey_url, postgres_url, root_path=root_path, limits=limits))
    parsed, blocked = Counted(doors, opens=True), Blocked()
    async with (
        serving(parsed, Pressure(calls_max=calls_max), blocked, doors, root_path, keep_alive_s) as quick,
        serving(Counted(doors, opens=False), Pressure(), blocked, None, root_path) as plain,
    ):
        yield Pair(parsed, quick, plain)
