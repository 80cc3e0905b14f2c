"""A call let through unparsed is answered as the parser's way would, to the byte, and counts as any other."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import pytest

from api.idempotency import Stored
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_lines import Line, Server
from tests.api_pair import Pair, pair
from tests.api_stage import Stage, open_stage
from tests.api_wishes import BEST, BODIES, EVENT, HOLD, JOIN, JSON, LIMITS, ORDER, PAID, Headers, signed
from tests.conftest import WaitUntil
from tests.kept_answers import forget
from tests.soon import become_true

_stored: Final = msgspec.msgpack.Decoder(Stored)
PULSE: Final = b"GET /v1/sales/night/pulse HTTP/1.1\r\nHost: doors\r\n\r\n"
VERSION: Final = re.compile(rb"usher-version: [^\r]+")


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, limits=LIMITS) as opened:
        await opened.open()
        yield opened


def spelt(path: str, body: bytes = b"{}", headers: Headers | None = None) -> bytes:
    """A request of the common form; an empty header is left out."""
    told = {
        "Host": "doors",
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
        "Idempotency-Key": "",
    }
    told |= {name.title(): value for name, value in (headers or {}).items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


async def ask(server: Server, request: bytes) -> bytes:
    line = await server.line()
    line.say(request)
    answer = await line.whole()
    line.writer.close()
    return answer


class Judge:
    """Asks both servers the same. The answer of a key is forgotten between two asks, but not its effect."""

    def __init__(self, found: Pair, store: Store, wait_until: WaitUntil) -> None:
        self._found = found
        self._store = store
        self._wait_until = wait_until

    async def compare(self, request: bytes) -> tuple[int, str]:
        """The status that both say, and where the first said it. What a request does is done before.

        A fan may be invited between two asks: then both are asked again.
        """
        await ask(self._found.quick, request)
        for _ in range(3):
            told = await self._ask(self._found.plain, request)
            before = self._found.parsed.calls
            again = await self._ask(self._found.quick, request)
            if told == again:
                break
        assert again == told, request[:300]
        where = "here" if self._found.parsed.calls == before else "behind"
        return int(told[9:12]), "parser" if b"Invalid HTTP request" in told else where

    async def _ask(self, server: Server, request: bytes) -> bytes:
        await self._forget()
        return VERSION.sub(b"", await ask(server, request))

    async def _forget(self) -> None:
        client = self._store.client

        async def kept() -> bool:
            # Those of the calls that are decided and kept in one are whole as soon as they are there.
            found: list[Any] = [await client.get(key) async for key in client.scan_iter(keys.answer("*"))]
            # What is gone by now was an answer that is not kept.
            return all(raw is None or _stored.decode(raw).status for raw in found)

        await self._wait_until(kept)
        await forget(self._store)


@pytest.mark.parametrize("keyed", [False, True])
async def test_the_same_answer_unparsed(
    keyed: bool, valkey_url: str, postgres_url: str, stage: Stage, store: Store, wait_until: WaitUntil
) -> None:
    pass_ = await stage.come_in()
    async with pair(valkey_url, postgres_url) as found:
        judge = Judge(found, store, wait_until)
        for path, body, changes, status, where in BODIES:
            if "content-length" in changes or (not keyed and status in (200, 201)):
                continue  # Another place each time.
            key = hashlib.sha256(body).hexdigest() if keyed else ""
            headers = {"authorization": f"Bearer {pass_}", "idempotency-key": key, **changes}
            beyond = not all(value.isascii() for value in headers.values())
            beyond = beyond or (keyed and path.endswith("/events"))  # It takes no key along.
            said = await judge.compare(spelt(path, body, headers))
            assert said == (status, "behind" if beyond else where), (path, body[:80], changes)


SPELLINGS: Final[list[tuple[str, tuple[bytes, bytes], int, str]]] = [
    ("as ever", (b"", b""), 200, "here"),
    ("kept", (b"Host: doors", b"Connection: keep-alive"), 200, "here"),
    ("other case", (b"Content-Type: application/json", b"CONTENT-TYPE: application/json"), 200, "here"),
    ("length with a nought", (b"Length: 2", b"Length: 02"), 200, "here"),
    ("last call", (b"Host: doors", b"Connection: close"), 200, "behind"),
    ("another length too", (b"Host: doors", b"content-length: 2"), 400, "parser"),
    ("chunked", (b"Host: doors", b"Transfer-Encoding: chunked"), 400, "parser"),
    ("a key too much", (b"Host: doors", b"Idempotency-Key: b"), 200, "behind"),
    ("a long key", (b"a-key", b"x" * 256), 400, "behind"),
    ("a space after a key", (b"a-key", b"a-key "), 200, "behind"),
    ("a folded line", (b"Host: doors", b"Host: doors\r\n more"), 400, "parser"),
    ("a query", (b"/places", b"/places?a=1"), 200, "behind"),
    ("an escape", (b"/places", b"/place%73"), 200, "behind"),
    ("1.0", (b"HTTP/1.1", b"HTTP/1.0"), 200, "behind"),
]


async def test_spellings(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store, wait_until: WaitUntil
) -> None:
    async with pair(valkey_url, postgres_url) as found:
        judge = Judge(found, store, wait_until)
        for name, change, status, where in SPELLINGS:
            request = spelt(JOIN, headers={"idempotency-key": "a-key"}).replace(*change)
            assert await judge.compare(request) == (status, where), name


async def test_a_repeat_is_told_the_same(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url) as found:
        asked = spelt(JOIN, headers={"idempotency-key": "b"})
        first = await ask(found.quick, asked)
        assert (first[9:12], found.parsed.calls) == (b"201", 0)
        assert await found.compare(asked) == (201, True)
        assert b"idempotent-replayed: true" in await ask(found.quick, asked)
        other = asked.replace(b"Length: 2", b"Length: 4").replace(b"{}", b"null")
        assert await found.compare(other) == (422, True)


async def test_an_order_and_its_money(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store, wait_until: WaitUntil
) -> None:
    pass_ = await stage.come_in()
    bearer = {"authorization": f"Bearer {pass_}", "idempotency-key": "c"}
    hold = (await stage.hold(pass_, {"seats": ["B-1"]})).json()["hold"].encode()
    async with pair(valkey_url, postgres_url) as found:
        judge = Judge(found, store, wait_until)
        assert await judge.compare(spelt(HOLD, BEST, bearer)) == (201, "here")
        assert await judge.compare(spelt(ORDER, b'{"hold":"%b"}' % hold, bearer)) == (201, "here")
        order = hold.replace(b"h-", b"o-", 1)
        for event, status in ((EVENT % (order, 1), 422), (EVENT % (order, 4700), 200)):
            assert await judge.compare(spelt(PAID, event, signed(event))) == (status, "here")


async def test_below_a_prefix(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url, "/tickets") as found:
        asked = spelt(JOIN, headers={"idempotency-key": "d"})
        assert (await ask(found.quick, asked))[9:12] == b"201"
        assert await found.compare(asked.replace(b"/v1", b"/tickets/v1")) == (201, True), (
            "one request, one key"
        )


async def test_it_is_counted(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with pair(valkey_url, postgres_url) as found:
        await ask(found.quick, spelt(JOIN))
        told = await ask(found.quick, b"GET /metrics HTTP/1.1\r\nHost: doors\r\n\r\n")
        assert b'{method="POST",route="/v1/sales/{sale}/places",status="201",worker="1"} 1.0' in told


@asynccontextmanager
async def waiting(found: Pair, store: Store, calls: int, request: bytes) -> AsyncIterator[list[Line]]:
    """So many calls that wait for the store, which decides nothing meanwhile."""
    await store.client.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    try:
        lines = [await found.quick.line() for _ in range(calls)]
        for line in lines:
            line.say(request)
        await become_true(lambda: found.quick.pressure.in_flight == calls, timeout_s=20)
        yield lines
    finally:
        await store.client.execute_command("CLIENT", "UNPAUSE")


async def test_what_follows_unasked_is_answered_after_it(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store
) -> None:
    async with pair(valkey_url, postgres_url) as found:
        async with waiting(found, store, 1, spelt(JOIN)) as (line,):
            line.say(PULSE)
            line.say(spelt(JOIN) + spelt(HOLD, BEST)[:50])
            await line.writer.drain()
        line.say(spelt(HOLD, BEST)[50:])
        assert [await line.status() for _ in range(4)] == [201, 200, 201, 401]
        assert found.quick.pressure.in_flight == 0


async def test_a_client_that_leaves_takes_a_place_until_its_call_has_ended(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store
) -> None:
    async with pair(valkey_url, postgres_url, calls_max=8) as found:
        async with waiting(found, store, 4, spelt(JOIN)) as lines:
            for line in lines:
                line.writer.close()
            await become_true(lambda: not found.quick.connections, timeout_s=20)
            assert (await ask(found.quick, spelt(JOIN)))[9:12] == b"503"
            assert (await ask(found.quick, PULSE))[9:12] == b"503"
            assert found.quick.pressure.in_flight == 4
        await become_true(lambda: found.quick.pressure.in_flight == 0, timeout_s=20)
        assert (await ask(found.quick, spelt(JOIN)))[9:12] == b"201"


async def test_a_server_that_ends_waits_for_its_calls(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store
) -> None:
    async with pair(valkey_url, postgres_url) as found:
        async with waiting(found, store, 1, spelt(JOIN)) as (line,):
            found.quick.connection().shutdown()
        status, headers, _ = await line.hear()
        assert (status, headers["connection"]) == (201, "close")
        assert await line.reader.read() == b""


async def test_a_call_ended_from_outside_says_so(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store
) -> None:
    async with pair(valkey_url, postgres_url) as found, waiting(found, store, 1, spelt(JOIN)) as (line,):
        for task in found.quick.tasks:
            task.cancel()
        status, headers, body = await line.hear()
        assert (status, headers["connection"], body) == (500, "close", b"Internal Server Error")
        assert found.quick.pressure.in_flight == 0


async def test_a_connection_is_kept_while_its_call_runs_and_closed_when_nothing_follows(
    valkey_url: str, postgres_url: str, stage: Stage, store: Store
) -> None:
    async with pair(valkey_url, postgres_url, keep_alive_s=1) as found:
        async with waiting(found, store, 1, spelt(JOIN)) as (line,):
            found.quick.connection().timeout_keep_alive_handler()
            assert len(found.quick.connections) == 1
        assert await line.status() == 201
        async with asyncio.timeout(20):
            assert await line.reader.read() == b""
