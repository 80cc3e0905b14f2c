"""Raw connections to a server of ours, for tests that choose how the bytes of a request are spelt."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from uvicorn.server import ServerState

from api import threshold
from api.doors import Doors
from api.pressure import Pressure
from tests.soon import become_true
from usher.serve import KEEP_ALIVE_S, config_of

AFTER: Final = "/after"
LENGTH: Final = re.compile(rb"content-length: ([0-9]+)\r")
DATE: Final = re.compile(rb"date: [^\r]+\r\n")


class Blocked:
    """An application whose calls end when they are let go; `behind` answers those not asked to wait.

    A call of AFTER is answered at once, and ends as late.
    """

    def __init__(self, behind: Any = None) -> None:
        self.let_go = asyncio.Event()
        self.calls = 0
        self._behind = behind

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._behind is not None and (scope["type"] == "lifespan" or scope["path"] != "/wait"):
            await self._behind(scope, receive, send)
        elif scope["type"] == "lifespan":
            for moment in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{moment}.complete"})
        else:
            while (await receive())["more_body"]:
                pass
            self.calls += 1
            if scope["path"] != AFTER:
                await self.let_go.wait()
            headers = [(b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"ok"})
            await self.let_go.wait()


class Line:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)

    async def hear(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in head[1:-2])}
            status = int(head[0].split()[1])
            body = await self.reader.readexactly(int(headers["content-length"]))
        return status, headers, body

    async def whole(self) -> bytes:
        """The next answer as it came, but for the date."""
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            body = await self.reader.readexactly(int(length[1])) if length else b""
        return DATE.sub(b"", head) + body

    async def status(self) -> int:
        return (await self.hear())[0]

    async def ask(self, *pieces: bytes) -> int:
        self.say(*pieces)
        return (await self.hear())[0]


class Reads:
    """How many reads the connections of a server had."""

    def __init__(self) -> None:
        self.count = 0

    def counted(self, protocol: Any) -> Any:
        """The protocol, with each of its reads counted."""

        def data_received(connection: Any, data: bytes) -> None:
            self.count += 1
            protocol.data_received(connection, data)

        return type("Counted", (protocol,), {"data_received": data_received})


class Server:
    """`tasks`: of its calls, those that wait for the end of a body and those that work on after their answer
    among them."""

    def __init__(self, port: int, pressure: Pressure, app: Any, state: ServerState, reads: "Reads") -> None:
        self.reads = reads
        self.pressure = pressure
        self.app = app
        self.tasks = state.tasks
        self.connections: set[Any] = state.connections
        self._port = port
        self._lines: list[Line] = []

    async def line(self) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self._port))
        self._lines.append(line)
        return line

    def connection(self) -> Any:
        """The only one."""
        (found,) = self.connections
        return found

    async def fill(self, calls: int, request: bytes) -> list[Line]:
        """So many calls that wait."""
        before, lines = self.app.calls, [await self.line() for _ in range(calls)]
        for line in lines:
            line.say(request)
        await become_true(lambda: self.app.calls == before + calls, timeout_s=20)
        return lines

    async def let_go(self, waiting: list[Line]) -> None:
        self.app.let_go.set()
        assert [await line.status() for line in waiting] == [200] * len(waiting)

    async def read_alone(self, line: Line, piece: bytes) -> None:
        """Says a piece of a request and waits until it was read, or was not because the server hung up."""
        before = self.reads.count
        line.say(piece)
        await become_true(lambda: self.reads.count > before or line.reader.at_eof(), timeout_s=20)

    def hang_up(self) -> None:
        for line in self._lines:
            line.writer.close()


@asynccontextmanager
async def serving(
    app: Any,
    pressure: Pressure,
    blocked: Blocked,
    doors: Doors | None = None,
    root_path: str = "",
    keep_alive_s: int = KEEP_ALIVE_S,
) -> AsyncIterator[Server]:
    """A server of the application; `doors` when polls and turnstiles shall be answered unparsed."""
    listening, reads = socket.create_server(("127.0.0.1", 0)), Reads()
    config = config_of(app, root_path, reads.counted(threshold.before(pressure, doors)))
    config.timeout_keep_alive = keep_alive_s
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    await become_true(lambda: running.started or task.done(), timeout_s=20)
    assert running.started
    server = Server(listening.getsockname()[1], pressure, blocked, running.server_state, reads)
    try:
        yield server
    finally:
        blocked.let_go.set()
        running.should_exit = True
        server.hang_up()
        await task
        listening.close()
