"""`usher rush`: a crowd through the real doors, then the proofs."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import NoReturn, cast

import click
import msgspec
import uvloop
from rich.console import Console

from allocator.importing import PlanFormat
from allocator.plan import BadPlan
from usher.data_folder import DataFolderUnusable
from usher.rush_door import GaveUp
from usher.rush_evidence import NeverCaughtUp
from usher.rush_progress import Bar, PlainLines
from usher.rush_report import Report, table_of
from usher.rush_run import Rush, Wish
from usher.rush_sale import CannotDelegate, plan_of
from usher.rush_stack import NoUsher, Target, found_or_started, pids_file, process_table
from usher.rush_stop import Stopped, listen, until_stopped
from usher.settings import BadSetting

PLAIN_COLUMNS = 120


class Count(click.IntRange):
    """A number of things."""

    name = "whole number"


class Minutes(click.FloatRange):
    name = "number"


@click.command()
@click.option("--fans", type=Count(1, 1_000_000), default=2_000, show_default=True)
@click.option("--showtimes", type=Count(1, 500), default=3, show_default=True)
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A seat plan.")
@click.option("--plan-format", type=click.Choice(["usher", "pretix", "seatsio"]), help="Default: detected.")
@click.option("--json", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="The report.")
@click.option("--url", help="The Usher to aim at; default: the settings' port, else one of its own.")
@click.option("--seed", type=int, default=None, help="The same seed gives the same crowd.")
@click.option("--capacity", type=Count(1), help="Shoppers inside at once; default: fits the hall.")
@click.option("--minutes-max", type=Minutes(min=0), default=10.0, show_default=True)
def rush(
    fans: int,
    showtimes: int,
    plan: Path | None,
    plan_format: str | None,
    report_path: Path | None,
    url: str | None,
    seed: int | None,
    capacity: int | None,
    minutes_max: float,
) -> None:
    """Send a crowd to a sale of its own; prove that all went well."""
    if report_path and not os.access(report_path.parent, os.W_OK):
        give_up(
            f"the report cannot be written: {report_path.parent} is no folder that this user can write to"
        )
    listen()
    console = Console(width=None if sys.stdout.isatty() else PLAIN_COLUMNS)
    try:
        wish = Wish(
            fans=fans,
            showtimes=showtimes,
            plan=plan_of(plan, cast("PlanFormat | None", plan_format)),
            seed=seed if seed is not None else int(time.time()) % 100_000,
            capacity=capacity,
            minutes_max=minutes_max,
        )
        with found_or_started(url, os.environ, console.print) as target:
            console.print(f"Seed {wish.seed}; {process_table(target)}", highlight=False, soft_wrap=True)
            console.print(
                f"They stand, as they change, in {pids_file(target)}", highlight=False, soft_wrap=True
            )
            report = run_rush(wish, target, console)
    except Stopped as stopped:
        click.echo(f"usher: {stopped}", err=True)
        sys.exit(stopped.exit_code)
    except BadPlan as bad:
        give_up(f"the plan cannot be used: {bad}")
    except (NoUsher, CannotDelegate, NeverCaughtUp, GaveUp, BadSetting, DataFolderUnusable) as error:
        give_up(str(error))
    if report_path:
        report_path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    console.print(table_of(report))
    if report_path:
        console.print(f"The report is in {report_path}", highlight=False, soft_wrap=True)
    if not report.passed:
        give_up("a proof failed" if not report.out_of_time else "time was up before the sale was sold out")


def run_rush(wish: Wish, target: Target, console: Console) -> Report:
    """The rush on an event loop of its own, with a bar for people and plain lines for files."""
    with uvloop_runner() as runner:
        if not console.is_terminal:
            return runner.run(until_stopped(Rush(wish, target, console.print, PlainLines().show).run()))
        with Bar(console) as bar:
            return runner.run(until_stopped(Rush(wish, target, bar.console.print, bar.show).run()))


def uvloop_runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def give_up(sentence: str) -> NoReturn:
    click.echo(f"usher: {sentence}", err=True)
    sys.exit(1)
