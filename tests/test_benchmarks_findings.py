"""What is said of measurements: the lesser ratio, marks met or missed, tables, JSON and charts."""

from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from benchmarks import charts, table
from benchmarks.finding import Finding, Mark, reading, share, speeds
from benchmarks.growth import exponent, grown
from benchmarks.measure import abba

US = "us"


@pytest.mark.parametrize(
    ("a", "b", "ratio", "note"),
    [
        # (clock, CPU) in microseconds of each side.
        ((20.0, 10.0), (10.0, 10.0), 0.5, "by the clock"),
        ((20.0, 20.0), (20.0, 10.0), 0.5, "by server CPU"),
        ((10.0, 10.0), (10.0, 10.0), 1.0, "by the clock"),
    ],
)
def test_the_lesser_of_clock_and_cpu(
    a: tuple[float, float], b: tuple[float, float], ratio: float, note: str
) -> None:
    found = speeds("hold", abba("hold", lambda: a, lambda: b, 1), "ours", "theirs", 0.6)
    assert (found.ratio, found.note, found.met) == (ratio, note, ratio >= 0.6)


@pytest.mark.parametrize(
    ("mark", "ratio", "met"),
    [
        (Mark(0.7), 0.7, True),
        (Mark(0.7), 0.69, False),
        (Mark(3.0, at_most=True), 3.0, True),
        (Mark(3.0, at_most=True), 3.1, False),
    ],
)
def test_a_mark(mark: Mark, ratio: float, met: bool) -> None:
    assert mark.met(ratio) is met


def test_the_spread_is_what_the_slices_allow() -> None:
    found = share("orders", reading("a", US, [8, 10, 12]), reading("b", US, [2, 2, 4]))
    assert (found.ratio, found.spread, found.met) == (5.0, (2.0, 6.0), None)


@pytest.mark.parametrize(
    ("points", "slope"),
    [
        ([(10, 2), (1000, 4)], 0.1505),
        ([(10, 3), (100, 3), (1000, 3)], 0.0),
        ([(1, 1), (10, 10), (100, 100)], 1.0),
    ],
)
def test_an_exponent(points: list[tuple[float, float]], slope: float) -> None:
    assert exponent(points) == pytest.approx(slope, abs=1e-3)


def findings() -> list[Finding]:
    met = share("writer", reading("a", US, [9]), reading("b", US, [10]), Mark(0.6))
    missed = share("hold", reading("a", US, [1]), reading("b", US, [10]), Mark(0.35))
    return [met, missed, grown("tick", "fans", [(10, 5), (100, 5)])]


def test_a_missed_mark_is_told_plainly() -> None:
    said = StringIO()
    table.show(findings(), Console(width=140, file=said))
    assert "2 of 3 marks met." in said.getvalue()
    assert "missed: hold" in said.getvalue()


def test_the_json_has_both_sides_and_whether_the_mark_was_met(tmp_path: Path) -> None:
    table.write(findings(), tmp_path / "new" / "bench.json")
    told = msgspec.json.decode((tmp_path / "new" / "bench.json").read_bytes())
    assert [(one["name"], one["met"]) for one in told] == [
        ("writer", True),
        ("hold", False),
        ("growth of a tick with fans", True),
    ]
    assert told[0]["sides"][0] == {"what": "a", "unit": "us", "median": 9, "least": 9, "most": 9}
    assert told[0]["spread"] == [0.9, 0.9]


def test_the_charts_are_drawn(tmp_path: Path) -> None:
    written = charts.write(findings(), tmp_path)
    assert [file.name for file in written] == ["ratios.svg", "growth.svg"]
    for file in written:
        assert file.read_text().startswith("<svg ")
