"""Counts, times and logs every request by the template of its route, never by who sent it.

Each worker meters itself and labels what it says with its name: with several workers on one socket a scrape
meets one of them, so sums over `worker` are whole once each has been met. (Prometheus' shared files would
need the environment set before the first import, and leave files of dead workers behind.)
"""

import time
import traceback
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from api.access_log import AccessLog
from api.refusals import OurFault
from api.replies import send_problem

LATENCY_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
BOUNDS: Final = (*map(str, LATENCY_BUCKETS_S), "+Inf")
FAILURE_FROM: Final = 500
TRACE_CHARS_MAX: Final = 8_000
log = structlog.get_logger("usher.api")


class Times(msgspec.Struct):
    """How long answers took: `counts` by the buckets, the last for all that took longer."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_S) + 1))
    sum_s: float = 0.0


class Row(msgspec.Struct):
    """Answers of one route with one status."""

    times: Times
    calls: int = 0


class Tally(Collector):
    """What this worker has counted since it began, in plain numbers until somebody asks."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self.worker = worker
        self._rows: dict[tuple[str, str, int], Row] = {}
        self._times: dict[tuple[str, str], Times] = {}
        registry.register(self)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Adds one call."""
        row = self._rows.get((method, route, status))
        if row is None:
            row = self._rows[method, route, status] = Row(self._times.setdefault((method, route), Times()))
        row.calls += 1
        row.times.sum_s += seconds
        row.times.counts[bisect_left(LATENCY_BUCKETS_S, seconds)] += 1

    @property
    def failures(self) -> int:
        """Answers so far that were our fault or an engine's."""
        return sum(row.calls for (_, _, status), row in self._rows.items() if status >= FAILURE_FROM)

    def answered_within(self, method: str, route: str) -> list[int]:
        """How many calls so far were answered within each bound and, last, at all; empty when none came."""
        times = self._times.get((method, route))
        return [] if times is None else list(accumulate(times.counts))

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        calls = CounterMetricFamily(
            "usher_http_requests", "Requests answered.", labels=("method", "route", "status", "worker")
        )
        for (method, route, status), row in self._rows.items():
            calls.add_metric((method, route, str(status), self.worker), row.calls)
        yield calls
        seconds = HistogramMetricFamily(
            "usher_http_request_seconds",
            "From the request to its last byte.",
            labels=("method", "route", "worker"),
        )
        for (method, route), times in self._times.items():
            within = zip(BOUNDS, accumulate(times.counts), strict=True)
            seconds.add_metric((method, route, self.worker), list(within), times.sum_s)
        yield seconds


class Meter:
    """ASGI middleware around everything but the polls, which are counted and not logged one by one."""

    def __init__(self, app: ASGIApp, tally: Tally, lines: AccessLog) -> None:
        self.app = app
        self._tally = tally
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception as error:
            log.error("fault", trace=trace_of(error))
            if not status:
                await send_problem(OurFault(), note)
        seconds = time.perf_counter() - began
        method, route = str(scope["method"]), str(scope.get("path_template") or "unknown")
        self._tally.count(method, route, status, seconds)
        self._lines.note(method, route, status, seconds)


def trace_of(error: Exception) -> str:
    """Where it happened, without the values of local variables: they may be a fan's."""
    return "".join(traceback.format_exception(error))[-TRACE_CHARS_MAX:]
