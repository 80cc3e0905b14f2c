"""One connection to one server for function calls: they go out as they come, replies come back in that order.

redis-py spends 120 us of Python on a call: a pool, a lock, retries, time-outs for each half, records for
observers. Calls of the library need none of that, because nothing is ever repeated below `store.connection`.
Connections with TLS, and those of a cluster, are left to redis-py.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from redis import exceptions

from store.reply import Incomplete, read_reply

Part = str | bytes | int
IN_FLIGHT_MAX: Final = 1024
TEXTS_REMEMBERED_MAX: Final = 8192


class Wire:
    """A server's address, and the connection to it while there is one. `ask` raises redis-py's errors."""

    def __init__(self, options: Mapping[str, Any], timeout_s: float) -> None:
        """`options` as redis-py reads them from a URL: path, or host and port; username, password, db."""
        self._options = options
        self._timeout_s = timeout_s
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._is_closed = False

    def ask(self, *parts: Part) -> Awaitable[Any]:
        """The reply to one command; an error reply is raised."""
        line = self._line
        return self._ask_anew(parts) if line is None or line.is_lost else line.ask(parts)

    def tell(self, *parts: Part) -> bool:
        """Sends a command whose reply nobody waits for; False when it did not leave."""
        line = self._line
        return line is not None and line.tell(parts)

    async def close(self) -> None:
        """Returns when the connection is gone, also one that was just being made; no other one is made."""
        self._is_closed = True
        lines = [] if self._line is None else [self._line]
        if self._opening is not None:
            self._opening.cancel()
            (opened,) = await asyncio.gather(self._opening, return_exceptions=True)
            lines += [opened] if isinstance(opened, _Line) else []
        for line in lines:
            line.lose(exceptions.ConnectionError("the connection was closed"))
            await line.gone
        await asyncio.sleep(0)  # What was given up while it was made goes in the loop's next turn.

    async def _ask_anew(self, parts: Sequence[Part]) -> Any:
        return await (await self._opened()).ask(parts)

    async def _opened(self) -> "_Line":
        """The new connection, which all who wait for one share."""
        if self._is_closed:
            raise exceptions.ConnectionError("the connection was closed")
        if self._opening is None or self._opening.done():  # done: all who waited for it have left
            self._opening = asyncio.create_task(self._open())
        opening = self._opening
        try:
            return await asyncio.shield(opening)
        finally:
            if opening.done() and self._opening is opening:
                self._opening = None

    async def _open(self) -> "_Line":
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._greet()
        except TimeoutError:
            raise exceptions.TimeoutError("the server did not take the connection in time") from None
        except OSError as error:
            raise exceptions.ConnectionError(f"the server cannot be reached: {error}") from error

    async def _greet(self) -> "_Line":
        loop, options = asyncio.get_running_loop(), self._options
        line = _Line(loop, self._timeout_s)
        if "path" in options:
            await loop.create_unix_connection(lambda: line, options["path"])
        else:
            host, port = options.get("host", "localhost"), options.get("port", 6379)
            await loop.create_connection(lambda: line, host, port)
        try:
            for greeting in greetings(options):
                await line.ask(greeting)
        except BaseException:  # also when nobody waits for it any more
            line.lose(exceptions.ConnectionError("the server did not take the connection"))
            raise
        # Here, not where it is waited for: whoever waits may have gone.
        self._line = line
        return line


def greetings(options: Mapping[str, Any]) -> list[tuple[Part, ...]]:
    """What is said before the first call."""
    said: list[tuple[Part, ...]] = []
    if options.get("password"):
        user = [options["username"]] if options.get("username") else []
        said.append(("AUTH", *user, options["password"]))
    if options.get("db"):
        said.append(("SELECT", options["db"]))
    return said


class _Line(asyncio.Protocol):
    """One open connection and the calls that wait for its replies, oldest first."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_s: float) -> None:
        self.is_lost = False
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._timeout_s = timeout_s
        self._transport: asyncio.Transport | None = None
        self._pending: deque[tuple[float, asyncio.Future[Any] | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._received = bytearray()
        self._wanted = 1

    def ask(self, parts: Sequence[Part]) -> "asyncio.Future[Any]":
        if self.is_lost:
            raise exceptions.ConnectionError("the connection was lost")
        if len(self._pending) >= IN_FLIGHT_MAX:
            raise exceptions.MaxConnectionsError(f"{IN_FLIGHT_MAX} calls are under way")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._leave(parts, future)
        return future

    def tell(self, parts: Sequence[Part]) -> bool:
        if self.is_lost or len(self._pending) >= IN_FLIGHT_MAX:
            return False
        self._leave(parts, None)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class that asyncio knows.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) < self._wanted:
            return
        received, at = bytes(self._received), 0
        self._wanted = 1
        try:
            while at < len(received):
                reply, at = read_reply(received, at)
                self._settle(reply)
        except Incomplete as error:
            self._wanted = error.wanted - at
        except ValueError:
            self.lose(exceptions.ConnectionError("the server speaks another protocol"))
        del self._received[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set_result(None)
        self.lose(exceptions.ConnectionError(f"the server hung up: {exc}" if exc else "the server hung up"))

    def lose(self, error: Exception) -> None:
        """The end of this connection: whoever waits hears of it."""
        self.is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        while self._pending:
            _, future = self._pending.popleft()
            if future is not None and not future.done():
                future.set_exception(error)

    def _leave(self, parts: Sequence[Part], future: "asyncio.Future[Any] | None") -> None:
        assert self._transport is not None
        # At once, each call for itself: to leave together a turn later costs more than the writes it saves.
        self._transport.write(pack(parts))
        self._pending.append((self._loop.time() + self._timeout_s, future))
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._look)

    def _settle(self, reply: Any) -> None:
        if not self._pending:
            raise ValueError("a reply that nobody asked for")
        _, future = self._pending.popleft()
        if future is None or future.done():  # nobody waits, or whoever asked has left
            return
        if isinstance(reply, Exception):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    def _look(self) -> None:
        """Ends the connection when the oldest call has waited too long, for all others stand behind it."""
        self._timer = None
        if not self._pending:
            return
        left_s = self._pending[0][0] - self._loop.time()
        if left_s <= 0:
            self.lose(exceptions.TimeoutError("the server did not answer in time"))
        else:
            self._timer = self._loop.call_later(left_s, self._look)


def pack(parts: Sequence[Part]) -> bytes:
    """A command as it travels. Texts are words and keys, which come again; what comes once is bytes."""
    told = [b"*%d\r\n" % len(parts)]
    for part in parts:
        if isinstance(part, str):
            told.append(_spelt(part))
        else:
            raw = b"%d" % part if isinstance(part, int) else part
            told.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(told)


@lru_cache(maxsize=TEXTS_REMEMBERED_MAX)
def _spelt(text: str) -> bytes:
    raw = text.encode()
    return b"$%d\r\n%b\r\n" % (len(raw), raw)
