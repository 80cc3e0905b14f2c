"""How fast the doors answer, over all workers: what they have counted, less what they had before.

Every worker tells its histograms once a second. Percentiles are made from the sums of the buckets of all
workers, so they are as exact as the buckets are narrow, never averages of percentiles.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

import msgspec

from api.doors import PLACE_ROUTE, PULSE_ROUTE
from api.meter import LATENCY_BUCKETS_S

BOUNDS_MS: Final = tuple(round(bound * 1000) for bound in LATENCY_BUCKETS_S)
CALLS: Final = {
    ("GET", PLACE_ROUTE): "poll",
    ("GET", PULSE_ROUTE): "poll",
    ("POST", "/v1/sales/{sale}/places"): "join",
    ("POST", "/v1/showtimes/{showtime}/holds"): "hold",
    ("POST", "/v1/orders"): "order",
    ("POST", "/v1/orders/{order}/payments"): "pay",
    ("POST", "/v1/payments/{provider}/events"): "pay",
}
"""The calls whose speed a fan feels; together they are nearly all of a release night."""
NAMES: Final = tuple(dict.fromkeys(CALLS.values()))


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a worker has counted since it began: answers per bucket (the last has no bound), and faults.

    `worker` is new with every start, so that a worker that starts again is not taken to count backwards.
    """

    worker: str
    buckets: dict[str, list[int]]
    failures: int


class Latency(msgspec.Struct, frozen=True, array_like=True):
    """Of `count` answers half took at most `p50_ms` and 99 of 100 at most `p99_ms`, as far as buckets say."""

    count: int
    p50_ms: float
    p99_ms: float


class Interval(msgspec.Struct, frozen=True):
    """What happened between two looks. `failures`: answers with a status of 500 or more."""

    calls: dict[str, Latency]
    failures: int
    workers: int


class Since:
    """Remembers the last look, so that the next one has the difference."""

    def __init__(self) -> None:
        self._last: dict[str, Told] | None = None

    def look(self, told: Iterable[Told]) -> Interval:
        """The interval up to now; the first look knows nothing yet."""
        now = {one.worker: one for one in told}
        before, self._last = self._last, now
        if before is None:
            return Interval({}, 0, len(now))
        sums = {name: [0] * (len(BOUNDS_MS) + 1) for name in NAMES}
        failures = 0
        for worker, one in now.items():
            old = before.get(worker, Told(worker, {}, 0))
            failures += one.failures - old.failures
            for name, counts in one.buckets.items():
                earlier = old.buckets.get(name, [0] * len(counts))
                sums[name] = [s + c - e for s, c, e in zip(sums[name], counts, earlier, strict=True)]
        calls = {name: latency(counts) for name, counts in sums.items() if sum(counts)}
        return Interval(calls, failures, len(now))


def latency(counts: list[int]) -> Latency:
    return Latency(sum(counts), percentile_ms(counts, 0.5), percentile_ms(counts, 0.99))


def percentile_ms(counts: list[int], share: float) -> float:
    """The time that `share` of the answers stayed within, straight between the bounds of its bucket.

    counts [0, 4] of bounds (1, 2), share 0.5: the 2nd of 4 answers between 1 and 2 ms -> 1.5 ms.
    Beyond the last bound nothing is known but the bound itself.
    """
    up_to = list(accumulate(counts))
    wanted = share * up_to[-1]
    at = bisect_left(up_to, wanted)
    if at >= len(BOUNDS_MS):
        return float(BOUNDS_MS[-1])
    low = BOUNDS_MS[at - 1] if at else 0
    within = (wanted - (up_to[at - 1] if at else 0)) / counts[at] if counts[at] else 0.0
    return round(low + within * (BOUNDS_MS[at] - low), 2)
