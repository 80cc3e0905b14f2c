"""What Locust wrote down second by second, as curves and as a table for the report."""

import csv
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtests.delegate import stay_here
from loadtests.report import Chart
from loadtests.watch import Line, Watch

CURVES: Final = ("place", "join", "hold", "order", "pay")
"""The calls whose latency is drawn; all of them are in the table."""
TOTAL: Final = "Aggregated"


def read(prefix: Path, watch: Watch, began_s: float) -> list[Chart]:
    """The curves of Locust's history beside those of the watch, which began at `began_s` (since 1970)."""
    rows = list(csv.DictReader(Path(f"{prefix}_stats_history.csv").read_text("utf-8").splitlines()))
    seen = watch.lines
    return [
        Chart("Arrivals", "users; joins a second", {
            "users": line(rows, TOTAL, "User Count", began_s),
            "joins": line(rows, "join", "Requests/s", began_s),
        }),
        Chart("The line", "fans", {name: seen["sale"][name] for name in ("waiting", "invited", "inside")}),
        Chart("The hall", "seats", {name: seen["sale"][name] for name in ("held", "sold", "free")}),
        Chart("Errors", "a second", {"failures": line(rows, TOTAL, "Failures/s", began_s)}),
        Chart("Latency, median", "ms", {name: line(rows, name, "50%", began_s) for name in CURVES}),
        Chart("Latency, 99th percentile", "ms", {name: line(rows, name, "99%", began_s) for name in CURVES}),
        Chart("CPU of each process", "% of a core", seen["cpu"]),
        Chart("Private memory of each process", "MiB", seen["memory"]),
        Chart("Open descriptors", "number", seen["descriptors"]),
    ]  # fmt: skip


def line(rows: Sequence[dict[str, str]], name: str, column: str, began_s: float) -> Line:
    """One column of one call; seconds in which Locust knows nothing yet are left out."""
    found = ((float(row["Timestamp"]) - began_s, row[column]) for row in rows if row["Name"] == name)
    return [(max(0.0, at_s), float(value)) for at_s, value in found if value not in ("", "N/A")]


def table(prefix: Path) -> list[tuple[str, ...]]:
    """Every call and every refusal: how many, how many wrong, how long."""
    head = ("call", "count", "failures", "p50 ms", "p99 ms", "longest ms")
    columns = ("Name", "Request Count", "Failure Count", "50%", "99%", "Max Response Time")
    with Path(f"{prefix}_stats.csv").open(newline="") as rows:
        return [head, *(tuple(short(row[column]) for column in columns) for row in csv.DictReader(rows))]


def short(cell: str) -> str:
    return f"{float(cell):,.0f}" if cell.replace(".", "", 1).isdigit() else cell


def counts(url: str, sale: str, key: str) -> dict[str, float]:
    """How the sale stands; nothing while the doors do not say."""
    stay_here(url)
    headers = {"Authorization": f"Bearer {key}"}
    asked = urllib.request.Request(f"{url}/v1/sales/{sale}", headers=headers)  # noqa: S310 - as below
    try:
        with urllib.request.urlopen(asked, timeout=5) as reply:  # noqa: S310 - this machine, by http
            told: dict[str, Any] = msgspec.json.decode(reply.read())
    except (OSError, msgspec.DecodeError):
        return {}
    names = ("waiting", "invited", "inside", "held", "sold", "free")
    return {name: float(told[name]) for name in names if name in told}
