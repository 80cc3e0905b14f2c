"""Counts, times and logs every request by the template of its route, never by who sent it.

Each worker meters itself and labels what it says with its name: with several workers on one socket a scrape
meets one of them, so sums over `worker` are whole once each has been met. (Prometheus' shared files would
need the environment set before the first import, and leave files of dead workers behind.)
"""

import time
import traceback
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

from api.refusals import OurFault
from api.replies import send_problem

LATENCY_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
FAILURE_FROM: Final = "500"
"""As text: a status has three digits."""
TRACE_CHARS_MAX: Final = 8_000
log = structlog.get_logger("usher.api")


class Tally:
    """What this worker has counted since it began."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self.worker = worker
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        labels = ("method", "route", "status", "worker")
        self.calls = Counter("usher_http_requests", "Requests answered.", labels, registry=registry)
        self.seconds = Histogram(
            "usher_http_request_seconds",
            "From the request to its last byte.",
            ("method", "route", "worker"),
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Adds one call; the children of the metrics are looked up once per route and status."""
        children = self._children.get((method, route, status))
        if children is None:
            counter = self.calls.labels(method, route, str(status), self.worker)
            children = (counter, self.seconds.labels(method, route, self.worker))
            self._children[method, route, status] = children
        children[0].inc()
        children[1].observe(seconds)

    @property
    def failures(self) -> int:
        """Answers so far that were our fault or an engine's."""
        found = (sample for metric in self.calls.collect() for sample in metric.samples)
        return sum(
            int(sample.value)
            for sample in found
            if sample.name.endswith("_total") and sample.labels["status"] >= FAILURE_FROM
        )

    def answered_within(self, method: str, route: str) -> list[int]:
        """How many calls so far were answered within each bound and, last, at all; empty when none came."""
        found = (sample for metric in self.seconds.collect() for sample in metric.samples)
        return [
            int(sample.value)
            for sample in found
            if sample.name.endswith("_bucket")
            and (sample.labels["method"], sample.labels["route"]) == (method, route)
        ]


class Meter:
    """ASGI middleware around everything but the polls, which are counted and not logged one by one."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self.app = app
        self._tally = tally

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
        self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: HTTPScope, status: int, seconds: float) -> None:
        method, route = str(scope["method"]), str(scope.get("path_template") or "unknown")
        self._tally.count(method, route, status, seconds)
        log.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            worker=self._tally.worker,
        )


def trace_of(error: Exception) -> str:
    """Where it happened, without the values of local variables: they may be a fan's."""
    return "".join(traceback.format_exception(error))[-TRACE_CHARS_MAX:]
