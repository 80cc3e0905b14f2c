"""Token buckets: how often one fan may ask for seats, kept by each worker for the fans it has seen lately."""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

FORGOTTEN_AT_ONCE: Final = 2
"""More than come in, so that a crowd that is gone is forgotten while others come."""


class Buckets:
    """At most `burst` asks at once and `per_s` for longer; remembers `remembered_max` names.

    A bucket that must be full again is as good as a new one and forgotten.
    """

    def __init__(self, per_s: float, burst: int, remembered_max: int, seconds: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._remembered_max = remembered_max
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str) -> int:
        """0 when the ask may go on, otherwise the whole seconds to wait."""
        now = self._seconds()
        level, since = self._buckets.pop(name, (float(self._burst), now))
        level = min(self._burst, level + (now - since) * self._per_s)
        if level >= 1:
            self._keep(name, level - 1, now)
            return 0
        self._keep(name, level, now)
        return max(1, math.ceil((1 - level) / self._per_s))

    def give_back(self, name: str) -> None:
        """The latest ask was none: its answer was given before."""
        if (known := self._buckets.get(name)) is not None:
            level, since = known
            self._buckets[name] = (min(self._burst, level + 1), since)

    def _keep(self, name: str, level: float, now: float) -> None:
        self._buckets[name] = (level, now)
        full_since = now - self._burst / self._per_s
        for _ in range(FORGOTTEN_AT_ONCE):
            oldest, (_, since) = next(iter(self._buckets.items()))
            if since > full_since and len(self._buckets) <= self._remembered_max:
                break
            del self._buckets[oldest]
