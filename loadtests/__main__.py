"""`python -m loadtests`: an Usher found or started, a sale delegated, Locust let loose, the outcome read."""

import asyncio
import csv
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, cast

import click

from loadtests import history
from loadtests.delegate import Counts, Size, counts_of, delegated, stay_here
from loadtests.history import counts
from loadtests.load import (
    RUN_S,
    RUN_S_MAX,
    SHOWTIMES,
    SHOWTIMES_MAX,
    USERS,
    USERS_MAX,
    WORKERS_MAX,
    Load,
    ShapeName,
)
from loadtests.report import page
from loadtests.watch import Watch, watching
from usher.data_folder import DataFolderUnusable
from usher.rush_door import GaveUp
from usher.rush_sale import CannotDelegate
from usher.rush_stack import NoUsher, Target, found_or_started, free_port
from usher.settings import BadSetting

HERE: Final = Path(__file__).parent
STOP_TIMEOUT_S: Final = 3
GRACE_S: Final = 60
"""How much longer than its run Locust may take, to start, to stop and to write its report."""


class TooSlow(Exception):
    """Locust was ended by us, and its report is not to be trusted."""


@click.command()
@click.option("--shape", type=click.Choice(["spike", "presale", "storm"]), default="spike", show_default=True)
@click.option("--users", type=click.IntRange(2, USERS_MAX), default=USERS, show_default=True)
@click.option("--seconds", type=click.IntRange(5, RUN_S_MAX), default=RUN_S, show_default=True)
@click.option("--workers", type=click.IntRange(0, WORKERS_MAX), default=0, help="0: one process.")
@click.option("--showtimes", type=click.IntRange(1, SHOWTIMES_MAX), default=SHOWTIMES, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same fans.")
@click.option("--url", help="The Usher to aim at, on this machine; default: as `usher rush`.")
@click.option("--reports", type=click.Path(file_okay=False, path_type=Path), default="reports")
def main(
    shape: str,
    users: int,
    seconds: int,
    workers: int,
    showtimes: int,
    seed: int,
    url: str | None,
    reports: Path,
) -> None:
    """Load a sale of its own with Locust users; exits 1 when an answer was wrong."""
    size = Size(shape=cast("ShapeName", shape), users=users, run_s=seconds, showtimes=showtimes, seed=seed)
    try:
        if url:
            stay_here(url)
        with found_or_started(url, os.environ, click.echo) as target:
            load = asyncio.run(delegated(target, size))
            prefix = reports.resolve() / f"{load.sale}-{shape}"
            prefix.parent.mkdir(parents=True, exist_ok=True)
            began_s, key = time.time(), target.settings.storefront_key
            with watching(Watch(target.processes, lambda: counts(load.url, load.sale, key))) as watch:
                code = locust(load, target, workers, prefix)
            stands = asyncio.run(counts_of(target, load))
    except (NoUsher, CannotDelegate, GaveUp, BadSetting, DataFolderUnusable, TooSlow) as error:
        click.echo(f"loadtests: {error}", err=True)
        sys.exit(1)
    intro = f"{users} users of the shape {shape} for {seconds} s, {workers or 1} process(es) of Locust."
    charts = history.read(prefix, watch, began_s)
    told = page(f"Load: {load.sale}", intro, (), charts, history.table(prefix))
    Path(f"{prefix}.html").write_text(told, "utf-8")
    click.echo(f"Report: {prefix}.html")
    sys.exit(verdict(code, bought(prefix), stands))


def locust(load: Load, target: Target, workers: int, prefix: Path) -> int:
    """Locust's exit code: 0 when no answer was wrong; raises TooSlow."""
    argv = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    argv += ["--csv", str(prefix), "--csv-full-history", "--stop-timeout", str(STOP_TIMEOUT_S)]
    if workers:
        port = str(free_port())
        argv += ["--processes", str(workers), "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        argv += ["--master-host", "127.0.0.1", "--master-port", port]
    environment = {**os.environ, **load.environment(target.settings.storefront_key)}
    child = subprocess.Popen(argv, env=environment, cwd=HERE.parent)  # noqa: S603 - our own interpreter and arguments
    try:
        return child.wait(load.run_s + GRACE_S)
    except subprocess.TimeoutExpired:
        raise TooSlow(f"Locust did not end within {GRACE_S} s after its run") from None
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def bought(prefix: Path) -> int:
    """How many fans saw their tickets, at least: Locust may not have written its last second."""
    with Path(f"{prefix}_stats.csv").open(newline="") as rows:
        return sum(
            int(row["Request Count"]) - int(row["Failure Count"])
            for row in csv.DictReader(rows)
            if row["Name"] == "bought"
        )


def verdict(code: int, seen: int, counts: Counts) -> int:
    """Says how the sale stands; 1 when Locust saw failures, nobody bought, or an order is missing."""
    booked = "unknown" if counts.orders is None else f"{counts.orders:,}"
    click.echo(
        f"{counts.sold:,} seats sold, {counts.held:,} held, {counts.free:,} free; "
        f"orders in the ledger: {booked}; fans who saw their tickets: {seen:,}"
    )
    for wrong, sentence in (
        (code != 0, "Locust saw failures: they are in the report"),
        (seen == 0, "nobody bought anything"),
        (counts.orders is None or counts.orders < seen, "the ledger has fewer orders than fans saw tickets"),
    ):
        if wrong:
            click.echo(f"loadtests: {sentence}", err=True)
            return 1
    return 0


if __name__ == "__main__":
    main()
