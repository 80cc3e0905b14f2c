"""Which core does what, and how much CPU time a process has used.

A server under test has a core of its own. We, who send the load, share the other one with Valkey and
Postgres: both sides of a ratio are placed alike. What we start inherits our core, so only servers are moved.
"""

import os
import time
from contextlib import suppress
from functools import cache
from typing import Final

FIRST: Final = -20
CPUCLOCK_SCHED: Final = 2


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
    """CPU time of all threads of a process, by the clock that Linux keeps of it to the nanosecond.

    Its number is made as clock_getcpuclockid(3) makes it. /proc counts in hundredths of a second, which is
    how long a small slice takes: of some it said 0.
    """
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
