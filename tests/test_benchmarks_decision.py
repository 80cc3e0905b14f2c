"""The benchmarks still run: one tiny slice of each side, outcomes asserted by the benchmark itself."""

from collections.abc import Iterator

import pytest

from benchmarks.decision import Bench, Case, running, told
from benchmarks.measure import abba


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running() as opened:
        yield opened


@pytest.mark.parametrize(
    "case",
    [
        Case(seats=200, batch=4, calls=2),
        Case(seats=200, batch=1, calls=3, warm=1),
        Case(seats=2_000, batch=2, calls=2, pairs=8),
    ],
)
def test_a_slice_of_holds(bench: Bench, case: Case) -> None:
    wall_us, cpu_us = bench.holds(case)
    assert wall_us > 0
    assert cpu_us > 0


def test_both_sides_and_what_is_said_of_them(bench: Bench) -> None:
    case = Case(seats=200, batch=4, calls=1)
    ratio = abba("decision", lambda: bench.holds(case), lambda: bench.empty(64), rounds=1)
    assert ratio.ratio > 0
    assert "by server CPU" in told(ratio)
