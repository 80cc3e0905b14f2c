"""What the processes use while a load runs, and how the sale stands: looked at once a second."""

import contextlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from stat import S_ISSOCK
from typing import Final

from benchmarks.cores import cpu_s

EVERY_S: Final = 1.0
SAMPLES_MAX: Final = 100_000
Line = list[tuple[float, float]]
"""(seconds since the start, value) in the order of time."""
Lines = dict[str, Line]


class Watch:
    """Series by what they measure (`cpu`, `memory`, `descriptors`, their `sockets`, `sale`), then by name.

    `processes` is asked at every look, for what is killed comes back under another number; `sale` gives
    counts by name. Memory is the private part of a process and its children in MiB: buffers that Postgres
    shares among its own are no leak.
    """

    def __init__(
        self, processes: Callable[[], Mapping[str, int]], sale: Callable[[], Mapping[str, float]]
    ) -> None:
        self.lines: dict[str, Lines] = defaultdict(lambda: defaultdict(list))
        self._processes = processes
        self._sale = sale
        self._began_s = time.monotonic()
        self._cpu: dict[str, tuple[int, float, float]] = {}

    @property
    def now_s(self) -> float:
        return time.monotonic() - self._began_s

    def look(self) -> None:
        """One sample of everything; what is gone by now is left out."""
        for name, pid in self._processes().items():
            with contextlib.suppress(OSError, ValueError):
                self._look_at(name, pid)
        for name, value in self._sale().items():
            self.note("sale", name, value)

    def note(self, what: str, name: str, value: float) -> None:
        self.lines[what][name].append((self.now_s, value))

    def _look_at(self, name: str, pid: int) -> None:
        pids = [pid, *children(pid)]
        now_s, spent_s = self.now_s, sum(map(cpu_s, pids))
        before = self._cpu.get(name)
        if before is not None and before[0] == pid and now_s > before[1]:
            self.note("cpu", name, max(0.0, spent_s - before[2]) / (now_s - before[1]) * 100)
        self._cpu[name] = pid, now_s, spent_s
        self.note("memory", name, sum(map(private_kib, pids)) / 1024)
        modes = [*chain.from_iterable(map(descriptors, pids))]
        self.note("descriptors", name, len(modes))
        self.note("sockets", name, sum(map(S_ISSOCK, modes)))


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def private_kib(pid: int) -> int:
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("RssAnon:"):
            return int(row.split()[1])
    return 0


def descriptors(pid: int) -> list[int]:
    """The mode of what each of them is open on, which says what it is."""
    found = []
    with os.scandir(f"/proc/{pid}/fd") as listed:
        for one in listed:
            with contextlib.suppress(FileNotFoundError):  # closed since
                found.append(one.stat().st_mode)
    return found


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Looks once a second, in a thread, until the block ends."""
    ended = threading.Event()

    def run() -> None:
        for _ in range(SAMPLES_MAX):
            watch.look()
            if ended.wait(EVERY_S):
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join(10)
