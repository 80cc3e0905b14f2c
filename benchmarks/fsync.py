"""The same decisions with the journal fsynced before every reply, against one the kernel writes at leisure.

A call to each of 16 halls, pipelined, on one Valkey whose `appendfsync` is set before each slice. One fsync
serves all that is answered together, so what it costs depends on how much that is. When the server is what
a sale waits for, the lanes are full: `Limits.batch_max` decisions a call. The other row has 32 a call, as
that of the decision. Only the clock counts here: waiting for a disk costs no CPU.
"""

from benchmarks.cores import cores, pin
from benchmarks.decision import Bench, Case, running
from benchmarks.finding import Finding, Mark, Reading, share
from benchmarks.measure import Slice, abba
from store.batcher import Limits

BATCH_FULL = Limits().batch_max
MARK = Mark(0.85)


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    # A decision takes 2.4 seats of its hall, and nine calls go to each.
    full, some = (8, 4) if quick else (BATCH_FULL, 32)
    with running() as bench:
        return [
            _finding(bench, Case(seats=30 * full, batch=full, calls=8, warm=1), 1 if quick else 4),
            _finding(bench, Case(seats=30 * some, batch=some, calls=8, warm=1), 1 if quick else 4),
        ]


def _finding(bench: Bench, case: Case, rounds: int) -> Finding:
    how_many = f"{case.batch} a call"
    ratio = abba(
        f"fsync, {how_many}",
        lambda: _holds(bench, case, "no"),
        lambda: _holds(bench, case, "always"),
        rounds,
    )
    # Speeds are the reciprocals of times, so the other side's time stands above.
    never = Reading("appendfsync no, clock", "us", ratio.a.wall_us, *ratio.a.wall_spread_us)
    always = Reading("appendfsync always, clock", "us", ratio.b.wall_us, *ratio.b.wall_spread_us)
    return share(f"appendfsync always / no, {how_many}", never, always, MARK, "by the clock")


def _holds(bench: Bench, case: Case, how: str) -> Slice:
    bench.client.config_set("appendfsync", how)
    return bench.holds(case)
