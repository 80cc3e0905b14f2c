"""The pace of the line, the waits it makes, and how often fans are told to ask."""

import pytest

from waiting_room.answers import WaitS
from waiting_room.pace import JITTERS, DecayedCount, Rate, jitter, poll_in_s, wait_s

MINUTE_MS = 60_000


def steady(per_s: int, seconds: int) -> DecayedCount:
    count = DecayedCount()
    for second in range(seconds + 1):
        count.add(per_s, second * 1000)
    return count


@pytest.mark.parametrize(
    ("count", "now_ms", "per_min"),
    [
        (DecayedCount(), 0, 0),
        (steady(2, 600), 600_000, 120),
        (steady(2, 60), 60_000, 120),
        (steady(2, 60), 60_000 + 10 * MINUTE_MS, 0),
    ],
    ids=["nothing yet", "ten minutes", "one minute: not held low by its short past", "long ago"],
)
def test_per_min(count: DecayedCount, now_ms: int, per_min: float) -> None:
    assert count.per_min(now_ms) == pytest.approx(per_min, abs=3)


@pytest.mark.parametrize(
    ("seen", "now_ms", "capacity", "per_s"),
    [
        (DecayedCount(), 0, 600, 10.0),
        (steady(2, 600), 600_000, 600, 3.1),
        (steady(2, 600), 600_000, 120, 2.0),
    ],
    ids=["only the prior: 600 stays of a minute", "two a second seen, ten promised", "seen as promised"],
)
def test_rate(seen: DecayedCount, now_ms: int, capacity: int, per_s: float) -> None:
    assert Rate(seen, now_ms, capacity, MINUTE_MS).per_s == pytest.approx(per_s, rel=0.05)


def rate(per_s: float, calls: float) -> Rate:
    made = Rate(DecayedCount(), 0, 1, 1000)
    made.per_s, made.calls = per_s, calls
    return made


@pytest.mark.parametrize(
    ("ahead", "at", "wait"),
    [
        (0, rate(1, 300), WaitS(1, 3)),
        (99, rate(1, 300), WaitS(100, 116)),
        (99, rate(10, 300), WaitS(10, 12)),
        (9_999, rate(10, 300), WaitS(999, 1076)),
        (9_999, rate(10, 30), WaitS(989, 1241)),
        (9_999_999, rate(0.01, 30), WaitS(86_400, 86_400)),
    ],
    ids=[
        "next",
        "the worked example",
        "faster",
        "far: p90 by the rate's doubt",
        "doubtful rate",
        "bounded by a day",
    ],
)
def test_wait(ahead: int, at: Rate, wait: WaitS) -> None:
    assert wait_s(ahead, at) == wait


@pytest.mark.parametrize("ahead", [0, 1, 10, 100, 10_000])
def test_waits_grow_with_the_line(ahead: int) -> None:
    near, far = wait_s(ahead, rate(1, 50)), wait_s(ahead + 1, rate(1, 50))
    assert near.p50 <= near.p90
    assert (near.p50, near.p90) <= (far.p50, far.p90)


@pytest.mark.parametrize(
    ("expected_s", "load", "spread", "poll_s"),
    [
        (0, 0.0, 0, 2.0),
        (0, 0.0, JITTERS - 1, 1.3),
        (15, 0.0, 0, 2.0),
        (40, 0.0, 0, 5.0),
        (40, 1.5, 0, 7.5),
        (40, 9.0, 0, 10.0),
        (4000, 0.0, 0, 10.0),
        (None, 0.0, 0, 10.0),
        (None, 5.0, JITTERS - 1, 6.5),
    ],
)
def test_poll(expected_s: float | None, load: float, spread: int, poll_s: float) -> None:
    assert poll_in_s(expected_s, 30_000, load, spread) == poll_s


def test_jitter_spreads_neighbours() -> None:
    spread = [jitter(entry) for entry in range(8000)]
    assert {spread.count(step) for step in range(JITTERS)} <= set(range(990, 1011))
