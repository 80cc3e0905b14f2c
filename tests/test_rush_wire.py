"""The crowd's HTTP client against a server that answers, hangs up and talks nonsense."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from usher.rush_door import Door, GaveUp
from usher.rush_tape import Tape
from usher.rush_temper import chance
from usher.rush_wire import NoReply, Wires

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"n": "1"}'
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
REFUSAL = b'{"type": "https://x/p/no-fit"}'
PROBLEM = b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%s" % (len(REFUSAL), REFUSAL)


class Scripted:
    """A server that gives the next answer to each request; an empty one hangs up."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                stated = re.search(rb"content-length: (\d+)", head.lower())
                self.requests.append(head + await reader.readexactly(int(stated[1]) if stated else 0))
                answer = self.answers.pop(0) if self.answers else OK
                if not answer:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    scripted = Scripted()
    listening = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/base"
    async with listening:
        yield scripted


async def test_requests_share_the_connections(server: Scripted) -> None:
    wires = Wires(server.url, 2)
    replies = await asyncio.gather(*(wires.ask("GET", f"/{n}", {"X-N": str(n)}, None) for n in range(20)))
    assert {reply.body for reply in replies} == {b'{"n": "1"}'}
    assert server.connections <= 2
    assert server.requests[0].startswith(b"GET /base/0 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-N: 0\r\n" in server.requests[0]
    wires.close()


async def test_a_door_that_closes_is_opened_again(server: Scripted) -> None:
    server.answers = [CLOSING]
    wires = Wires(server.url, 1)
    assert (await wires.ask("DELETE", "/", {}, None)).status == 204
    assert (await wires.ask("POST", "/", {}, b"xy")).status == 200
    assert server.connections == 2
    assert server.requests[1].endswith(b"Content-Length: 2\r\n\r\nxy")
    wires.close()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"], ids=["hangs up", "nonsense"])
async def test_no_reply_is_said(server: Scripted, answer: bytes) -> None:
    server.answers = [answer]
    wires = Wires(server.url, 1)
    with pytest.raises(NoReply):
        await wires.ask("GET", "/", {}, None)
    assert (await wires.ask("GET", "/", {}, None)).status == 200
    wires.close()


async def test_nobody_listens() -> None:
    with pytest.raises(NoReply):
        await Wires("http://127.0.0.1:1", 1).ask("GET", "/", {}, None)


async def test_a_patient_client_asks_again_with_the_same_key(server: Scripted) -> None:
    server.answers = [b"", BUSY, OK]
    tape = Tape()
    door = Door(server.url, tape, chance(1, 1))
    answer = await door.call("hold", "POST", "/v1/x", bearer="b", body={"a": 1}, key="k-1")
    assert (answer.status, answer.body, answer.slug) == (200, {"n": "1"}, "")
    assert len(server.requests) == 3
    assert len(set(server.requests)) == 1
    assert b"Idempotency-Key: k-1\r\n" in server.requests[0]
    assert tape.counts == {"no answer": 1, "hold 503": 1}
    assert len(tape.latencies_ms["hold"]) == 2
    assert tape.troubles_ms()
    door.close()


async def test_a_refusal_is_an_answer(server: Scripted) -> None:
    server.answers = [PROBLEM]
    door = Door(server.url, Tape(), chance(1, 1))
    answer = await door.call("hold", "POST", "/v1/x", body={})
    assert (answer.status, answer.slug) == (409, "no-fit")
    door.close()


async def test_a_client_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usher.rush_door.PATIENCE_S", 0.3)
    door = Door("http://127.0.0.1:1", Tape(), chance(1, 1))
    with pytest.raises(GaveUp):
        await door.call("place", "GET", "/")
    door.close()
