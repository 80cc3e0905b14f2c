"""What a benchmark found: a ratio or a figure, both sides with their spread, and the mark it was to reach."""

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.measure import Ratio


class Reading(msgspec.Struct, frozen=True):
    """One side: median, least and most over its slices."""

    what: str
    unit: str
    median: float
    least: float
    most: float


class Mark(msgspec.Struct, frozen=True):
    """What `ratio` should be: at least or, for costs, at most."""

    value: float
    at_most: bool = False

    def met(self, ratio: float) -> bool:
        return ratio <= self.value if self.at_most else ratio >= self.value

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.value:g}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`spread`: least and most that the slices allow for `ratio`. `unit`: of `ratio`, empty for none."""

    name: str
    ratio: float
    sides: tuple[Reading, ...]
    spread: tuple[float, float]
    mark: Mark | None = None
    unit: str = ""
    note: str = ""
    points: tuple[tuple[float, float], ...] = ()
    """(size, cost) of a growth."""

    @property
    def met(self) -> bool | None:
        return None if self.mark is None else self.mark.met(self.ratio)


def reading(what: str, unit: str, values: Sequence[float]) -> Reading:
    return Reading(what, unit, median(values), min(values), max(values))


def speeds(name: str, ratio: Ratio, a: str, b: str, mark: float | None = None) -> Finding:
    """Side a's speed as a share of side b's: the lesser of what the clock and the server's CPU time say.

    The clock alone would flatter us when the client is too slow for side b; CPU time alone would leave out
    what side a waits for.
    """
    by_clock = ratio.wall_ratio <= ratio.ratio
    sides = [
        Reading(f"{what}, {how}", "us", *values)
        for what, side in ((a, ratio.a), (b, ratio.b))
        for how, values in (
            ("clock", (side.wall_us, *side.wall_spread_us)),
            ("server CPU", (side.cpu_us, *side.cpu_spread_us)),
        )
    ]
    first, second = (sides[0], sides[2]) if by_clock else (sides[1], sides[3])
    return Finding(
        name=name,
        ratio=min(ratio.wall_ratio, ratio.ratio),
        sides=tuple(sides),
        spread=_spread(second, first),
        mark=None if mark is None else Mark(mark),
        note="by the clock" if by_clock else "by server CPU",
    )


def share(name: str, a: Reading, b: Reading, mark: Mark | None = None, note: str = "") -> Finding:
    """a / b of two readings, whatever they count."""
    return Finding(
        name=name, ratio=a.median / b.median, sides=(a, b), spread=_spread(a, b), mark=mark, note=note
    )


def _spread(above: Reading, below: Reading) -> tuple[float, float]:
    return above.least / max(below.most, 1e-9), above.most / max(below.least, 1e-9)
