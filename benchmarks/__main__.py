"""Runs the benchmarks, all or those named, and tells what they found.

    python -m benchmarks [--quick] [NAME ...]      BENCH_JSON=file also writes the findings as JSON

A ratio that misses its mark is told and changes nothing else: the exit code is 0 unless something is broken.
"""

import argparse
import os
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks import charts, table
from benchmarks.finding import Finding

NAMES: Final = ("seats", "place", "hold", "join", "orders", "writer", "fsync", "memory", "growth")
CHARTS: Final = Path("charts")


def main() -> int:
    """0, or 1 when a benchmark could not run or an outcome was wrong."""
    told = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    told.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    told.add_argument("--quick", action="store_true", help="tiny sizes: does it run, not what it measures")
    told.add_argument("--charts", type=Path, default=CHARTS, help="where the SVG files go")
    asked = told.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        told.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    console = Console(width=max(120, Console().width))
    found, broken = run(
        [name for name in NAMES if name in (asked.names or NAMES)], console, quick=asked.quick
    )
    table.show(found, console)
    if file := os.environ.get("BENCH_JSON"):
        table.write(found, Path(file))
        console.print(f"JSON: {file}", highlight=False)
    for chart in charts.write(found, asked.charts):
        console.print(f"chart: {chart}", highlight=False)
    for name in broken:
        console.print(f"[bold red]broken[/]: {name}")
    return 1 if broken else 0


def run(names: list[str], console: Console, *, quick: bool) -> tuple[list[Finding], list[str]]:
    """The findings, and the names of the benchmarks that failed."""
    found: list[Finding] = []
    broken: list[str] = []
    for number, name in enumerate(names, 1):
        console.print(f"[dim]{number}/{len(names)}[/] {name} ...", highlight=False)
        began = time.monotonic()
        try:
            these: list[Finding] = import_module(f"benchmarks.{name}").findings(quick)
        except Exception:  # the other benchmarks are worth running all the same
            traceback.print_exc()
            broken.append(name)
            continue
        found += these
        told = ", ".join(f"{one.name}: {table.number(one.ratio)}" for one in these)
        console.print(f"    {time.monotonic() - began:.0f} s; {told}", highlight=False, soft_wrap=True)
    return found, broken


if __name__ == "__main__":
    sys.exit(main())
