"""Pace: how fast the line moves, how long that makes the wait, and how often a fan should ask.

The rate is a decayed count: S = sum of exp(-(now - t) / tau) over calls at times t, seen through
T = tau * (1 - exp(-(now - start) / tau)) seconds, joined with a prior of PRIOR_S seconds at the rate that the
capacity alone promises: rate = (S + prior * PRIOR_S) / (T + PRIOR_S), the mean of the gamma posterior of a
Poisson rate. The wait for k calls is then gamma-like with mean k / rate and shape k / (1 + k / n), where n is
the number of calls the rate rests on; its quantiles are Wilson and Hilferty's (PNAS 17, 1931): mean * (1 -
1/9s + z / 3 sqrt s)^3.
"""

import math
from typing import Final, NamedTuple

from waiting_room.answers import WaitS

TAU_S: Final = 60.0
PRIOR_S: Final = 10.0
Z_90: Final = 1.2816
NEAR_POLL_S: Final = 2.0
POLLS_PER_WAIT: Final = 8
POLLS_PER_PRESENCE: Final = 3
JITTERS: Final = 8
WAIT_S_MAX: Final = 24 * 3600


class DecayedCount:
    """Events of about the last minute, the newest weighing most; the same on every worker that sees the same
    log."""

    def __init__(self) -> None:
        self.start_ms: int | None = None
        self._sum = 0.0
        self._last_ms = 0

    def add(self, count: int, at_ms: int) -> None:
        if self.start_ms is None:
            self.start_ms = self._last_ms = at_ms
        self._sum = self.sum(at_ms) + count
        self._last_ms = max(at_ms, self._last_ms)

    def sum(self, now_ms: int) -> float:
        return self._sum * math.exp(-max(0, now_ms - self._last_ms) / 1000 / TAU_S)

    def seconds(self, now_ms: int) -> float:
        """How many seconds of full weight the sum stands for; 0 before the first event."""
        if self.start_ms is None:
            return 0.0
        return TAU_S * (1 - math.exp(-max(0, now_ms - self.start_ms) / 1000 / TAU_S))

    def per_min(self, now_ms: int) -> float:
        seconds = self.seconds(now_ms)
        return 60 * self.sum(now_ms) / max(seconds, PRIOR_S) if seconds else 0.0


class Rate:
    """Ranks called per second, and the `calls` that this figure rests on."""

    def __init__(self, seen: DecayedCount, now_ms: int, capacity: int, shopping_ms: int) -> None:
        prior = max(capacity, 1) / (shopping_ms / 1000)
        self.calls = seen.sum(now_ms) + prior * PRIOR_S
        self.per_s = self.calls / (seen.seconds(now_ms) + PRIOR_S)


def wait_s(ahead: int, rate: Rate) -> WaitS:
    """The wait until `ahead` ranks and one's own are called, in whole seconds.

    Example: 99 ahead at 1 call a second, resting on 300 calls: s = 75, p50 = 100 s, p90 = 116 s.
    """
    k = ahead + 1
    shape = k / (1 + k / rate.calls)
    mean = k / rate.per_s

    def quantile(z: float) -> int:
        factor = max(0.0, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3
        return min(WAIT_S_MAX, math.ceil(mean * factor))

    return WaitS(quantile(0.0), quantile(Z_90))


def jitter(entry: int) -> int:
    """0..JITTERS-1, evenly spread over entries (Knuth's multiplicative hash, top bits)."""
    return (entry * 2654435761 & 0xFFFF_FFFF) >> 29


def poll_in_s(expected_s: float | None, presence_ms: int, load: float, spread: int) -> float:
    """When to ask again: often near the front, up to a third of the presence time far back.

    `load` 1.0 is all a worker should carry: above it everybody is asked to come less often, but never so
    seldom that the fan would count as absent. `spread` (a jitter) shortens by 0 to 35 %.
    """
    far_s = presence_ms / 1000 / POLLS_PER_PRESENCE
    wanted_s = far_s if expected_s is None else max(NEAR_POLL_S, expected_s / POLLS_PER_WAIT)
    return _shortened(min(far_s, wanted_s * max(1.0, load)), spread)


class FirstPoll(NamedTuple):
    """When to ask first, before the entry is known: in `seldom_s`, or sooner for an open that comes."""

    seldom_s: float
    soon_s: float

    def of(self, entry: int) -> float:
        """As seldom as presence allows, but one poll soon after the open, spread over a few seconds."""
        spread = jitter(entry)
        seldom_s, soon_s = _shortened(self.seldom_s, spread), round(self.soon_s + spread / 2, 1)
        return soon_s if self.soon_s and 1 <= soon_s < seldom_s else seldom_s


def _shortened(poll_s: float, spread: int) -> float:
    return round(poll_s * (1 - 0.4 * spread / JITTERS), 1)
