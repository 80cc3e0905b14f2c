"""Two sides in one run, A-B-B-A, and what to say of them: medians, spread and the ratio.

Each slice is measured twice: by the wall clock, and by the CPU time that the server spent, which stays true
on a machine that others use as well.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import msgspec

Slice = tuple[float, float]
"""Wall and server CPU time of one operation, in microseconds."""


class Side(msgspec.Struct, frozen=True):
    """Microseconds an operation: median, least and most over the slices."""

    wall_us: float
    cpu_us: float
    wall_spread_us: tuple[float, float]
    cpu_spread_us: tuple[float, float]


class Ratio(msgspec.Struct, frozen=True):
    """`ratio` is the speed of side a as a share of side b's, by server CPU time; 1.0 is equal speed."""

    name: str
    ratio: float
    wall_ratio: float
    a: Side
    b: Side


class Meter:
    """The clocks: ours, and the server's CPU time."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def timed(self, work: Callable[[], Any], operations: int) -> tuple[Slice, Any]:
        before, started = self.cpu_s(), time.perf_counter()
        outcome = work()
        wall = time.perf_counter() - started
        return (wall * 1e6 / operations, (self.cpu_s() - before) * 1e6 / operations), outcome

    def cpu_s(self) -> float:
        known = self._client.info("cpu")
        return float(known["used_cpu_user"]) + float(known["used_cpu_sys"])


def abba(name: str, a: Callable[[], Slice], b: Callable[[], Slice], rounds: int) -> Ratio:
    """Runs a, b, b, a for each round and compares."""
    slices: tuple[list[Slice], list[Slice]] = ([], [])
    for _ in range(rounds):
        for side, work in ((0, a), (1, b), (1, b), (0, a)):
            slices[side].append(work())
    first, second = _side(slices[0]), _side(slices[1])
    return Ratio(name, second.cpu_us / first.cpu_us, second.wall_us / first.wall_us, first, second)


def _side(slices: Sequence[Slice]) -> Side:
    wall, cpu = [each[0] for each in slices], [each[1] for each in slices]
    return Side(median(wall), median(cpu), (min(wall), max(wall)), (min(cpu), max(cpu)))
