"""A lean HTTP/1.1 client: a bounded pool of kept connections, one request at a time on each, first come first
served.

A crowd shares two cores with the servers it is aimed at: what a request costs the client is taken from them.
Only what the doors of Usher answer is read: bodies with a length, no redirects, no compression.
"""

import asyncio
import ssl
import time
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import msgspec

CONNECT_TIMEOUT_S: Final = 10.0
REPLY_TIMEOUT_S: Final = 20.0


class NoReply(Exception):
    """The connection failed or was silent for too long; whether the request arrived is not known."""


class Reply(msgspec.Struct, frozen=True):
    """`took_ms`: from the first byte sent to the last received. `retry_after_s`: None when untold."""

    status: int
    body: bytes
    took_ms: float
    retry_after_s: float | None = None


class Wire(asyncio.Protocol):
    """One connection; the parser calls the `on_` methods."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._asked_at = 0.0
        self._retry_after_s: float | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> Reply:
        """The reply to one request; raises NoReply."""
        if not self.usable:
            raise NoReply("the connection was closed")
        assert self._transport is not None
        self._reply = asyncio.get_running_loop().create_future()
        self._asked_at = time.perf_counter()
        self._transport.write(request)
        try:
            async with asyncio.timeout(REPLY_TIMEOUT_S):
                return await self._reply
        except BaseException as error:
            self.close()  # a late reply must not be taken for that of the next request
            if isinstance(error, TimeoutError):
                raise NoReply(f"silent for {REPLY_TIMEOUT_S:.0f} s") from None
            raise

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"not HTTP: {error}")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(f"the connection ended: {exc or 'closed by the door'}")

    def on_message_begin(self) -> None:
        self._body = []
        self._retry_after_s = None

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._retry_after_s = float(value)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        took_ms = (time.perf_counter() - self._asked_at) * 1000
        status, body = self._parser.get_status_code(), b"".join(self._body)
        reply = Reply(status, body, took_ms, self._retry_after_s)
        if not self._parser.should_keep_alive():
            self.close()
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)

    def _fail(self, why: str) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(NoReply(why))


class Wires:
    """At most `connections_max` connections to one address."""

    def __init__(self, base_url: str, connections_max: int) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._name = parts.netloc
        self._free = asyncio.Semaphore(connections_max)
        self._idle: list[Wire] = []

    async def ask(self, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Reply:
        """The reply; raises NoReply. The caller waits for a free connection in order of asking."""
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"Host: {self._name}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None or method == "POST":
            lines.append(f"Content-Length: {len(content or b'')}")
        request = "\r\n".join((*lines, "\r\n")).encode("latin-1") + (content or b"")
        async with self._free:
            wire = await self._wire()
            reply = await wire.ask(request)
            if wire.usable:
                self._idle.append(wire)
            return reply

    def close(self) -> None:
        for wire in self._idle:
            wire.close()
        self._idle.clear()

    async def _wire(self) -> Wire:
        while self._idle:
            wire = self._idle.pop()
            if wire.usable:
                return wire
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, made = await loop.create_connection(Wire, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise NoReply(f"no connection: {error}") from None
        return made
