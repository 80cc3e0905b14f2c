"""How many calls one process answers at a time, and who is turned away when there are more.

A call that waits for a busy process costs it as much as one that is answered, and its fan is gone by then. So
calls beyond the limit are refused at once, with when to ask again. The limit falls while the process has no
idle moment, and grows back when it has: calls that wait for a slow store are no reason to refuse those that
need none. (The lag of the loop says nothing here: its turns are short, the calls wait for many of them.) It
is lower the less is lost by asking again: those who join and look give way to those who choose seats, they to
those who order, and all of them to money that was paid. Health, metrics, the doors of cinemas and the
operators' moves count as that last kind and know only the fixed limit.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from enum import IntEnum
from itertools import cycle
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from api.problems import MEDIA_TYPE, document, row_of
from api.refusals import Crowded

CALLS_MAX: Final = 256
CALLS_MIN: Final = 80
"""However busy: fewer would leave the process without work while the store answers."""
LOOK_S: Final = 0.02
BUSY_MAX: Final = 0.95
IDLE_MIN: Final = 0.15
SCHEDULED: Final = Path("/proc/thread-self/schedstat")
"""Linux tells there, second, for how many nanoseconds this thread was kept from a core by others."""
RETRY_S: Final = (1, 2, 3)
"""Told by turns, so that those who were refused together do not come back together."""


class Rank(IntEnum):
    """Who gives way first."""

    NEW = 0
    CHOOSING = 1
    ORDERING = 2
    PAID = 3


SHARES: Final = {Rank.NEW: 0.6, Rank.CHOOSING: 0.65, Rank.ORDERING: 0.9}
"""Of the limit, what a rank may fill together with all others. A hold that may not be ordered was made for
nothing, so those who order have far more room than those who choose."""
_NAME: Final = "[^/? ]+"
_PAID: Final = (
    f"/v1/(?:payments/|tickets/|orders/{_NAME}/payments|sales/{_NAME}/(?:open|pause|resume|close|capacity))"
    "|/health/|/metrics"
)
_ORDERING: Final = f"/v1/orders|/v1/sales/{_NAME}/pass"
_CHOOSING: Final = f"/v1/holds/|/v1/showtimes/{_NAME}/(?:holds|seats)"


class Refusal(msgspec.Struct, frozen=True):
    """The bytes of an answer, prepared."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body


class Pressure(Collector):
    """The calls in flight in this process, and how many it may have.

    `in_flight`: requests that are all here and not answered yet, those of clients who left among them. Who
    never sends the end of a body takes no place from others.
    """

    def __init__(self, worker: str = "1", calls_max: int = CALLS_MAX, root_path: str = "") -> None:
        self.in_flight = 0
        self.refused = [0] * len(Rank)
        self._worker = worker
        self._calls_max = calls_max
        self._busy_from = min(CALLS_MIN, calls_max) // 2
        self._timer: asyncio.TimerHandle | None = None
        self._set(calls_max)
        self._refusals = cycle([prepared(retry_s) for retry_s in RETRY_S])
        root = re.escape(root_path)
        # An order's payments begin like an order, so the highest rank is looked for first.
        ranks = f"(?:{root})?(?:(?P<PAID>{_PAID})|(?P<ORDERING>{_ORDERING})|(?P<CHOOSING>{_CHOOSING}))"
        self._ranked = re.compile(ranks.encode())

    def _set(self, limit: float) -> None:
        self._limit = min(max(limit, CALLS_MIN), self._calls_max)
        self.limits = (*(max(1, int(self._limit * share)) for share in SHARES.values()), self._calls_max)

    def is_crowded(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether somebody has to be refused; from half of the least limit on, we watch how busy we are."""
        if self.in_flight < self._busy_from:
            return False
        if self._timer is None:
            self._wait(loop)
        return self.in_flight >= self.limits[Rank.NEW]

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(LOOK_S, self._look, loop, time.perf_counter(), wanted_s())

    def _look(self, loop: asyncio.AbstractEventLoop, since_s: float, wanted_before_s: float) -> None:
        self._timer = None
        self.adapt((wanted_s() - wanted_before_s) / (time.perf_counter() - since_s))
        if self._limit < self._calls_max or self.in_flight >= self._busy_from:
            self._wait(loop)

    def adapt(self, busy: float) -> None:
        """Half the calls for a process that they kept busy all the time, a few more for one that was not."""
        if busy > BUSY_MAX:
            self._set(self._limit / 2)
        elif busy < 1 - IDLE_MIN:
            self._set(self._limit * 1.04 + 2)

    def rank(self, path: bytes, start: int = 0) -> Rank:
        """The rank of the call of a path, which begins at `start`."""
        found = self._ranked.match(path, start)
        return Rank.NEW if found is None else Rank[found.lastgroup or "NEW"]

    def refusal(self, rank: Rank) -> Refusal:
        """The answer to one more call than this rank may have; counted."""
        self.refused[rank] += 1
        return next(self._refusals)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        refused = CounterMetricFamily(
            "usher_http_turned_away",
            "Calls refused because too many were in flight.",
            labels=("rank", "worker"),
        )
        for rank in Rank:
            refused.add_metric((rank.name.lower(), self._worker), self.refused[rank])
        yield refused


def wanted_s() -> float:
    """For how long this thread has had a core or waited for one."""
    try:
        kept_ns = int(SCHEDULED.read_bytes().split()[1])
    except (OSError, IndexError):
        kept_ns = 0
    return time.thread_time() + kept_ns / 1e9


def prepared(retry_s: int) -> Refusal:
    """The problem `overloaded` as it goes over the wire."""
    refusal = Crowded()
    body = msgspec.json.encode(document(refusal))
    head = (
        f"HTTP/1.1 {row_of(refusal).status} Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nretry-after: {retry_s}\r\n\r\n"
    )
    return Refusal(head.encode(), body)
