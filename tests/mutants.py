"""`make mutants`: plants bugs in copies of the code, one at a time, and names the test that catches each.

    python -m tests.mutants [part of a name ...]

First the tests run on a copy without a bug, so that a red one catches nothing by being red. Exit code 1 for
a bug that no test caught, and for one whose text no longer stands in the code exactly once.
"""

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import click
import msgspec

from tests.mutation import Mutation
from tests.mutations import MUTATIONS
from usher.engine import start_and_wait
from usher.postgres_engine import PostgresEngine
from usher.process import end

ROOT: Final = Path(__file__).parent.parent
TIMEOUT_S: Final = 120.0
"""For the tests of one bug: they take seconds."""
SOUND_TIMEOUT_S: Final = 600.0
FAILED: Final = re.compile(r"^FAILED (?:tests/)?(.+?)(?: - |$)", re.MULTILINE)
PYTEST: Final = ("-m", "pytest", "-x", "-p", "no:cacheprovider", "--tb=line", "-rfE")


class Run(msgspec.Struct, frozen=True):
    """How the tests ended: `code` of pytest, None when they hung."""

    code: int | None
    said: str
    seconds: float

    @property
    def caught_by(self) -> str | None:
        """The test that failed; a file that cannot be loaded or a fixture that breaks catches nothing."""
        found = FAILED.search(self.said)
        return found[1] if found and self.code == 1 else None

    @property
    def verdict(self) -> str:
        if self.caught_by:
            return f"caught by {self.caught_by}"
        if self.code is None:
            return "NOT CAUGHT: the tests hung"
        if self.code == 0:
            return "SURVIVED"
        return f"NOT CAUGHT: the tests broke\n{self.said[-1500:]}"


def copy_code(folder: Path, source: Path = ROOT) -> None:
    """The packages and pytest's settings; modification times stay, so that compiled files stay good."""
    for package in source.iterdir():
        if (package / "__init__.py").exists():
            shutil.copytree(package, folder / package.name)
    shutil.copy2(source / "pyproject.toml", folder)


async def run_tests(folder: Path, tests: tuple[str, ...], postgres_url: str, timeout_s: float) -> Run:
    """The tests of the copy in `folder`, whose packages come before the installed ones."""
    began = time.monotonic()
    ours = {"PYTHONPATH": str(folder), "USHER_TEST_POSTGRES_URL": postgres_url}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *(*PYTEST, *tests),
        cwd=folder,
        env={**os.environ, **ours},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(child.communicate(), timeout_s)
    except TimeoutError:
        return Run(None, "", time.monotonic() - began)
    finally:
        # Also when Ctrl-C ends the hunt: in a session of its own it does not reach the tests.
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    return Run(child.returncode, said.decode(errors="replace"), time.monotonic() - began)


async def plant_and_run(bug: Mutation, code: Path, postgres_url: str) -> Run:
    """The bug's tests on a copy of its own."""
    with tempfile.TemporaryDirectory(prefix="usher-mutant-", ignore_cleanup_errors=True) as made:
        copy_code(Path(made), code)
        bug.plant(Path(made))
        return await run_tests(Path(made), bug.caught_by, postgres_url, TIMEOUT_S)


async def hunt(bugs: list[Mutation], code: Path, postgres_url: str, at_once: int) -> int:
    """How many were caught; one line for each as it ends."""
    free, caught = asyncio.Semaphore(at_once), 0

    async def one(bug: Mutation) -> None:
        nonlocal caught
        async with free:
            ran = await plant_and_run(bug, code, postgres_url)
        caught += ran.caught_by is not None
        click.echo(f"{ran.seconds:5.1f} s  {bug.name}: {ran.verdict}")
        sys.stdout.flush()

    await asyncio.gather(*(one(bug) for bug in bugs))
    return caught


async def is_sound(bugs: list[Mutation], code: Path, postgres_url: str) -> bool:
    """Whether the tests pass on the copy as it is, and it is the copy that they test."""
    shown = "import store, usher, tests; print(*(one.__path__[0] for one in (store, usher, tests)))"
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", shown),
        cwd=code,
        env={**os.environ, "PYTHONPATH": str(code)},
        stdout=asyncio.subprocess.PIPE,
    )
    places = (await asked.communicate())[0].decode().split()
    assert places == [str(code / name) for name in ("store", "usher", "tests")], places
    tests = tuple(sorted({test for bug in bugs for test in bug.caught_by}))
    ran = await run_tests(code, tests, postgres_url, SOUND_TIMEOUT_S)
    click.echo(f"{ran.seconds:5.1f} s  without a bug: {ran.said.strip().splitlines()[-1:]}")
    if ran.code != 0:
        click.echo(ran.said[-3000:])
    return ran.code == 0


async def all_caught(bugs: list[Mutation], folder: Path, at_once: int) -> bool:
    stale = [bug for bug in bugs if not bug.is_fresh(ROOT)]
    for bug in stale:
        click.echo(f"STALE: {bug.name}: its text does not stand exactly once in {bug.file}")
    code = folder / "code"
    code.mkdir()
    copy_code(code)
    (folder / "run").mkdir()
    postgres = PostgresEngine(folder / "postgres", folder / "run", folder / "postgres.log", fsync=False)
    child = start_and_wait(postgres)
    try:
        fresh = [bug for bug in bugs if bug not in stale]
        if not await is_sound(fresh, code, postgres.url):
            return False
        caught = await hunt(fresh, code, postgres.url, at_once)
    finally:
        end(child, postgres.program().stop, 10)
    click.echo(f"{caught} of {len(bugs)} caught")
    return caught == len(bugs)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "listed", is_flag=True, help="Only name them, with their files.")
@click.option(
    "--at-once", type=click.IntRange(1), default=2, show_default=True, help="Copies tested at once."
)
def mutants(names: tuple[str, ...], listed: bool, at_once: int) -> None:
    """Plant bugs whose names contain one of NAMES, or all of them; prove that the tests catch each."""
    bugs = [bug for bug in MUTATIONS if not names or any(name in bug.name for name in names)]
    if not bugs:
        raise click.UsageError("no planted bug has such a name; --list names them")
    if listed:
        for bug in bugs:
            click.echo(f"{bug.file:<34} {bug.name}")
        return
    with tempfile.TemporaryDirectory(prefix="usher-mutants-", ignore_cleanup_errors=True) as made:
        sys.exit(0 if asyncio.run(all_caught(bugs, Path(made), at_once)) else 1)


if __name__ == "__main__":
    mutants()
