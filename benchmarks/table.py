"""What was found, for people and for programs."""

from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.finding import Finding, Reading


def show(findings: list[Finding], console: Console) -> None:
    """A table of all ratios with their marks, and beneath each what both sides read."""
    table = Table(title="Ratios in one run, A-B-B-A, medians", title_justify="left", show_lines=False)
    for name in ("what", "ratio", "spread", "mark", "met", "how"):
        table.add_column(name, justify="left" if name in ("what", "how") else "right", overflow="fold")
    for one in findings:
        least, most = one.spread
        table.add_row(
            f"[bold]{one.name}[/]",
            f"[bold]{number(one.ratio)}[/] {one.unit}".strip(),
            f"{number(least)} to {number(most)}",
            str(one.mark or ""),
            {None: "", True: "[green]yes[/]", False: "[bold red]NO[/]"}[one.met],
            one.note,
        )
        for side in one.sides:
            table.add_row(f"  [dim]{told(side)}[/]", "", "", "", "", "")
    console.print(table)
    missed = [one.name for one in findings if one.met is False]
    marked = sum(one.mark is not None for one in findings)
    console.print(f"{marked - len(missed)} of {marked} marks met." if marked else "No marks.")
    for name in missed:
        console.print(f"  missed: {name}", highlight=False)


def told(side: Reading) -> str:
    """`hold, clock: 312 us (298 to 340)`."""
    spread = f" ({number(side.least)} to {number(side.most)})" if side.least != side.most else ""
    return f"{side.what}: {number(side.median)} {side.unit}{spread}"


def number(value: float) -> str:
    """Three digits that count."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def write(findings: list[Finding], file: Path) -> None:
    """The findings as JSON, a list."""
    rows: list[dict[str, Any]] = []
    for one in findings:
        row: dict[str, Any] = msgspec.to_builtins(one)
        row["met"] = one.met
        rows.append(row)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
