"""`python -m loadtests.soak`: 70 % of the peak for as long as is asked, and what grew meanwhile.

Memory that keeps growing, descriptors that are not given back and rare errors show only with time. The load
is an open loop in slices; a new sale follows before the seats of one run out. Placed as in `overload`.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import linear_regression, mean
from typing import Final

import click

from benchmarks.cores import client_core, go_first, server_core
from benchmarks.stack import Stack, running
from loadtests.mix import SOAK_SHARES, Mix
from loadtests.open_loop import OpenLoop, Run, percentile
from loadtests.overload import CALM, Overload
from loadtests.report import Chart, Said, page
from loadtests.watch import Line, Lines, Watch, watching

SECONDS: Final = 3600.0
SLICE_S: Final = 5.0
TOLD_EVERY_S: Final = 60.0
JUDGED_FROM_S: Final = 1200.0
"""In a shorter run caches of fans and passes fill to its end; what memory does is then told, not judged."""
WARM: Final = 0.25
"""Share of the run in which caches may still fill."""
GROWTH_MAX: Final = 0.05
GROWTH_MIB_MAX: Final = 8.0
DESCRIPTORS_MORE_MAX: Final = 8
DESCRIPTORS_GROWTH_MAX: Final = 0.1
"""Postgres' are those of many children, who keep open the files that they have seen; a connection that is
left open there shows among the sockets."""
STORES: Final = ("valkey", "postgres")
"""They keep what is sold: their growth is told an order, and is no leak."""


def soak(loop: OpenLoop, mix: Mix, watch: Watch, rate: float, seconds: float) -> tuple[Counter[str], int]:
    """Wrong answers, and payments taken."""
    wrong, paid, slices = Counter[str](), 0, max(1, round(seconds / SLICE_S))
    told_every = max(1, round(TOLD_EVERY_S / SLICE_S))
    for number in range(slices):
        mix.renew()
        run = loop.run(mix, rate, seconds / slices, seed=number)
        tell(watch, run)
        wrong += run.wrong
        wrong["never sent"] += run.unsent
        paid += len(run.kinds["pay"].served) if "pay" in run.kinds else 0
        if (number + 1) % told_every == 0 or number + 1 == slices:
            passed_s, errors = (number + 1) * seconds / slices, sum(wrong.values())
            click.echo(
                f"{passed_s:>6,.0f} s: {paid:,} payments, {errors} errors; MiB: {latest(watch, 'memory')}"
            )
    return +wrong, paid


def latest(watch: Watch, what: str) -> str:
    """How a curve of each process stands now."""
    return ", ".join(f"{name} {line[-1][1]:.0f}" for name, line in list(watch.lines[what].items()))


def tell(watch: Watch, run: Run) -> None:
    """A slice as points of the curves."""
    watch.note("arrivals", "arrivals", run.arrivals / run.seconds)
    for kind in sorted(run.kinds):
        served = sorted(run.kinds[kind].served)
        watch.note("served", kind, len(served) / run.seconds)
        for share in (50, 99):
            watch.note(f"p{share}", kind, percentile(served, share / 100) * 1e3)
    watch.note("errors", "refused", len(run.latencies("refused")) / run.seconds)
    watch.note("errors", "wrong", sum(run.wrong.values()) / run.seconds)


def warm(line: Line) -> Line:
    """The part of a line after the warm-up."""
    return [one for one in line if one[0] >= WARM * line[-1][0]] if line else []


def growth(line: Line) -> float:
    """By how much the fitted line rises over its length."""
    if len(line) < 2:
        return 0.0
    fitted = linear_regression([at for at, _ in line], [value for _, value in line])
    return fitted.slope * (line[-1][0] - line[0][0])


def verdicts(lines: Mapping[str, Lines], wrong: Counter[str], paid: int) -> list[Said]:
    """`lines`: those of a watch."""
    said = []
    for name, line in lines.get("memory", {}).items():
        steady = warm(line)
        grown = growth(steady)
        if name in STORES:
            an_order = grown * 2**20 / max(1.0, paid * (1 - WARM))
            said.append(Said(f"memory of {name}", f"{grown:+.1f} MiB, {an_order:,.0f} B an order", True))
            continue
        allowed = max(GROWTH_MIB_MAX, GROWTH_MAX * mean(value for _, value in steady)) if steady else 0.0
        short = line[-1][0] < JUDGED_FROM_S if line else True
        told = f"{grown:+.1f} MiB of {allowed:.1f} allowed" + (", too short a run to judge" if short else "")
        said.append(Said(f"memory of {name}", told, short or grown <= allowed))
    for what in ("descriptors", "sockets"):
        for name, line in lines.get(what, {}).items():
            steady = warm(line)
            first, last = most(steady[: len(steady) // 4 + 1]), most(steady[-(len(steady) // 4 + 1) :])
            kept = last - first <= max(DESCRIPTORS_MORE_MAX, first * DESCRIPTORS_GROWTH_MAX)
            said.append(Said(f"{what} of {name}", f"{first:.0f} -> {last:.0f}", kept))
    errors = ", ".join(f"{times} x {what[:80]}" for what, times in wrong.most_common(3)) or "none"
    return [*said, Said("errors", errors, not wrong), Said("payments taken", f"{paid:,}", paid > 0)]


def most(line: Line) -> float:
    return max((value for _, value in line), default=0.0)


def charts(watch: Watch) -> list[Chart]:
    """All curves of a watch that were measured; the stores keep what is sold and would hide the others."""
    titles = (
        ("arrivals", "Arrivals", "a second"),
        ("sale", "The line and the hall", "fans and seats"),
        ("served", "Served calls", "a second"),
        ("errors", "Refused and wrong", "a second"),
        ("p50", "Latency, median", "ms"),
        ("p99", "Latency, 99th percentile", "ms"),
        ("cpu", "CPU of each process", "% of a core"),
        ("memory", "Private memory of each process", "MiB"),
        ("stores", "Private memory of the stores", "MiB"),
        ("descriptors", "Open descriptors", "number"),
        ("sockets", "Open sockets", "number"),
    )
    lines: dict[str, Lines] = dict(watch.lines)
    memory = lines.pop("memory", {})
    lines["memory"] = {name: line for name, line in memory.items() if name not in STORES}
    lines["stores"] = {name: line for name, line in memory.items() if name in STORES}
    return [Chart(title, unit, lines[what]) for what, title, unit in titles if lines.get(what)]


def measured(
    stack: Stack, seconds: float, rate: float | None, quick: bool
) -> tuple[Watch, Sequence[Said], str]:
    mix = Mix(stack, SOAK_SHARES, quick=quick)
    loop = OpenLoop(stack.door.port)
    if rate is None:
        rate = CALM * Overload(loop, mix, stack.door.pid, 4.0).peak()
    intro = (
        f"{rate:,.0f} arrivals a second at random moments for {seconds:,.0f} s, of ten "
        f"{', '.join(f'{weight} {kind}' for kind, weight in SOAK_SHARES.items())}. One API process on core "
        f"{server_core()}; the sender, Valkey, Postgres and the writer on core {client_core()}."
    )
    click.echo(intro)
    with watching(Watch(lambda: stack.processes, mix.counts)) as watch:
        wrong, paid = soak(loop, mix, watch, rate, seconds)
    return watch, verdicts(watch.lines, wrong, paid), intro


@click.command()
@click.option("--seconds", type=click.FloatRange(2, 86_400), default=SECONDS, show_default=True)
@click.option("--rate", type=float, help="Arrivals a second; default: 70 % of the peak, which is looked for.")
@click.option("--reports", type=click.Path(file_okay=False, path_type=Path), default="reports")
@click.option("--quick", is_flag=True, help="A small sale, no core of its own.")
def main(seconds: float, rate: float | None, reports: Path, quick: bool) -> None:
    """Soak an Usher of its own; exits 1 when memory, descriptors or sockets grew, or an answer was wrong."""
    with running(pinned=not quick) as stack:
        go_first()
        watch, said, intro = measured(stack, seconds, rate, quick)
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / "soak.html"
    path.write_text(page("Soak", intro, said, charts(watch)), "utf-8")
    for one in said:
        click.echo(f"{'kept  ' if one.kept else 'MISSED'}  {one.what}: {one.found}")
    click.echo(f"Report: {path}")
    sys.exit(0 if all(one.kept for one in said) else 1)


if __name__ == "__main__":
    main()
