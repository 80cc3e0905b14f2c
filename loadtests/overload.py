"""`python -m loadtests.overload`: the peak of one API process, and what five times as much does to it.

An API process has a core of its own; the sender shares the other with Valkey, Postgres and the writer, as in
`make bench`. All loads are open loops with arrivals at random moments, timed from when they were to leave.

Goodput is counted in work. Who is inside goes before who comes, so an overloaded door serves another mix than
a calm one: fewer looks at places, more orders. Each served call therefore weighs what its kind costs the door
when it is alone, and the purchases done are told beside it.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from benchmarks.cores import client_core, go_first, server_core
from benchmarks.stack import running
from loadtests.mix import SHARES, Mix
from loadtests.open_loop import LINES, OpenLoop, Run, percentile

FIRST_PER_S: Final = 500.0
STEP: Final = 1.25
GROWS: Final = 1.1
"""A quarter more arrivals that bring less than a tenth more answers are past the peak."""
STEPS_MAX: Final = 14
CALM: Final = 0.7
TIMES: Final = 5.0
GOODPUT_MIN: Final = 0.9
P99_TIMES_MAX: Final = 3.0
AT_ONCE_MS: Final = 100.0
"""Half of the refusals come within this: what a person calls at once, with the sender's own queue in it."""
ALONE: Final = {"check": 1_000.0, "join": 400.0, "hold": 150.0}
"""Arrivals a second at which a kind's cost is measured."""
Costs = Mapping[str, float]


class Verdict(msgspec.Struct, frozen=True):
    """One limit: what was found, and whether it was kept."""

    name: str
    found: float
    limit: str
    kept: bool


class Overload:
    """The measured runs; `costs` in microseconds of the door's CPU time a call."""

    def __init__(self, loop: OpenLoop, mix: Mix, pid: int, seconds: float) -> None:
        self._loop = loop
        self._mix = mix
        self._pid = pid
        self._seconds = seconds
        self.wrong: Counter[str] = Counter()
        self.costs: Costs = {}

    def weigh(self) -> None:
        """Each kind alone; a purchase is measured whole, a third for each of its calls."""
        costs: dict[str, float] = {}
        for kind, rate in ALONE.items():
            self._mix.play({kind: 1})
            before = cpu_us(self._pid)
            found = self._loop.run(self._mix, rate, self._seconds / 2)
            calls = sum(len(heard.served) for heard in found.kinds.values())
            cost = (cpu_us(self._pid) - before) / max(1, calls)
            costs |= dict.fromkeys(("hold", "order", "pay") if kind == "hold" else (kind,), cost)
        self.costs = costs
        self._mix.play(SHARES)

    def goodput(self, run: Run) -> float:
        """Useful work of the door: its CPU seconds a second, at the cost of a call alone."""
        return sum(run.served_per_s(kind) * cost for kind, cost in self.costs.items()) / 1e6

    def peak(self) -> float:
        """The lowest rate of arrivals at which a quarter more bring less than a tenth more answers. When they
        bring more, they have to do so twice, for the machine may have been fast just then."""
        rate, best, best_rate, steps = FIRST_PER_S, 0.0, FIRST_PER_S, 0
        while rate <= best_rate * STEP * STEP * 1.01 and steps < STEPS_MAX:
            found = self.answers(rate)
            if found > best * GROWS and (found := min(found, self.answers(rate))) > best * GROWS:
                best, best_rate = found, rate
            rate, steps = rate * STEP, steps + 1
        return best_rate

    def compare(self, peak: float) -> tuple[Run, Run, Run]:
        """The peak, 70 % of it and five times it, there and back again, twice: when the machine changes its
        speed meanwhile, it does so for both sides."""
        loads = ("100 %", peak), ("70 %", peak * CALM), ("5x", peak * TIMES)
        told: dict[str, Run] = {}
        for name, rate in (*loads, *reversed(loads)) * 2:
            run = self.run(name, rate, 1.0)
            told[name] = told[name] + run if name in told else run
        full, calm, over = (told[name] for name, _ in loads)
        return full, calm, over

    def answers(self, rate: float) -> float:
        """Served calls a second at this rate of arrivals."""
        run = self.run(f"{rate:,.0f}/s", rate)
        return len(run.latencies()) / run.seconds

    def run(self, name: str, rate: float, times: float = 0.5) -> Run:
        self._mix.renew()
        found = self._loop.run(self._mix, rate, self._seconds * times)
        click.echo(line(name, found, self.goodput(found) if self.costs else None))
        self.wrong += found.wrong
        return found


