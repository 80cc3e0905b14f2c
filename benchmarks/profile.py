"""Where the time goes: an API worker, the writer and Valkey under a short load of orders.

    python -m benchmarks.profile [FOLDER]      (profiles/ if left out)

Python is profiled by cProfile, which makes calls look dearer than they are: trust the order, not the figures.
Valkey tells its own statistics by command and function; `perf` is asked as well where it is installed.
"""

import os
import pstats
import shutil
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any, Final

import redis

from benchmarks.orders import Usher
from benchmarks.stack import running

FOLDER: Final = Path("profiles")
ORDERS: Final = 1_500
LINES_MAX: Final = 45
PERF_S: Final = 4
PROFILED: Final = ("api", "writer")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["BENCH_PROFILE"] = str(folder.resolve())
    with running() as stack:
        usher = Usher(stack)
        usher.slice(60, 1, 800)
        with redis.Redis.from_url(stack.settings.valkey_url) as client:
            client.config_resetstat()
            client.slowlog_reset()
            for name in PROFILED:
                os.kill(stack.processes[name], signal.SIGUSR1)
            recording = _perf(stack.processes["valkey"], folder)
            speed = usher.slice(ORDERS, 20, 800)
            (folder / "valkey.txt").write_text(_valkey(client), "utf-8")
            if recording is not None:
                recording.wait(30)
    for name in PROFILED:
        (folder / f"{name}.txt").write_text(dearest(folder / f"{name}.prof"), "utf-8")
    _report_perf(folder)
    print(f"{speed:.0f} orders/s under the profilers; what costs most is in {folder}/:")
    for file in sorted(folder.glob("*.txt")):
        print(f"  {file}")


def dearest(file: Path) -> str:
    """The functions that cost most by themselves, and with all they call."""
    told = StringIO()
    stats = pstats.Stats(str(file), stream=told)
    stats.strip_dirs().sort_stats("tottime").print_stats(LINES_MAX)
    stats.sort_stats("cumulative").print_stats(LINES_MAX)
    return told.getvalue()


def _valkey(client: Any) -> str:
    """Commands by the time they took, then the slowest calls."""
    known = client.info("commandstats")
    rows = sorted(known.items(), key=lambda row: -row[1]["usec"])
    lines = [f"{'command':40} {'calls':>9} {'us':>10} {'us a call':>10}"]
    for name, told in rows[:LINES_MAX]:
        counts = f"{told['calls']:9} {told['usec']:10} {told['usec_per_call']:10}"
        lines.append(f"{name.removeprefix('cmdstat_'):40} {counts}")
    cpu = client.info("cpu")
    lines += [
        "",
        f"CPU: user {cpu['used_cpu_user']:.2f} s, system {cpu['used_cpu_sys']:.2f} s",
        "",
        "slowest calls:",
    ]
    for call in client.slowlog_get(16):
        lines.append(f"{call['duration']:9} us  {call['command'][:90]!r}")
    return "\n".join(lines) + "\n"


def _perf(pid: int, folder: Path) -> "subprocess.Popen[bytes] | None":
    """Samples of the server while the load runs; None where perf is not installed."""
    perf = shutil.which("perf")
    if perf is None:
        return None
    command = [perf, "record", "-q", "-e", "cpu-clock", "-g", "-o", str(folder / "valkey.perf")]
    return subprocess.Popen(  # noqa: S603 - perf, with arguments of ours
        [*command, "-p", str(pid), "--", "sleep", str(PERF_S)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _report_perf(folder: Path) -> None:
    perf, samples = shutil.which("perf"), folder / "valkey.perf"
    if perf is None or not samples.exists():
        return
    command = [perf, "report", "--stdio", "--no-children", "-g", "none", "-i", str(samples)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - as above
    lines = [line for line in told.stdout.splitlines() if line.strip() and not line.startswith("#")]
    (folder / "valkey-perf.txt").write_text("\n".join(lines[:LINES_MAX]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
