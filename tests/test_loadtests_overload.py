"""The open loop: calls timed from when they were due, refusals told apart; and the overload runs, tiny."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.crowd import request
from benchmarks.stack import Server, bare
from loadtests.open_loop import Call, OpenLoop, percentile

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with bare("echo", pinned=False) as started:
        yield started


class Pairs:
    """Each arrival asks twice."""

    def arrive(self) -> Call:
        return Call("first", request("POST", "/", body=b"1"))

    def follow(self, call: Call, reply: bytes) -> Call | None:
        return Call("second", request("POST", "/", body=b"2")) if call.kind == "first" else None


def test_every_arrival_is_answered_whatever_the_lines(echo: Server) -> None:
    for lines in (1, 16):
        loop = OpenLoop(echo.port, lines)
        found = loop.run(Pairs(), rate=400, seconds=0.25)
        loop.close()
        assert found.arrivals > 0
        assert not found.wrong
        assert {kind: len(heard.served) for kind, heard in found.kinds.items()} == dict.fromkeys(
            ("first", "second"), found.arrivals
        )
        assert len(found.lags) == 2 * found.arrivals


def test_two_loads_add_up_to_one_longer_one(echo: Server) -> None:
    loop = OpenLoop(echo.port, 4)
    one, two = (loop.run(Pairs(), rate=400, seconds=seconds) for seconds in (0.1, 0.3))
    loop.close()
    both = one + two
    assert both.seconds == pytest.approx(0.4)
    assert both.arrivals == one.arrivals + two.arrivals
    assert both.latencies() == sorted(one.latencies() + two.latencies())
    assert both.served_per_s("second") == pytest.approx(both.arrivals / 0.4)


def test_a_call_that_had_to_wait_for_a_line_is_timed_from_when_it_was_due(echo: Server) -> None:
    """With one line and all due at nearly once, latencies add up."""
    loop = OpenLoop(echo.port, 1)
    found = loop.run(Pairs(), rate=100_000, seconds=0.005)
    loop.close()
    firsts = sorted(found.kinds["first"].served)
    assert firsts[-1] > 3 * min(found.kinds["second"].served)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value
    assert percentile([], share) == 0.0


def test_overload_runs() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "loadtests.overload", "--quick", "--seconds", "0.5", "--rate", "60"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "goodput at 5x / peak" in ran.stdout
    assert "WRONG" not in ran.stdout
