"""Latencies over all workers: sums of buckets, differences between looks, restarts and all."""

import pytest

from api.latency import BOUNDS_MS, NAMES, Since, Told, percentile_ms

BUCKETS = len(BOUNDS_MS) + 1


def counts(**at: int) -> list[int]:
    """Answers by bucket: `b3=2` is two answers within the bound number 3."""
    return [at.get(f"b{number}", 0) for number in range(BUCKETS)]


def told(worker: str, failures: int = 0, **at: int) -> Told:
    return Told(worker, {"hold": counts(**at)}, failures)


@pytest.mark.parametrize(
    ("found", "share", "expected_ms"),
    [
        (counts(b0=1), 0.5, 0.5),
        (counts(b1=4), 0.5, 1.5),
        (counts(b0=50, b6=50), 0.5, 1.0),
        (counts(b0=98, b6=2), 0.99, 75.0),
        (counts(b0=99, b6=1), 0.99, 1.0),
        (counts(b12=1), 0.99, 5000.0),
        (counts(b0=1, b12=99), 0.5, 5000.0),
    ],
)
def test_a_percentile_is_as_exact_as_its_bucket(found: list[int], share: float, expected_ms: float) -> None:
    assert percentile_ms(found, share) == expected_ms


def test_workers_are_added_up_before_a_percentile_is_made() -> None:
    since = Since()
    since.look([told("1-a", b0=1000), told("2-b")])
    seen = since.look([told("1-a", b0=1098, failures=1), told("2-b", b6=2, failures=2)])
    assert seen.calls["hold"].count == 100
    assert seen.calls["hold"].p99_ms == 75.0
    assert (seen.failures, seen.workers) == (3, 2)


def test_the_first_look_knows_nothing_and_a_quiet_second_neither() -> None:
    since = Since()
    assert since.look([told("1-a", b0=5)]).calls == {}
    assert since.look([told("1-a", b0=5)]).calls == {}


def test_a_worker_that_starts_again_does_not_count_backwards() -> None:
    since = Since()
    since.look([told("1-a", b0=500, failures=9)])
    seen = since.look([told("1-b", b1=4, failures=1)])
    assert (seen.calls["hold"].count, seen.failures, seen.workers) == (4, 1, 1)


def test_nobody_told_anything() -> None:
    since = Since()
    since.look([])
    assert since.look([]).workers == 0
    assert set(NAMES) == {"poll", "join", "hold", "order", "pay"}
