"""What a connection may ask of a server: no second meaning of bytes, no place kept, no memory without end."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from api.pressure import Pressure
from api.threshold import PIPELINED_MAX
from tests.api_lines import Blocked, Server, serving
from tests.soon import become_true

HOST: Final = b"Host: usher\r\n"
SMUGGLED: Final = b"GET /smuggled HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n"
OFFERS: Final = (b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"upgrade: websocket\r\nconnection: upgrade\r\n")
LENGTH: Final = b"Content-Length: %d\r\n\r\n%b" % (len(SMUGGLED), SMUGGLED)
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
GET: Final = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
BIG: Final = b"x" * 4_000_000


class Heard:
    """An application that keeps the bodies it was sent, and answers with a big one where it is asked to."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for moment in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{moment}.complete"})
            return
        body, message = b"", {"more_body": True}
        while message["more_body"]:
            message = await receive()
            body += message["body"]
        self.bodies.append((scope["path"], body))
        told = BIG if scope["path"] == "/big" else b"ok"
        length = [(b"content-length", b"%d" % len(told))]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": told})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = Heard()
    async with serving(app, Pressure(calls_max=8), Blocked(), keep_alive_s=1) as found:
        found.app = app
        yield found


@pytest.mark.parametrize("offer", OFFERS, ids=["h2c", "websocket"])
@pytest.mark.parametrize("rest", [LENGTH, CHUNKED], ids=["length", "chunked"])
async def test_a_body_behind_an_offer_to_upgrade_is_a_body(server: Server, offer: bytes, rest: bytes) -> None:
    """The parser takes it for the next request, so that a proxy would give the next fan another's answer."""
    head, mark, body = (b"POST /a HTTP/1.1\r\n" + HOST + offer + rest).partition(b"\r\n\r\n")
    for pieces in ((head + mark + body,), (head + mark, body), (head + mark + body[:9], body[9:])):
        line = await server.line()
        server.app.bodies.clear()
        for piece in pieces:
            await server.read_alone(line, piece)
        assert await line.status() == 200
        assert await line.ask(GET) == 200
        assert server.app.bodies == [("/a", SMUGGLED), ("/", b"")]


@pytest.mark.parametrize(
    "pieces",
    [
        (b"POST /a HTTP/1.1\r\n" + HOST + OFFERS[0], LENGTH),
        (b"POST /a HTTP/1.1\r\n" + HOST + OFFERS[0][:-9], OFFERS[0][-9:] + CHUNKED),
        (b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,),
    ],
    ids=["after the head", "within it", "a tunnel"],
)
async def test_an_offer_in_pieces_ends_the_connection(server: Server, pieces: tuple[bytes, ...]) -> None:
    line = await server.line()
    for piece in pieces:
        await server.read_alone(line, piece)
    assert (await line.reader.read()).startswith(b"HTTP/1.1 400 ")
    assert server.app.bodies == []
    assert server.pressure.in_flight == 0


async def test_calls_that_wait_behind_another_have_a_limit() -> None:
    blocked = Blocked()
    async with serving(blocked, Pressure(calls_max=8), blocked) as server:
        (line,) = await server.fill(1, GET)
        line.say(GET * PIPELINED_MAX)
        connection = server.connection()
        await become_true(lambda: len(connection.pipeline) == PIPELINED_MAX, timeout_s=20)
        (other,) = await server.fill(1, GET)
        other.say(GET * (PIPELINED_MAX + 1))
        await become_true(lambda: len(server.connections) == 1, timeout_s=20)
        blocked.let_go.set()
        assert [await line.status() for _ in range(PIPELINED_MAX + 1)] == [200] * (PIPELINED_MAX + 1)
        await become_true(lambda: not server.tasks, timeout_s=20)
        assert server.pressure.in_flight == 0


async def test_who_asks_on_and_does_not_read_is_hung_up_on(server: Server) -> None:
    line = await server.line()
    line.say(GET.replace(b"/ ", b"/big ") * 9)
    await become_true(lambda: not server.connections, timeout_s=20)
    await become_true(lambda: not server.tasks, timeout_s=20)
    assert server.pressure.in_flight == 0


async def test_who_reads_slowly_gets_all_of_it(server: Server) -> None:
    line = await server.line()
    for _ in range(2):
        line.say(GET.replace(b"/ ", b"/big "))
        await become_true(lambda: bool(server.app.bodies), timeout_s=20)
        status, _, body = await line.hear()
        assert (status, body) == (200, BIG)


async def test_a_refused_call_whose_body_comes_later_leaves_a_timer() -> None:
    blocked = Blocked()
    async with serving(blocked, Pressure(calls_max=8), blocked, keep_alive_s=1) as server:
        await server.fill(4, GET)
        line = await server.line()
        await server.read_alone(line, b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n")
        assert await line.status() == 503
        line.say(b"{}")
        await become_true(line.reader.at_eof, timeout_s=20)
