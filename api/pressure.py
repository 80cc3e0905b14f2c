"""How many calls one process answers at a time, and who is turned away when there are more.

A call that waits for a busy process costs it as much as one that is answered, and its fan is gone by then. So
calls beyond the limit are refused at once, with when to ask again. The limit is lower the less is lost by
asking again: those who join and look give way to those who choose seats, they to those who order, and all of
them to money that was paid. Health, metrics and the operators' moves count as that last kind.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import cycle
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from api.problems import MEDIA_TYPE, document, row_of
from api.refusals import Crowded

CALLS_MAX: Final = 128
RETRY_S: Final = (1, 2, 3)
"""Told by turns, so that those who were refused together do not come back together."""


class Rank(IntEnum):
    """Who gives way first."""

    NEW = 0
    CHOOSING = 1
    ORDERING = 2
    PAID = 3


SHARES: Final = {Rank.NEW: 0.5, Rank.CHOOSING: 0.625, Rank.ORDERING: 0.75, Rank.PAID: 1.0}
"""Of the limit, what a rank may fill together with all others."""
_NAME: Final = "[^/? ]+"
_PAID: Final = (
    f"/v1/(?:payments/|orders/{_NAME}/payments|sales/{_NAME}/(?:open|pause|resume|close|capacity))"
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
    """The calls in flight in this process. `unread`: of its tasks, those whose request is not all here yet.

    Those are not counted: a client that never sends its body must not take a place from others.
    """

    def __init__(self, worker: str = "1", calls_max: int = CALLS_MAX, root_path: str = "") -> None:
        self.unread = 0
        self.refused = [0] * len(Rank)
        self.limits = tuple(max(1, int(calls_max * SHARES[rank])) for rank in Rank)
        self.least = self.limits[Rank.NEW]
        self._worker = worker
        self._refusals = cycle([prepared(retry_s) for retry_s in RETRY_S])
        root = re.escape(root_path)
        # An order's payments begin like an order, so the highest rank is looked for first.
        ranks = f"(?:{root})?(?:(?P<PAID>{_PAID})|(?P<ORDERING>{_ORDERING})|(?P<CHOOSING>{_CHOOSING}))"
        self._ranked = re.compile(ranks.encode())

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


def prepared(retry_s: int) -> Refusal:
    """The problem `overloaded` as it goes over the wire."""
    refusal = Crowded()
    body = msgspec.json.encode(document(refusal))
    head = (
        f"HTTP/1.1 {row_of(refusal).status} Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nretry-after: {retry_s}\r\n\r\n"
    )
    return Refusal(head.encode(), body)