def cpu_us(pid: int) -> float:
    """CPU time of a process's main thread."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e3


def line(name: str, run: Run, goodput: float | None) -> str:
    served, refused, lags = run.latencies(), run.latencies("refused"), sorted(run.lags)
    told = [
        f"{name:>14}  {run.arrivals / run.seconds:7,.0f} arrivals/s"
        + ("" if goodput is None else f"  goodput {goodput:.2f}"),
        f"served {len(served) / run.seconds:6,.0f}/s ({run.served_per_s('pay'):,.0f} paid)",
        f"p50 {percentile(served, 0.5) * 1e3:5.1f} p99 {percentile(served, 0.99) * 1e3:6.1f} ms",
        f"refused {len(refused) / run.seconds:6,.0f}/s",
        f"p50 {percentile(refused, 0.5) * 1e3:4.1f} p99 {percentile(refused, 0.99) * 1e3:5.1f} ms",
        f"left late p99 {percentile(lags, 0.99) * 1e3:.1f} ms",
    ]
    return ", ".join(told) + (f", {run.unsent:,} never sent" if run.unsent else "")


def verdicts(overload: Overload, calm: Run, full: Run, over: Run) -> list[Verdict]:
    goodput = overload.goodput(over) / max(overload.goodput(full), 1e-9)
    paid = over.served_per_s("pay") / max(full.served_per_s("pay"), 1e-9)
    calls = len(over.latencies()) / max(1, len(full.latencies()))
    times = percentile(over.latencies(), 0.99) / max(percentile(calm.latencies(), 0.99), 1e-9)
    refused_ms = percentile(over.latencies("refused"), 0.5) * 1e3
    return [
        Verdict("goodput at 5x / peak", goodput, f">= {GOODPUT_MIN}", goodput >= GOODPUT_MIN),
        Verdict("served calls at 5x / peak, for the other mix no limit", calls, "-", True),
        Verdict("purchases at 5x / peak", paid, f">= {GOODPUT_MIN}", paid >= GOODPUT_MIN),
        Verdict("p99 of the served, 5x / 70 %", times, f"<= {P99_TIMES_MAX}", times <= P99_TIMES_MAX),
        Verdict("median refusal, ms", refused_ms, f"<= {AT_ONCE_MS:.0f}", refused_ms <= AT_ONCE_MS),
        Verdict("calls never sent", over.unsent, "0", over.unsent == 0),
    ]


@click.command()
@click.option("--seconds", type=click.FloatRange(0.4, 60), default=6.0, show_default=True)
@click.option("--rate", type=float, help="Take this as the peak instead of looking for it.")
@click.option("--quick", is_flag=True, help="Tiny: does it run; no limit is held.")
def main(seconds: float, rate: float | None, quick: bool) -> None:
    """Overload an Usher of its own; exits 1 when a limit is missed or an answer was wrong."""
    with running(pinned=not quick) as stack:
        go_first()
        overload = Overload(OpenLoop(stack.door.port), Mix(stack, quick=quick), stack.door.pid, seconds)
        click.echo(
            f"One API process on core {server_core()}; the sender, Valkey, Postgres and the writer on core "
            f"{client_core()}; {LINES} connections; of ten arrivals {SHARES['check']} place checks, "
            f"{SHARES['join']} joins, {SHARES['hold']} purchases of three calls."
        )
        overload.weigh()
        click.echo(
            "costs alone, us of CPU a call: " + ", ".join(f"{k} {v:.0f}" for k, v in overload.costs.items())
        )
        peak = rate or overload.peak()
        click.echo(f"Peak: {peak:,.0f} arrivals/s")
        full, calm, over = overload.compare(peak)
        told = verdicts(overload, calm, full, over)
    for one in told:
        click.echo(f"{'kept  ' if one.kept else 'MISSED'}  {one.name}: {one.found:.2f} ({one.limit})")
    refused = len(over.latencies("refused"))
    click.echo(
        f"{refused:,} refusals at 5x, all problems with Retry-After; an answer without would be a wrong one."
    )
    for what, times in overload.wrong.most_common(5):
        click.echo(f"WRONG   {times} x {what}")
    sys.exit(0 if quick or (not overload.wrong and all(one.kept for one in told)) else 1)


if __name__ == "__main__":
    main()
