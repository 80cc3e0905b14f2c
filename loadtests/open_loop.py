"""An open loop: calls leave when they were meant to, however slow the answers, and are timed from then.

A closed loop waits for an answer before it asks again, so a stall hides the calls that would have come
meanwhile. Here arrivals have times of their own, as fans do; a call that finds all connections taken waits,
and its wait counts. One thread, one epoll, many kept connections.
"""

import gc
import random
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import msgspec

from benchmarks.crowd import RECEIVE_BYTES, is_whole, status_of

LINES: Final = 256
WAITING_MAX: Final = 20_000
"""Calls that found no free connection; beyond it they are given up and counted as unsent."""
TURN_S: Final = 0.0005
"""What is due and what has come is seen to so often. To wake for each call alone would take the core that the
servers need; latencies may be told half a millisecond too long."""
SILENCE_S_MAX: Final = 10.0
"""How long answers are waited for after the last arrival."""
REFUSED: Final = (429, 503)
REFUSALS_MAX: Final = 16
"""So many are remembered word for word, and need not be read again: five times the peak is mostly these."""


class Call(msgspec.Struct, gc=False):
    """One call to be made. `story`: what its player needs to know when it is answered."""

    kind: str
    request: bytes
    story: Any = None
    due_s: float = 0.0


class Player(Protocol):
    """Says what the next arrival asks, and what follows an answer; None ends that visit."""

    def arrive(self) -> Call: ...

    def follow(self, call: Call, reply: bytes) -> Call | None: ...


class Heard(msgspec.Struct, frozen=True):
    """What became of the calls of one kind; latencies in seconds, from the intended moment."""

    served: list[float] = msgspec.field(default_factory=list)
    refused: list[float] = msgspec.field(default_factory=list)


class Run(msgspec.Struct):
    """One load: `wrong` counts answers that were neither good nor a refusal that says when to ask again."""

    rate: float
    seconds: float
    kinds: dict[str, Heard] = msgspec.field(default_factory=dict)
    wrong: Counter[str] = msgspec.field(default_factory=Counter)
    lags: list[float] = msgspec.field(default_factory=list)
    """How late each call left: our own slowness, or no free connection."""
    unsent: int = 0
    arrivals: int = 0

    def kind(self, call: Call) -> Heard:
        """What became of the calls of its kind so far; more is added there."""
        return self.kinds.get(call.kind) or self.kinds.setdefault(call.kind, Heard())

    def served_per_s(self, kind: str) -> float:
        heard = self.kinds.get(kind)
        return len(heard.served) / self.seconds if heard else 0.0

    def __add__(self, other: "Run") -> "Run":
        """Both loads as one longer one."""
        kinds = {
            kind: Heard(*([*getattr(one, of), *getattr(two, of)] for of in ("served", "refused")))
            for kind in self.kinds | other.kinds
            for one, two in [(self.kinds.get(kind, Heard()), other.kinds.get(kind, Heard()))]
        }
        return Run(
            rate=self.rate,
            seconds=self.seconds + other.seconds,
            kinds=kinds,
            wrong=self.wrong + other.wrong,
            lags=self.lags + other.lags,
            unsent=self.unsent + other.unsent,
            arrivals=self.arrivals + other.arrivals,
        )

    def latencies(self, of: str = "served") -> list[float]:
        return sorted(value for heard in self.kinds.values() for value in getattr(heard, of))


def percentile(ordered: list[float], share: float) -> float:
    """The value that this share of a sorted list does not exceed; 0.0 for none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def arrivals(player: Player, rate: float, seconds: float, seed: int) -> Iterator[Call]:
    """Calls of independent fans, due so many seconds after the start; made before it, for that costs time."""
    dice = random.Random(seed)  # noqa: S311 - when fans come is no secret
    due_s = dice.expovariate(rate)
    while due_s < seconds:
        call = player.arrive()
        call.due_s = due_s
        yield call
        due_s += dice.expovariate(rate)


class OpenLoop:
    """Connections to one port, kept over several runs."""

    def __init__(self, port: int, lines: int = LINES) -> None:
        self._port = port
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._pending: dict[int, tuple[Call, bytes]] = {}
        self._free: list[int] = []
        self._refusals: set[bytes] = set()
        for _ in range(lines):
            self._connect()

    def _connect(self) -> None:
        one = socket.create_connection(("127.0.0.1", self._port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[one.fileno()] = one
        self._poll.register(one.fileno(), select.EPOLLIN)
        self._free.append(one.fileno())

    def _connect_anew(self, fd: int) -> None:
        """For a connection that nobody used for so long that the server closed it."""
        self._free.remove(fd)
        self._poll.unregister(fd)
        self._sockets.pop(fd).close()
        self._connect()

    def close(self) -> None:
        for one in self._sockets.values():
            one.close()
        self._poll.close()

    def run(self, player: Player, rate: float, seconds: float, seed: int = 1) -> Run:
        """So many arrivals a second for so long; returns when all is answered."""
        arriving = deque(arrivals(player, rate, seconds, seed))
        found = Run(rate, seconds, arrivals=len(arriving))
        with _no_garbage():
            began_s = time.perf_counter()
            for call in arriving:
                call.due_s += began_s
            self._run(player, found, arriving, began_s + seconds)
        return found

    def _run(self, player: Player, found: Run, arriving: deque[Call], ends_s: float) -> None:
        clock, waiting = time.perf_counter, deque[Call]()
        while arriving or waiting or self._pending:
            now = clock()
            while arriving and arriving[0].due_s <= now:
                waiting.append(arriving.popleft())
            while len(waiting) > WAITING_MAX:
                waiting.pop()
                found.unsent += 1
            while waiting and self._free:
                self._send(waiting.popleft(), found)
            assert now < ends_s + SILENCE_S_MAX, f"{len(self._pending)} calls were not answered"
            self._hear(player, found, waiting)
            time.sleep(max(0.0, now + TURN_S - clock()))

    def _send(self, call: Call, found: Run) -> None:
        fd = self._free.pop()
        self._pending[fd] = (call, b"")
        found.lags.append(time.perf_counter() - call.due_s)
        self._sockets[fd].sendall(call.request)

    def _hear(self, player: Player, found: Run, waiting: deque[Call]) -> None:
        for fd, _ in self._poll.poll(0):
            if fd not in self._pending:
                self._connect_anew(fd)
                continue
            call, had = self._pending[fd]
            received = self._sockets[fd].recv(RECEIVE_BYTES)
            assert received, "the server hung up"
            reply = had + received
            known = reply in self._refusals
            if not known and not is_whole(reply):
                self._pending[fd] = (call, reply)
                continue
            del self._pending[fd]
            self._free.append(fd)
            now = time.perf_counter()
            if known:
                found.kind(call).refused.append(now - call.due_s)
            elif (
                self._note(found, call, reply, now) and (following := player.follow(call, reply)) is not None
            ):
                following.due_s = now
                waiting.appendleft(following)

    def _note(self, found: Run, call: Call, reply: bytes, now: float) -> bool:
        """Whether the answer was a good one."""
        status, heard = status_of(reply), found.kind(call)
        if status < 300:
            heard.served.append(now - call.due_s)
            return True
        if status in REFUSED and b"/problems/overloaded" in reply and b"\r\nretry-after: " in reply:
            heard.refused.append(now - call.due_s)
            if len(self._refusals) < REFUSALS_MAX:
                self._refusals.add(reply)
        else:
            found.wrong[f"{call.kind}: {reply[9:13].decode()}{reply[-160:].decode(errors='replace')}"] += 1
        return False


@contextmanager
def _no_garbage() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
