"""Which core does what, and how much CPU time a process has used.

A server under test has a core of its own. We, who send the load, share the other one with Valkey and
Postgres: both sides of a ratio are placed alike. What we start inherits our core, so only servers are moved.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

FIRST: Final = -20
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@cache
def cores() -> tuple[int, ...]:
    """The cores that this process was given at its start."""
    return tuple(sorted(os.sched_getaffinity(0)))


def server_core() -> int:
    return cores()[0]


def client_core() -> int:
    return cores()[-1]


def pin(pid: int, *allowed: int) -> None:
    """Keeps the process, and all it starts from now on, on these cores; 0 is ourselves."""
    os.sched_setaffinity(pid, allowed)


def go_first() -> None:
    """We stand for clients elsewhere, so on our core we wait for nobody; without the right to it we do."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)


def cpu_s(pid: int) -> float:
    """CPU time of all threads of a process, to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
