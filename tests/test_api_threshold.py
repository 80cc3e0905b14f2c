"""What is answered without a parser is answered as the parser's way would, to the byte."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest

from allocator.plan import Category, Plan, Point, Row, Seat
from ledger.pool import Pool
from store.connection import Store
from tests.api_pair import pair
from tests.api_stage import SALE, SHOWTIME, Stage, open_stage
from tests.conftest import WaitUntil

POLL: Final = (
    b"GET /v1/sales/night/place HTTP/1.1\r\nHost: doors\r\nAccept: */*\r\nAuthorization: Bearer TOKEN\r\n\r\n"
)
PULSE: Final = b"GET /v1/sales/night/pulse HTTP/1.1\r\nHost: doors\r\n\r\n"


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        await opened.delegate()
        yield opened


def header(line: bytes) -> tuple[bytes, bytes]:
    return b"Accept: */*", line


POLLS: Final[list[tuple[str, tuple[bytes, bytes], int, str]]] = [
    ("as ever", (b"", b""), 200, "here"),
    ("pulse", (b"/place", b"/pulse"), 200, "here"),
    ("pulse, no token", (b"/place HTTP/1.1\r\nAuthorization: Bearer TOKEN", b"/pulse HTTP/1.1"), 200, "here"),
    ("kept", header(b"Connection: keep-alive"), 200, "here"),
    ("other case", (b"Authorization: Bearer", b"authorization: bearer"), 200, "here"),
    (
        "many headers",
        header(b"User-Agent: A (B; C) D/1.0\r\nReferer: https://a.b/?c=%20&d\r\nDNT: 1"),
        200,
        "here",
    ),
    ("token before the others", (b"Host: doors\r\n", b""), 200, "here"),
    ("a condition", header(b'If-None-Match: "a"'), 200, "here"),
    ("a forwarded address", header(b"X-Forwarded-For: 1.2.3.4"), 200, "here"),
    ("last call", header(b"connection: Keep-Alive, close"), 200, "behind"),
    ("no length", header(b"Content-Length: 0"), 200, "behind"),
    ("two spaces", (b"Bearer ", b"Bearer  "), 200, "behind"),
    ("a space after the token", (b"TOKEN", b"TOKEN "), 200, "behind"),
    ("no space", (b"Accept: ", b"Accept:"), 200, "behind"),
    ("an empty header", (b"Accept: */*", b"Accept:"), 200, "behind"),
    ("a byte beyond ASCII", header(b"Accept: \xe4"), 200, "behind"),
    ("upgrade", header(b"Upgrade: h2c\r\nConnection: Upgrade"), 200, "behind"),
    ("a query", (b"/place", b"/place?a=1"), 200, "behind"),
    ("an escape", (b"night", b"n%69ght"), 200, "behind"),
    ("two tokens", header(b"Authorization: Bearer x"), 401, "behind"),
    ("another scheme first", header(b"Authorization: Basic x"), 401, "behind"),
    ("no token", (b"Authorization: Bearer TOKEN\r\n", b""), 401, "behind"),
    ("a wrong token", (b"TOKEN", b"x" * 52), 401, "behind"),
    ("a short token", (b"TOKEN", b"x"), 401, "behind"),
    ("an empty token", (b"TOKEN", b""), 401, "behind"),
    ("a token of another sale", (b"night", b"matinee"), 403, "behind"),
    ("another sale", (b"night", b"nowhere"), 404, "behind"),
    ("the sale of the folder", (b"night", b".."), 400, "behind"),
    ("a slash more", (b"/place", b"/place/"), 200, "behind"),
    ("another call", (b"/place", b"/places"), 405, "behind"),
    ("another method", (b"GET", b"POST"), 405, "behind"),
]


async def test_a_poll_unparsed_has_the_same_answer(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    await stage.put("/v1/sales/matinee", SALE)
    token = (await stage.join()).encode()
    async with pair(valkey_url, postgres_url) as found:
        for name, change, status, where in POLLS:
            request = POLL.replace(*change).replace(b"TOKEN", token)
            said, was_here = await found.compare(request)
            assert (said, "here" if was_here else "behind") == (status, where), name
        request = POLL.replace(b"TOKEN", token)
        assert await found.compare(request[:40], request[40:]) == (200, False)
        assert await found.compare(request.replace(b"Host: doors\r\n", b"")) == (200, True)


SEATS: Final = b"GET /v1/showtimes/late/seats HTTP/1.1\r\nHost: doors\r\nAccept: */*\r\n\r\n"
SEATS_ASKED: Final[list[tuple[str, tuple[bytes, bytes], int, str]]] = [
    ("as ever", (b"", b""), 200, "here"),
    ("since a version", (b"/seats", b"/seats?since=0"), 200, "here"),
    ("since the last", (b"/seats", b"/seats?since=VERSION"), 200, "here"),
    ("since one to come", (b"/seats", b"/seats?since=999999999999999"), 200, "here"),
    ("packed", header(b"Accept-Encoding: gzip, br"), 200, "here"),
    ("not packed", header(b"accept-encoding: br, gzip;q=0"), 200, "here"),
    ("with a pass", header(b"Authorization: Bearer x"), 200, "here"),
    ("two codings apart", header(b"Accept-Encoding: br\r\nAccept-Encoding: gzip"), 200, "behind"),
    ("before the first", (b"/seats", b"/seats?since=-1"), 200, "behind"),
    ("no number", (b"/seats", b"/seats?since=x"), 400, "behind"),
    ("no version", (b"/seats", b"/seats?since="), 400, "behind"),
    ("another question", (b"/seats", b"/seats?until=1"), 200, "behind"),
    ("last call", header(b"Connection: close"), 200, "behind"),
    ("an escape", (b"late", b"l%61te"), 200, "behind"),
    ("another showtime", (b"late", b"nowhere"), 404, "behind"),
    ("another method", (b"GET", b"PUT"), 405, "behind"),
]


async def test_taken_seats_unparsed_are_the_same(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    names = [f"R-{n}" for n in range(200)]
    row = Row("R", (tuple(Seat(str(n), float(n), 1, "front") for n in range(200)),))
    plan = Plan("Long", (Category("front", "Front"),), (row,), Point(100, 1))
    answer = await stage.put("/v1/plans/long", plan)
    assert answer.status_code == 200, answer.text
    show = SHOWTIME | {"plan": "long", "prices": {"front": 1}, "blocked": names}
    assert (await stage.put("/v1/showtimes/long", show)).status_code == 201
    version = str((await stage.get("/v1/showtimes/long/seats")).json()["version"]).encode()
    async with pair(valkey_url, postgres_url, board_poll_ms=600_000) as found:
        for path in (b"late", b"long"):
            assert await found.compare(SEATS.replace(b"late", path)) == (200, False), "nobody has read it yet"
            for name, change, status, where in SEATS_ASKED:
                request = SEATS.replace(*change).replace(b"VERSION", version).replace(b"late", path)
                said, was_here = await found.compare(request)
                assert (said, "here" if was_here else "behind") == (status, where), name
    async with pair(valkey_url, postgres_url, board_poll_ms=0) as found:
        assert [await found.compare(SEATS) for _ in range(3)] == [(200, False)] * 3, "it is read each time"


async def test_changes_unparsed_are_the_same(
    valkey_url: str, postgres_url: str, stage: Stage, wait_until: WaitUntil
) -> None:
    await stage.move("open")
    version = (await stage.get("/v1/showtimes/late/seats")).json()["version"]
    async with pair(valkey_url, postgres_url) as found:
        await found.compare(SEATS)
        await stage.hold(await stage.come_in(), {"seats": ["C-7", "C-8"]})
        line = await found.quick.line()
        asked = SEATS.replace(b"/seats", b"/seats?since=%d" % version)

        async def seen() -> bool:
            line.say(asked)
            return b'"taken":["C-7","C-8"],"free":[]}' in (await line.hear())[2]

        async def unparsed() -> bool:
            return await found.compare(asked) == (200, True)

        await wait_until(seen)
        await wait_until(unparsed)


async def test_below_a_prefix(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    token = (await stage.join()).encode()
    request = POLL.replace(b"TOKEN", token)
    async with pair(valkey_url, postgres_url, "/tickets") as found:
        for path, status, was_here in (
            (b"/v1/", 200, True),
            (b"/tickets/v1/", 200, True),
            (b"/tickets/tickets/v1/", 404, False),
            (b"/ticketsv1/", 404, False),
        ):
            assert await found.compare(request.replace(b"/v1/", path)) == (status, was_here), path


async def test_two_polls_at_once_and_one_cut_in_two(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url) as found:
        line = await found.quick.line()
        line.say(PULSE + PULSE + PULSE[:30])
        assert [await line.status(), await line.status()] == [200, 200]
        line.say(PULSE[30:])
        assert await line.status() == 200
        before = found.parsed.calls
        assert [await line.ask(PULSE), await line.ask(PULSE)] == [200, 200]
        assert found.parsed.calls == before, "whoever comes next is answered unparsed again"


async def test_who_polls_no_more_is_hung_up_on(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url, keep_alive_s=1) as found:
        line = await found.quick.line()
        assert [await line.ask(PULSE) for _ in range(9)] == [200] * 9
        async with asyncio.timeout(20):
            assert await line.reader.read() == b""


async def test_polls_are_counted_as_ever(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url) as found:
        await found.compare(PULSE)
        line = await found.quick.line()
        line.say(PULSE.replace(b"v1/sales/night/pulse", b"metrics"))
        _, _, told = await line.hear()
        assert b'{method="GET",route="/v1/sales/{sale}/pulse",status="200",worker="1"} 2.0' in told


async def test_nothing_is_polled_before_the_rooms_are_open(postgres_url: str) -> None:
    async with pair("valkey://127.0.0.1:1", postgres_url) as found:
        assert await found.compare(PULSE) == (503, False)
