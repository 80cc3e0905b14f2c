"""One rush of a campaign: a crowd of its own process, and what its report proves."""

import signal
import sys
from typing import Final

import msgspec

from tests.fault_stack import Stack
from tests.soon import become_true
from usher.process import Program, end, start
from usher.rush_proofs import PROOFS
from usher.rush_report import Report

SELLING, OVER = " sold, ", "The crowd has gone"
OPENS_S: Final = 180
STOP_S: Final = 10
MINUTES_MAX: Final = 8
ENDS_S: Final = 60 * MINUTES_MAX + 120


class Crowd:
    """`usher rush` through the links."""

    def __init__(self, stack: Stack, fans: int, showtimes: int, seed: int) -> None:
        self._log, self._report = (stack.folder / f"rush-{seed}.{name}" for name in ("log", "json"))
        crowd = ("--fans", fans, "--showtimes", showtimes, "--seed", seed, "--minutes-max", MINUTES_MAX)
        argv = (sys.executable, "-m", "usher", "rush", "--url", stack.url, "--json", self._report, *crowd)
        self._child = start(
            Program(name="rush", argv=tuple(map(str, argv)), log=self._log, env=stack.environment)
        )

    @property
    def words(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    @property
    def is_selling(self) -> bool:
        words = self.words
        return SELLING in words and OVER not in words and not self.has_ended

    @property
    def has_ended(self) -> bool:
        return self._child.poll() is not None

    async def opens(self) -> None:
        """Returns when the first seats are for sale, or it broke off."""
        await become_true(lambda: SELLING in self.words or self.has_ended, OPENS_S)

    async def end(self) -> Report | None:
        """Its report; None when it broke off without one, its words then say why."""
        await become_true(lambda: self.has_ended, ENDS_S)
        return self._read()

    def kill(self) -> None:
        end(self._child, signal.SIGKILL, STOP_S)

    def _read(self) -> Report | None:
        if not self._report.exists():
            return None
        return msgspec.json.decode(self._report.read_bytes(), type=Report)


def wrongs(report: Report) -> list[str]:
    """Every proof that found something, in words; empty when all is well."""
    found = [
        f"{name} {finding.wrong}: {'; '.join(finding.examples)}"
        for name, finding in report.findings.items()
        if finding.wrong
    ]
    assert set(report.findings) == set(PROOFS)
    if report.orders != report.orders_in_postgres:
        found.append(f"{report.orders} orders in Valkey, {report.orders_in_postgres} in Postgres")
    if report.out_of_time:
        found.append(f"only {report.sold} of {report.seats} seats were sold in {MINUTES_MAX} minutes")
    if report.worries:
        found.append(f"{report.worries} dead letters or seat conflicts")
    return found
