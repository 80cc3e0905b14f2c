"""The same decisions with the journal fsynced before every reply, against one the kernel writes at leisure.

Batches of 32 decisions, pipelined by 16, on one Valkey whose `appendfsync` is set before each slice. Only the
clock counts here: waiting for a disk costs no CPU.
"""

from benchmarks.cores import cores, pin
from benchmarks.decision import Bench, Case, running
from benchmarks.finding import Finding, Mark, Reading, share
from benchmarks.measure import Slice, abba


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    case = Case(seats=200, batch=4, calls=2, warm=1) if quick else Case(seats=800, batch=32, calls=8, warm=1)
    with running() as bench:
        ratio = abba(
            "fsync",
            lambda: _holds(bench, case, "no"),
            lambda: _holds(bench, case, "always"),
            1 if quick else 4,
        )
    # Speeds are the reciprocals of times, so the other side's time stands above.
    never = Reading("appendfsync no, clock", "us", ratio.a.wall_us, *ratio.a.wall_spread_us)
    always = Reading("appendfsync always, clock", "us", ratio.b.wall_us, *ratio.b.wall_spread_us)
    return [share("appendfsync always / no", never, always, Mark(0.85), "by the clock")]


def _holds(bench: Bench, case: Case, how: str) -> Slice:
    bench.client.config_set("appendfsync", how)
    return bench.holds(case)
