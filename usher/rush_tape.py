"""What the clients of a rush note down while it runs."""

import time
from array import array
from collections import Counter, defaultdict

from usher.rush_facts import Receipt, Refusal, Visit

PROCESS_GONE_MS = 3_000
"""What was found replaced now died at most so long ago."""
STEP_MS = 500
STEP_NOTICED_MS = 3_000
"""A step of the store's clock has reached every process after this."""


class Tape:
    """Append-only notes of one crowd; times in milliseconds of the store's clock.

    `skew_ms` is the store's clock minus ours, measured when the rush begins and followed while it runs.
    """

    def __init__(self, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms
        self.latencies_ms: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.served_ms: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.counts: Counter[str] = Counter()
        self.receipts: list[Receipt] = []
        self.orders: set[str] = set()
        self.refusals: list[Refusal] = []
        self.visits: list[Visit] = []
        self.polls_ms: dict[int, list[int]] = defaultdict(list)
        self.ranks: dict[int, int] = {}
        self._stepped_ms = 0
        self._troubles_ms: list[list[int]] = []

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self.skew_ms

    def follow(self, skew_ms: int) -> None:
        """The store's clock was read again; a step of it is a trouble on both of its sides.

        What began before the step cannot be compared with what ended after it: such visits are not noted.
        """
        before_ms = self.now_ms()
        self.skew_ms, moved_ms = skew_ms, abs(skew_ms - self.skew_ms)
        if moved_ms > STEP_MS:
            self.trouble(min(before_ms, self.now_ms()) - STEP_NOTICED_MS)
            self._stepped_ms = max(before_ms, self.now_ms()) + STEP_NOTICED_MS

    def visit(self, visit: Visit) -> None:
        """A pass that was alive, unless the clock stepped meanwhile."""
        if visit.from_ms > self._stepped_ms:
            self.visits.append(visit)

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
