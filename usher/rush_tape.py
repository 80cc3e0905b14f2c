"""What the clients of a rush note down while it runs."""

import time
from array import array
from collections import Counter, defaultdict

from usher.rush_facts import Receipt, Refusal, Visit

PROCESS_GONE_MS = 3_000
"""What was found replaced now died at most so long ago."""


class Tape:
    """Append-only notes of one crowd; times in milliseconds of the store's clock.

    `skew_ms` is the store's clock minus ours, measured once when the rush begins.
    """

    def __init__(self, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms
        self.latencies_ms: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.served_ms: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.counts: Counter[str] = Counter()
        self.receipts: list[Receipt] = []
        self.refusals: list[Refusal] = []
        self.visits: list[Visit] = []
        self.polls_ms: dict[int, list[int]] = defaultdict(list)
        self.ranks: dict[int, int] = {}
        self._troubles_ms: list[list[int]] = []

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self.skew_ms

    def trouble(self, from_ms: int) -> None:
        """Some call that began at `from_ms` got no answer, or 503, just now."""
        now_ms = self.now_ms()
        if self._troubles_ms and from_ms <= self._troubles_ms[-1][1] + 1_000:
            last = self._troubles_ms[-1]
            last[0], last[1] = min(last[0], from_ms), max(last[1], now_ms)
        else:
            self._troubles_ms.append([from_ms, now_ms])

    def trouble_now(self) -> None:
        """A process was replaced within the last moments."""
        self.trouble(self.now_ms() - PROCESS_GONE_MS)

    def troubles_ms(self) -> tuple[tuple[int, int], ...]:
        return tuple((from_ms, to_ms) for from_ms, to_ms in self._troubles_ms)


def quantiles_ms(samples: "array[float]") -> dict[str, float]:
    """p50, p90 and p99 by nearest rank, in milliseconds with two decimals."""
    ordered = sorted(samples)
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {f"p{p}": round(ordered[min(last, int(len(ordered) * p / 100))], 2) for p in (50, 90, 99)}
