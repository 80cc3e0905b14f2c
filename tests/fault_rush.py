"""One rush of a campaign: a crowd of its own process, and what its report proves."""

import asyncio
import os
import signal
import sys
from typing import Final

import msgspec

from tests.fault_stack import Stack
from tests.soon import become_true
from usher.rush_proofs import PROOFS
from usher.rush_report import Report

SELLING, OVER = " sold, ", "The crowd has gone"
OPENS_S: Final = 120
MINUTES_MAX: Final = 8
ENDS_S: Final = 60 * MINUTES_MAX + 120


class Crowd:
    """`usher rush` through the links; `words` is what it has said so far."""

    def __init__(self, stack: Stack, fans: int, showtimes: int, seed: int) -> None:
        self.seed = seed
        self.words = ""
        self._stack = stack
        self._report = stack.folder / f"rush-{seed}.json"
        self._crowd = ("--fans", str(fans), "--showtimes", str(showtimes), "--seed", str(seed))
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        report = ("--json", str(self._report), "--minutes-max", str(MINUTES_MAX))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "usher", "rush", "--url", self._stack.url, *self._crowd, *report),
            env={**os.environ, **self._stack.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._listening = asyncio.create_task(self._listen())

    @property
    def is_selling(self) -> bool:
        return SELLING in self.words and OVER not in self.words and not self.has_ended

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    async def opens(self) -> None:
        """Returns when the first seats are for sale, or it broke off."""
        await become_true(lambda: SELLING in self.words or self.has_ended, OPENS_S)

    async def end(self) -> Report | None:
        """Its report; None when it broke off without one, its words then say why."""
        assert self._process is not None
        assert self._listening is not None
        try:
            async with asyncio.timeout(ENDS_S):
                await self._process.wait()
        except TimeoutError:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        await self._listening
        return self._read()

    def _read(self) -> Report | None:
        if not self._report.exists():
            return None
        return msgspec.json.decode(self._report.read_bytes(), type=Report)

    def kill(self) -> None:
        if self._process is not None and not self.has_ended:
            self._process.kill()

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while said := await self._process.stdout.read(65_536):
            self.words += said.decode(errors="replace")


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
