"""One slice of HTTP load: wall time and the server's CPU time of a request, in microseconds."""

from collections.abc import Callable, Sequence

from benchmarks.cores import cpu_s
from benchmarks.crowd import LINES, Listed, Script, run
from benchmarks.measure import Slice
from benchmarks.stack import Server

Check = Callable[[list[bytes]], None]


def follow(server: Server, script: Script, requests: int, lines: int = LINES) -> Slice:
    """The script to its end, `requests` requests in all."""
    before = cpu_s(server.pid)
    wall = run(server.port, script, lines)
    return wall * 1e6 / requests, (cpu_s(server.pid) - before) * 1e6 / requests


def send(server: Server, requests: Sequence[bytes], check: Check) -> Slice:
    """All requests, and the outcomes checked after the clock has stopped."""
    script = Listed(requests)
    spent = follow(server, script, len(requests))
    assert len(script.replies) == len(requests)
    check(script.replies)
    return spent
