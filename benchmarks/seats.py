"""The seat decision against an empty call, and in a nearly full hall against an empty one; see `decision`."""

from benchmarks.cores import cores, pin
from benchmarks.decision import Bench, Case, decision_ratios, fullness, running
from benchmarks.finding import Finding, Mark, Reading, share, speeds
from benchmarks.measure import Ratio, abba


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    with running() as bench:
        if quick:
            return [_against_empty(_small(bench), 0.7)]
        many, single = decision_ratios(bench, 4)
        return [_against_empty(many, 0.7), _against_empty(single, None), _full(fullness(bench, 1))]


def _small(bench: Bench) -> Ratio:
    case = Case(seats=200, batch=4, calls=2)
    return abba("decision, 4 a call", lambda: bench.holds(case), lambda: bench.empty(256), 1)


def _against_empty(ratio: Ratio, mark: float | None) -> Finding:
    return speeds(f"{ratio.name} / empty FCALL", ratio, "decision", "empty FCALL", mark)


def _full(ratio: Ratio) -> Finding:
    """Costs, so the nearly full hall stands above."""
    full = Reading("decision, 99 % full, server CPU", "us", ratio.a.cpu_us, *ratio.a.cpu_spread_us)
    empty = Reading("decision, empty hall, server CPU", "us", ratio.b.cpu_us, *ratio.b.cpu_spread_us)
    return share("decision cost, 99 % full / empty", full, empty, Mark(3.0, at_most=True), "by server CPU")
