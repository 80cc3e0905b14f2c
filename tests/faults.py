"""`make faults`: rush after rush while things are killed, stopped, cut off, starved and set astray.

Every fault waits for a call that changes something and strikes in its middle; then everything must heal, and
every rush must prove that nothing was sold twice or lost, nobody let in too many or passed over. Exit code 1
for anything wrong, and for a kind of fault that never struck between a write and its answer. Linux only: the
kernel says which process has connected to a link.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import click
import msgspec
import uvloop

from tests.fault_kinds import BY_NAME, FULL, KINDS, Kind, plan
from tests.fault_rush import Crowd, wrongs
from tests.fault_stack import Stack, running, tokens_written
from tests.fault_strike import STRIKES
from usher.rush_report import Report
from usher.up import why_closed

HEALS_S: Final = 120.0
"""Longer than any healing on a busy machine; what is not well again by then will not heal."""
REST_S: Final = (0.1, 0.6)
RUSHES_MAX: Final = 200
TRIES_MAX: Final = 3
Say = Callable[[str], None]


class Struck(msgspec.Struct, frozen=True):
    """One fault that struck; `healed_s`: None if it never healed."""

    kind: Kind
    open_calls: int
    healed_s: float | None


class Campaign:
    """Faults still to come, and what has been seen."""

    def __init__(
        self, stack: Stack, faults: list[Kind], fans: int, showtimes: int, seed: int, say: Say
    ) -> None:
        self.faults = faults
        self.struck: list[Struck] = []
        self.wrong: list[str] = []
        self.reports: list[Report] = []
        self._tries = 0
        self._stack = stack
        self._crowd = (fans, showtimes)
        self._seed = seed
        self._dice = random.Random(f"{seed}:strikes")
        self._say = say

    async def run(self) -> None:
        for number in range(RUSHES_MAX):
            if not self.faults or self.wrong:
                break
            await self._rush(self._seed * 1000 + number)
        if self.faults and not self.wrong:
            self.wrong.append(f"{len(self.faults)} faults found no rush to strike")
        await self._compare()

    async def _rush(self, seed: int) -> None:
        crowd = Crowd(self._stack, *self._crowd, seed)
        try:
            await crowd.opens()
            while self.faults and crowd.is_selling and not self.wrong:
                await self._strike()
                await asyncio.sleep(self._dice.uniform(*REST_S))
            report = await crowd.end()
        finally:
            crowd.kill()
        if report is None:
            self.wrong.append(f"rush {seed} broke off: {crowd.words[-600:]}")
            return
        self.reports.append(report)
        found = wrongs(report)
        self.wrong += [f"rush {seed}: {one}" for one in found]
        self._say(
            f"rush {seed}: {report.sold}/{report.seats} seats in {report.seconds:.0f} s, "
            f"{report.orders} orders, {'; '.join(found) or 'every proof 0'}"
        )

    async def _strike(self) -> None:
        """The next fault; one that struck at nothing is tried again."""
        kind = self.faults[-1]
        blow = await STRIKES[kind.does](self._stack, kind, self._dice)
        began = time.monotonic()
        healed = await self._stack.heals(HEALS_S)
        healed_s = time.monotonic() - began if healed else None
        if not healed:
            why = await asyncio.to_thread(why_closed, self._stack.url)
            self.wrong.append(f"{kind.name}: not healed after {HEALS_S:.0f} s. {why}".rstrip())
        self.struck.append(Struck(kind, blow.open_calls, healed_s))
        self._tries += 1
        if blow.hit or self._tries == TRIES_MAX:
            self.faults.pop()
            self._tries = 0
        well = "never healed" if healed_s is None else f"healed in {healed_s:.1f} s"
        self._say(f"  {kind.name:<14} {blow.open_calls:>3} open; {well}; {blow.note}")

    async def _compare(self) -> None:
        """Whatever Valkey said to be confirmed must be in Postgres, whether anybody heard of it or not."""
        until = time.monotonic() + HEALS_S
        while lost := self._stack.confirmed - await tokens_written(self._stack):
            if time.monotonic() > until:
                break
            await asyncio.sleep(REST_S[1])
        if lost:
            self.wrong.append(f"{len(lost)} confirmed orders are not in Postgres: {sorted(lost)[:3]}")
        self._say(f"{len(self._stack.confirmed)} confirmations left Valkey, {len(lost)} are lost")


def table(struck: list[Struck]) -> str:
    """One line a kind: how often, how often in the window, how long healing took."""
    lines = [
        f"{'fault':<16}{'times':>6}{'in the window':>15}{'calls open':>12}{'healed s':>10}{'at most':>9}"
    ]
    for kind in KINDS:
        mine = [one for one in struck if one.kind == kind]
        if mine:
            hits = sum(1 for one in mine if one.open_calls)
            took = [one.healed_s for one in mine if one.healed_s is not None] or [0.0]
            calls = sum(one.open_calls for one in mine)
            lines.append(
                f"{kind.name:<16}{len(mine):>6}{hits:>15}{calls:>12}{median(took):>10.1f}{max(took):>9.1f}"
            )
    return "\n".join(lines)


def missed(struck: list[Struck]) -> list[str]:
    """Kinds that struck, but never between a write and its answer."""
    kinds = {one.kind for one in struck}
    hit = {one.kind for one in struck if one.open_calls}
    return [f"{kind.name} never struck in the window" for kind in KINDS if kind in kinds - hit]


async def campaign(
    folder: Path, faults: list[Kind], fans: int, showtimes: int, seed: int, appendfsync: str, say: Say
) -> list[str]:
    """Everything that went wrong; empty when all is well."""
    began = time.monotonic()
    async with running(folder, appendfsync) as stack:
        going = Campaign(stack, faults, fans, showtimes, seed, say)
        await going.run()
    say("\n" + table(going.struck))
    totals = {name: sum(getattr(report, name) for report in going.reports) for name in PROOF_NAMES}
    say("\n" + " ".join(f"{name}={count}" for name, count in totals.items()))
    say(
        f"{len(going.reports)} rushes, {len(going.struck)} faults, "
        f"{time.monotonic() - began:.0f} s, seed {seed}"
    )
    return [*going.wrong, *missed(going.struck)]


PROOF_NAMES: Final = (
    *("double_sold", "lost_orders", "overshoot", "passed_over"),
    *("refused_though_fitting", "draw_wrong", "money_wrong"),
)


@click.command()
@click.option("--faults", type=click.IntRange(1), default=FULL, show_default=True, help="How many faults.")
@click.option("--kinds", help=f"Only these, by commas: {', '.join(BY_NAME)}.")
@click.option("--fans", type=click.IntRange(20), default=1_200, show_default=True, help="Fans in each rush.")
@click.option(
    "--showtimes", type=click.IntRange(1), default=10, show_default=True, help="Shows in each rush."
)
@click.option("--seed", type=int, help="Gives the same faults in the same order to the same crowds.")
@click.option(
    "--appendfsync",
    type=click.Choice(["always", "everysec"]),
    default="always",
    show_default=True,
    help="everysec must fail: it shows that the simulated power loss bites.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep data, journals and logs in this folder.")
def faults(
    faults: int,
    kinds: str | None,
    fans: int,
    showtimes: int,
    seed: int | None,
    appendfsync: str,
    keep: Path | None,
) -> None:
    """Break one thing after the other during rushes; prove that all heals and nothing is lost."""
    seed = seed if seed is not None else int(time.time()) % 100_000
    unknown = [name for name in (kinds or "").split(",") if name and name not in BY_NAME]
    if unknown:
        raise click.UsageError(f"no such kind: {', '.join(unknown)}")
    chosen = tuple(BY_NAME[name] for name in kinds.split(",")) if kinds else KINDS
    drawn = plan(faults, random.Random(f"{seed}:plan"), chosen)
    say = _sayer()
    say(f"Seed {seed}: {len(drawn)} faults of {len(set(drawn))} kinds")
    with (
        tempfile.TemporaryDirectory(prefix="usher-faults-", ignore_cleanup_errors=True) as made,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        going = campaign(keep or Path(made), drawn, fans, showtimes, seed, appendfsync, say)
        wrong = runner.run(going)
    for one in wrong:
        say(f"WRONG: {one}")
    sys.exit(1 if wrong else 0)


def _sayer() -> Say:
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(line if line.startswith("\n") else f"{time.monotonic() - began:6.1f} s  {line}")
        sys.stdout.flush()

    return say


if __name__ == "__main__":
    faults()
