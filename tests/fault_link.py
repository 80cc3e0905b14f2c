"""A hop on this machine that everything to one server passes: it can be aimed, cut, muted, slowed and held.

    processes of Usher --- link --- Valkey          processes of Usher --- link --- Postgres
    fans --- link --- doors

On a Unix socket the kernel tells which process has connected, so a fault can wait for the very call of the
very process that it is meant for.
"""

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final, Literal, cast

import msgspec

from tests.fault_talk import Call, Talk, Told

NOBODY: Final = 0
Moment = Literal["question", "answer"]
Hear = Callable[[Call, bytes], bytes]
"""Sees every whole answer that ends a call, and returns what is to be passed on for it."""


class Aim(msgspec.Struct):
    """`fire` is called once: just after a fitting call went to the server, or with its answer in our hands.

    An answer at which was fired is not passed on: its asker sees a closed connection.
    """

    fits: Callable[[Call], bool]
    at: Moment
    fire: Callable[[Call], None]


class Link:
    """`upstream`: path of a Unix socket, or a port of this machine."""

    def __init__(self, upstream: str | int, talk: Callable[[int], Talk], hear: Hear | None = None) -> None:
        self.upstream = upstream
        self.talk = talk
        self.hear = hear
        self.aim: Aim | None = None
        self.open: set[Call] = set()
        self.answered: Counter[tuple[int, str]] = Counter()
        self.shut = self.mute = self.paused = False
        self.delay_s = 0.0
        self.withheld: list[Call] = []
        self._pairs: set[Pair] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, place: str | int) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(place, str):
            self._server = await loop.create_unix_server(lambda: Near(self), place)
        else:
            self._server = await loop.create_server(lambda: Near(self), "127.0.0.1", place)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Closes every connection at once; what was asked stays unanswered."""
        for pair in tuple(self._pairs):
            pair.abort()

    def pause(self) -> None:
        """From here on questions wait before the server."""
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        for pair in tuple(self._pairs):
            pair.push()

    def changing(self, pids: Iterable[int] | None = None) -> list[Call]:
        """Calls that change something and are with the server now."""
        wanted = None if pids is None else frozenset(pids)
        return [call for call in self.open if call.changes and (wanted is None or call.pid in wanted)]

    def join(self, pair: "Pair") -> None:
        self._pairs.add(pair)

    def leave(self, pair: "Pair") -> None:
        self._pairs.discard(pair)

    def is_hit(self, call: Call, at: Moment) -> bool:
        """Fires if this is what was waited for."""
        aim = self.aim
        if aim is None or aim.at != at or not aim.fits(call):
            return False
        self.aim = None
        if at == "answer":
            self.withheld.append(call)
        aim.fire(call)
        return True


class Pair:
    """A client's connection and ours to the server."""

    def __init__(self, link: Link, near: asyncio.Transport, pid: int) -> None:
        self.link = link
        self.near = near
        self.far: asyncio.Transport | None = None
        self._talk = link.talk(pid)
        self._waiting: list[bytes] = []
        self._calls: set[Call] = set()
        self._late: deque[bytes] = deque()
        self._task = asyncio.get_running_loop().create_task(self._connect())
        link.join(self)

    async def _connect(self) -> None:
        loop, upstream = asyncio.get_running_loop(), self.link.upstream
        try:
            if isinstance(upstream, str):
                made, _ = await loop.create_unix_connection(lambda: Far(self), upstream)
            else:
                made, _ = await loop.create_connection(lambda: Far(self), "127.0.0.1", upstream)
        except OSError:
            self.abort()
            return
        self.far = made
        if self.near.is_closing():
            self.abort()
        self.push()

    def ask(self, data: bytes) -> None:
        self._waiting.append(data)
        self.push()

    def push(self) -> None:
        """Passes on what waits, unless the link is paused or the server not reached yet."""
        while self._waiting and self.far is not None and not self.link.paused:
            data = self._waiting.pop(0)
            calls = self._talk.asked(data)
            self.far.write(data)
            self._calls.update(calls)
            self.link.open.update(calls)
            for call in calls:
                self.link.is_hit(call, "question")

    def tell(self, data: bytes) -> None:
        for piece in self._talk.told(data):
            if not self._pass_on(piece):
                return

    def _pass_on(self, piece: Told) -> bool:
        """False when the answer was withheld and the connection with it."""
        link, call, content = self.link, piece.call, piece.content
        if call is not None:
            self._calls.discard(call)
            link.open.discard(call)
            if link.hear is not None:
                content = link.hear(call, content)
            if link.mute and call.changes:
                link.withheld.append(call)
            if link.is_hit(call, "answer"):
                self.abort()
                return False
            if not link.mute and not content.startswith(b"-"):
                link.answered[call.pid, call.verb] += 1
        if link.mute or self.near.is_closing():
            return True
        if link.delay_s:
            self._late.append(content)
            asyncio.get_running_loop().call_later(link.delay_s, self._tell_late)
        elif self._late:
            self._late.append(content)
        else:
            self.near.write(content)
        return True

    def _tell_late(self) -> None:
        if self._late and not self.near.is_closing():
            self.near.write(self._late.popleft())

    def abort(self) -> None:
        self.link.leave(self)
        self.link.open -= self._calls
        self._calls.clear()
        self.near.abort()
        if self.far is not None:
            self.far.abort()


class Near(asyncio.Protocol):
    """The client's side."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pair: Pair | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        near = cast("asyncio.Transport", transport)
        if self._link.shut:
            near.abort()
            return
        self._pair = Pair(self._link, near, _pid_of(near))

    def data_received(self, data: bytes) -> None:
        if self._pair is not None:
            self._pair.ask(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._pair is not None:
            self._pair.abort()


class Far(asyncio.Protocol):
    """The server's side."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def data_received(self, data: bytes) -> None:
        self._pair.tell(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pair.abort()


def _pid_of(near: asyncio.Transport) -> int:
    """Who has connected; 0 where the connection does not say so."""
    made: socket.socket = near.get_extra_info("socket")
    if made.family != socket.AF_UNIX:
        return NOBODY
    pid, _, _ = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)
