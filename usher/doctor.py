"""`usher doctor`: a table of what is well and what is not; exit code 1 when something is not."""

import asyncio
import sys

import click
from rich.console import Console
from rich.table import Table

from usher.checkup import Finding, look_at_all
from usher.settings import Settings


@click.command()
def doctor() -> None:
    """Look for what is wrong, and change nothing.

    Looked at are the data folder, processes, engines, functions, schema, alarms, gates and the writer, and
    whether Valkey and Postgres tell the same about every sale, showtime, order, payment, seat and fan.
    """
    from usher.cli import settings_with_engines

    findings = asyncio.run(_findings(settings_with_engines(make=False)))
    Console().print(table_of(findings))
    sys.exit(0 if all(finding.good for finding in findings) else 1)


def table_of(findings: list[Finding]) -> Table:
    table = Table(box=None, show_header=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else "[bold red]✗[/]"
        table.add_row(mark, finding.what, finding.detail)
    return table


async def _findings(settings: Settings) -> list[Finding]:
    return [finding async for finding in look_at_all(settings)]
