"""Token buckets: a burst, then a steady pace, with a bounded memory."""

import pytest

from api.buckets import Buckets


@pytest.mark.parametrize(
    ("asks_at_s", "wait_s"),
    [
        ([0.0], 0),
        ([0.0, 0.0, 0.0], 0),
        ([0.0, 0.0, 0.0, 0.0], 1),
        ([0.0, 0.0, 0.0, 0.5], 0),
        ([0.0, 0.0, 0.0, 0.0, 0.0, 0.4], 1),
        ([0.0, 0.0, 0.0, 100.0, 100.0, 100.0], 0),
        ([0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0], 1),
    ],
)
def test_the_last_ask_waits(asks_at_s: list[float], wait_s: int) -> None:
    clock = iter(asks_at_s)
    buckets = Buckets(2.0, 3, 10, lambda: next(clock))
    assert [buckets.take("fan") for _ in asks_at_s][-1] == wait_s


def test_fans_have_buckets_of_their_own() -> None:
    buckets = Buckets(1.0, 1, 10, lambda: 0.0)
    assert [buckets.take("a"), buckets.take("b"), buckets.take("a")] == [0, 0, 1]


def test_the_longest_unseen_are_forgotten() -> None:
    buckets = Buckets(1.0, 1, 2, lambda: 0.0)
    for name in ("a", "b", "c"):
        buckets.take(name)
    assert buckets.take("a") == 0
    assert buckets.take("c") == 1


def test_those_whose_bucket_is_full_again_are_forgotten() -> None:
    now = [0.0]
    buckets = Buckets(2.0, 4, 100, lambda: now[0])
    for fan in range(50):
        buckets.take(f"early {fan}")
    now[0] = 2.0
    for fan in range(50):
        buckets.take(f"late {fan}")
    assert len(buckets) == 50
