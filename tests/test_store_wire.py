"""The lean connection: replies in any pieces, calls in order, and an end that everybody hears of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from redis.exceptions import ConnectionError, MaxConnectionsError, ResponseError, TimeoutError

from store import wire as wires
from store.nodes import client_of, wire_of
from store.reply import Incomplete, read_reply
from store.wire import Wire, greetings, pack
from tests.server import Server
from tests.soon import become_true

REPLIES: list[tuple[bytes, Any]] = [
    (b"$5\r\nhello\r\n", b"hello"),
    (b"$4\r\n\r\n\r\n\r\n", b"\r\n\r\n"),
    (b"$0\r\n\r\n", b""),
    (b"$-1\r\n", None),
    (b":-17\r\n", -17),
    (b"+OK\r\n", b"OK"),
    (b"*-1\r\n", None),
    (b"*0\r\n", []),
    (b"*3\r\n:1\r\n*1\r\n$1\r\na\r\n$-1\r\n", [1, [b"a"], None]),
]

SILENCE_S: Final = 0.5
"""Waited out where a server says no more; time enough for what it does say."""


@pytest.mark.parametrize(("told", "expected"), REPLIES)
def test_a_reply_is_read_when_all_of_it_is_there(told: bytes, expected: Any) -> None:
    assert read_reply(told, 0) == (expected, len(told))
    assert read_reply(b"+no\r\n" + told + b"+no\r\n", 5) == (expected, 5 + len(told))
    for length in range(len(told)):
        with pytest.raises(Incomplete) as error:
            read_reply(told[:length], 0)
        assert length < error.value.wanted <= len(told)


def test_an_error_is_a_value_until_it_is_raised() -> None:
    reply, _ = read_reply(b"-OOM no room\r\n", 0)
    assert isinstance(reply, ResponseError)
    assert str(reply) == "OOM no room"
    with pytest.raises(ValueError, match="no reply"):
        read_reply(b"HTTP/1.1 400\r\n", 0)


def test_a_command_travels_with_lengths_in_bytes() -> None:
    assert (
        pack(("SET", "ä", b"\xff", 12)) == b"*4\r\n$3\r\nSET\r\n$2\r\n\xc3\xa4\r\n$1\r\n\xff\r\n$2\r\n12\r\n"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("valkey://h:1", []),
        ("valkey://:p@h:1/3", [("AUTH", "p"), ("SELECT", 3)]),
        ("unix://u:p@/run/s?db=2", [("AUTH", "u", "p"), ("SELECT", 2)]),
        ("rediss://h:1", None),
        ("valkey://h:1?cluster=true", None),
    ],
)
def test_what_is_said_first(url: str, said: object) -> None:
    wire = wire_of(client_of(url, 1))
    assert said == (None if wire is None else greetings(wire._options))


@asynccontextmanager
async def speaking(*answers: bytes, patience_s: float = 5) -> AsyncIterator[Wire]:
    """A wire to a server that says these to whatever it hears, and then nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for each in answers:
            await reader.read(4096)
            writer.write(each)
        while await reader.read(4096):
            pass
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        wire = Wire({"host": "127.0.0.1", "port": listening.sockets[0].getsockname()[1]}, patience_s)
        yield wire
        await wire.close()


async def test_replies_go_to_those_who_asked_in_order(valkey_url: str) -> None:
    wire = wire_of(client_of(valkey_url, 5))
    assert wire is not None
    big = b"x" * 3_000_000
    said = await asyncio.gather(*(wire.ask("ECHO", text) for text in (b"1", big, b"3", b"", big)))
    assert said == [b"1", big, b"3", b"", big]
    with pytest.raises(ResponseError, match="unknown command"):
        await wire.ask("NONSENSE")
    leaving = asyncio.ensure_future(wire.ask("ECHO", "left"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await wire.ask("ECHO", "stays") == b"stays"
    await wire.close()


async def test_all_who_wait_hear_of_the_end() -> None:
    async with speaking(b"+first\r\n", patience_s=SILENCE_S) as wire:
        assert await wire.ask("ONE") == b"first"
        late = await asyncio.gather(*(wire.ask("TWO") for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in late] == [TimeoutError] * 3
        assert await wire.ask("A NEW LINE") == b"first"
    async with speaking(b"HTTP/1.1 400\r\n") as wire:
        with pytest.raises(ConnectionError, match="another protocol"):
            await wire.ask("ONE")
    async with speaking(b"+one\r\n+two\r\n") as wire:
        assert await wire.ask("ONE") == b"one"
        assert await wire.ask("TWO") == b"one", "a connection that says too much is not used again"


async def test_a_connection_that_nobody_waited_for_is_made_anew_when_it_is_lost() -> None:
    async with speaking(b"+one\r\n") as wire:
        leaving = asyncio.ensure_future(wire.ask("ONE"))
        await asyncio.wait({leaving}, timeout=0)
        assert wire._opening is not None
        assert not wire._opening.done()
        leaving.cancel()
        await become_true(lambda: wire._line is not None, timeout_s=20)
        assert wire._line is not None
        wire._line.lose(ConnectionError("gone"))
        assert not wire.tell("ONE")
        async with asyncio.timeout(20):
            assert await wire.ask("ONE") == b"one"


async def test_nobody_there_is_a_lost_connection() -> None:
    for options in ({"path": "/nowhere"}, {"host": "127.0.0.1", "port": 1}):
        wire = Wire(options, 1)
        told = await asyncio.gather(wire.ask("ONE"), wire.ask("TWO"), return_exceptions=True)
        assert [type(each) for each in told] == [ConnectionError] * 2


async def test_calls_under_way_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "IN_FLIGHT_MAX", 2)
    async with speaking(b"+hello\r\n", patience_s=SILENCE_S) as wire:
        await wire.ask("HELLO")
        asked = [wire.ask("ONE") for _ in range(2)]
        with pytest.raises(MaxConnectionsError):
            await wire.ask("ONE")
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in told] == [TimeoutError] * 2


async def test_the_password_is_said_first(tmp_path: Path) -> None:
    server = Server(tmp_path / "own").start()
    try:
        with server.client() as client:
            client.config_set("requirepass", "open")
        port = server.port
        for password, fault in (("open", None), ("shut", "WRONGPASS"), ("", "NOAUTH")):
            wire = Wire({"host": "127.0.0.1", "port": port, "password": password, "db": 1}, 5)
            told = (await asyncio.gather(wire.ask("ECHO", "in"), return_exceptions=True))[0]
            assert told == b"in" if fault is None else str(told).startswith(fault)
            await wire.close()
    finally:
        server.kill()


async def test_a_told_command_is_answered_to_nobody_and_moves_no_other_answer() -> None:
    async with speaking(b"+OK\r\n", b"-ERR no\r\n+OK\r\n:7\r\n") as wire:
        assert not wire.tell("SET", "k", 1), "there is no connection yet"
        assert await wire.ask("HELLO") == b"OK"
        assert wire.tell("SET", "k", 1)
        assert wire.tell("SET", "k", 2)
        assert await wire.ask("INCR", "k") == 7
        await wire.close()
        assert not wire.tell("SET", "k", 3)
