"""Over its limit a process refuses at once and serves the rest; who gives way, and what they are told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest

from api.app import create_app
from api.common_form import is_whole
from api.pressure import Pressure, Rank
from tests.api_doors import settings
from tests.api_lines import AFTER, Blocked, Server, serving
from tests.soon import become_true

HOST: Final = b"Host: usher\r\n"
JOIN: Final = b"POST /v1/sales/s/places HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}"
PAY: Final = b"POST /v1/orders/o-1/payments HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}"
PULSE: Final = b"GET /v1/sales/s/pulse HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """At most four new calls, five of those who choose, seven of those who order, eight in all."""
    blocked = Blocked()
    async with serving(blocked, Pressure(calls_max=8), blocked) as found:
        yield found


async def test_a_call_beyond_the_limit_is_refused_at_once_and_a_payment_is_not(server: Server) -> None:
    waiting = await server.fill(4, PAY)
    line = await server.line()
    line.say(JOIN)
    status, headers, body = await line.hear()
    assert status == 503
    assert headers["content-type"] == "application/problem+json"
    assert 1 <= int(headers["retry-after"]) <= 3
    assert headers["cache-control"] == "no-store"
    assert msgspec.json.decode(body)["type"].rpartition("/")[2] == "overloaded"
    paying = await server.fill(1, PAY)
    assert await line.ask(JOIN) == 503, "the connection is kept"
    await server.let_go(waiting + paying)
    assert await line.ask(JOIN) == 200
    assert server.pressure.refused == [2, 0, 0, 0]


@pytest.mark.parametrize(
    ("path", "rank"),
    [
        ("/v1/sales/s/places", Rank.NEW),
        ("/v1/sales/s/place", Rank.NEW),
        ("/", Rank.NEW),
        ("/v1/showtimes?sale=s", Rank.NEW),
        ("/v1/showtimes/a/seats", Rank.CHOOSING),
        ("/v1/showtimes/a/holds", Rank.CHOOSING),
        ("/v1/holds/h-1", Rank.CHOOSING),
        ("/v1/sales/s/pass", Rank.ORDERING),
        ("/v1/orders", Rank.ORDERING),
        ("/v1/orders/o-1", Rank.ORDERING),
        ("/v1/orders/o-1/payments", Rank.PAID),
        ("/below/v1/orders/o-1/payments", Rank.PAID),
        ("/v1/payments/acme/events", Rank.PAID),
        ("/v1/sales/s/pause", Rank.PAID),
        ("/v1/tickets/check-ins", Rank.PAID),
        ("/health/ready", Rank.PAID),
        ("/metrics", Rank.PAID),
    ],
)
async def test_those_inside_come_before_those_who_come(path: str, rank: Rank, server: Server) -> None:
    pressure = Pressure(calls_max=8, root_path="/below")
    assert pressure.rank(f"GET {path} HTTP/1.1".encode(), 4) == rank
    if not path.startswith("/below"):
        await server.fill(server.pressure.limits[rank], PAY)
        line = await server.line()
        assert await line.ask(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n") == 503
        assert server.pressure.refused[rank] == 1


async def test_under_the_limit_nobody_is_refused(server: Server) -> None:
    waiting = await server.fill(3, JOIN)
    await server.let_go(waiting)
    assert sum(server.pressure.refused) == 0


def test_a_process_without_an_idle_moment_takes_fewer_calls_and_more_when_it_has_some() -> None:
    pressure = Pressure(calls_max=256)
    assert pressure.limits == (153, 166, 230, 256)
    for _ in range(9):
        pressure.adapt(busy=1.0)
    assert pressure.limits == (48, 52, 72, 256), "never less than keeps it busy; payments as ever"
    pressure.adapt(busy=0.9)
    assert pressure.limits == (48, 52, 72, 256)
    for _ in range(99):
        pressure.adapt(busy=0.5)
    assert pressure.limits == (153, 166, 230, 256)


@pytest.mark.parametrize(
    "pieces",
    [
        (JOIN[:-2], JOIN[-2:]),
        (JOIN[:20], JOIN[20:]),
        (
            JOIN.replace(
                b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
            ),
        ),
        (JOIN.replace(b"Content-Length", b"Expect: 100-continue\r\nContent-Length"),),
        (PULSE,),
    ],
)
async def test_every_spelling_is_refused_once_and_the_next_is_answered(
    pieces: tuple[bytes, ...], server: Server
) -> None:
    waiting = await server.fill(4, PAY)
    line = await server.line()
    for _ in range(3):
        for piece in pieces:
            line.say(piece)
            await line.writer.drain()
            await asyncio.sleep(0)
        assert await line.status() == 503
    assert server.pressure.refused[Rank.NEW] == 3
    await server.let_go(waiting)
    assert await line.ask(PULSE) == 200


async def test_a_refused_head_has_no_body_and_a_last_call_ends_the_connection(server: Server) -> None:
    await server.fill(4, PAY)
    line = await server.line()
    line.say(PULSE.replace(b"GET", b"HEAD"))
    assert (await line.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
    line.say(PULSE.replace(HOST, HOST + b"Connection: close\r\n"))
    status, headers, _ = await line.hear()
    assert (status, headers["connection"]) == (503, "close")
    assert await line.reader.read() == b""


async def test_calls_that_follow_one_another_unasked_are_answered_in_their_order(server: Server) -> None:
    line, *_ = await server.fill(4, PAY)
    line.say(PULSE + PULSE)
    await become_true(lambda: server.pressure.refused[Rank.NEW] == 2, timeout_s=20)
    server.app.let_go.set()
    assert [await line.status() for _ in range(3)] == [200, 503, 503]


async def test_a_body_that_never_comes_takes_no_place(server: Server) -> None:
    for _ in range(20):
        (await server.line()).say(JOIN[:-1])
    await become_true(lambda: len(server.tasks) == 20, timeout_s=20)
    assert server.pressure.in_flight == 0
    line = await server.line()
    server.app.let_go.set()
    assert await line.ask(JOIN) == 200
    server.hang_up()
    await become_true(lambda: len(server.tasks) == 0, timeout_s=20)
    assert server.pressure.in_flight == 0


async def test_who_leaves_takes_a_place_until_the_call_has_ended(server: Server) -> None:
    for line in await server.fill(4, JOIN):
        line.writer.close()
    await become_true(lambda: not server.connections, timeout_s=20)
    line = await server.line()
    assert await line.ask(JOIN) == 503
    server.app.let_go.set()
    await become_true(lambda: server.pressure.in_flight == 0, timeout_s=20)
    assert await line.ask(JOIN) == 200


async def test_what_is_done_after_an_answer_takes_no_place(server: Server) -> None:
    line, after = await server.line(), PULSE.replace(b"/v1/sales/s/pulse", AFTER.encode())
    assert [await line.ask(after) for _ in range(9)] == [200] * 9
    assert (len(server.tasks), server.pressure.in_flight) == (9, 0)


async def test_a_call_that_followed_another_unasked_counts_once_it_begins(server: Server) -> None:
    line, *_ = await server.fill(3, PAY)
    line.say(PAY + PAY)
    server.app.let_go.set()
    assert [await line.status() for _ in range(3)] == [200, 200, 200]
    await become_true(lambda: not server.tasks, timeout_s=20)
    assert server.pressure.in_flight == 0


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (PULSE, True),
        (JOIN, True),
        (JOIN[:-1], False),
        (JOIN + b"x", False),
        (PULSE + PULSE, False),
        (PULSE[:-2], False),
        (b"\x16\x03\x01", False),
        (PULSE.replace(b"1.1", b"1.0"), False),
        (PULSE.replace(HOST, HOST + b"CONNECTION: Close\r\n"), False),
        (JOIN.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"), False),
        (JOIN.replace(b"Content-Length: 2", b"Content-Length: +2"), False),
        (JOIN.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"), False),
    ],
)
def test_only_one_whole_request_of_the_common_form_is_answered_unparsed(data: bytes, whole: bool) -> None:
    assert is_whole(data) is whole


async def test_the_real_doors_refuse_and_count(valkey_url: str, postgres_url: str) -> None:
    pressure = Pressure("7", calls_max=8)
    blocked = Blocked(create_app(settings(valkey_url, postgres_url), pressure))
    async with serving(blocked, pressure, blocked) as server:
        waiting = await server.fill(4, b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        line = await server.line()
        assert await line.ask(JOIN) == 503
        assert await line.ask(PAY) == 401, "a payment is looked at"
        line.say(b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n")
        _, _, told = await line.hear()
        assert b'usher_http_turned_away_total{rank="new",worker="7"} 1.0' in told
        assert b'usher_http_turned_away_total{rank="paid",worker="7"} 0.0' in told
        document = b"/problems/overloaded"
        await server.let_go(waiting)
        line.say(b"GET " + document + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert await line.status() == 200, "the problem is explained where its type points"
