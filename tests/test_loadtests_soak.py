"""The soak, tiny, and its report; what counts as growth."""

import os
import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from stat import S_ISSOCK

import pytest

from loadtests.report import Chart, Said, page, thinned
from loadtests.soak import growth, verdicts, warm
from loadtests.watch import Line, descriptors

ROOT = Path(__file__).parents[1]


def line(*values: float) -> Line:
    return [(float(at), value) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("memory", "kept"),
    [
        (line(*[100.0] * 40), True),
        (line(*(100.0 + at % 3 for at in range(40))), True),
        (line(*(min(at, 8) * 20.0 for at in range(40))), True),
        (line(*(100.0 + at for at in range(40))), False),
    ],
)
def test_memory_that_keeps_growing_after_the_warm_up_is_a_miss(memory: Line, kept: bool) -> None:
    for every_s, found in ((60, kept), (1, True)):
        lines = {"memory": {"api": [(at * every_s, value) for at, value in memory]}}
        said = verdicts(lines, Counter(), 1)
        assert {one.what: one.kept for one in said}["memory of api"] is found, "a short run is not judged"


@pytest.mark.parametrize(
    ("what", "name", "grows", "kept"),
    [
        ("descriptors", "api", False, True),
        ("descriptors", "api", True, False),
        ("descriptors", "postgres", True, False),
        ("sockets", "api", False, True),
        ("sockets", "postgres", True, False),
    ],
)
def test_descriptors_not_given_back_are_a_miss(what: str, name: str, grows: bool, kept: bool) -> None:
    said = verdicts({what: {name: line(*(30.0 + at * grows for at in range(40)))}}, Counter(), 1)
    assert {one.what: one.kept for one in said} == {
        f"{what} of {name}": kept,
        "errors": True,
        "payments taken": True,
    }


def test_sockets_are_told_from_files() -> None:
    def seen() -> tuple[int, int]:
        modes = descriptors(os.getpid())
        return len(modes), sum(map(S_ISSOCK, modes))

    (every, sockets), pair = seen(), socket.socketpair()
    with pair[0], pair[1], Path(__file__).open():
        assert seen() == (every + 3, sockets + 2)
    assert seen() == (every, sockets)


def test_a_wrong_answer_and_nothing_sold_are_misses() -> None:
    said = {one.what: one.kept for one in verdicts({}, Counter({"join: 500": 1}), 0)}
    assert said == {"errors": False, "payments taken": False}


def test_growth_is_that_of_the_fitted_line() -> None:
    assert growth(line(1.0, 2.0, 3.0)) == pytest.approx(2.0)
    assert growth(line(1.0)) == 0.0
    assert warm(line(*range(8)))[0] == (2.0, 2.0)


def test_a_page_loads_nothing_and_says_what_was_missed() -> None:
    told = page("<Load>", "60 s", [Said("errors", "5", False)], [Chart("CPU", "%", {"api": line(1, 2)})])
    assert "&lt;Load&gt;" in told
    assert 'class="missed">MISSED' in told
    assert told.count("<polyline") == 1
    assert not re.search(r"(src|href)=|url\(|@import|https?://", told)


def test_a_long_line_keeps_its_peaks() -> None:
    long = line(*(1.0 if at != 4321 else 9.0 for at in range(10_000)))
    assert len(thinned(long)) <= 600
    assert max(value for _, value in thinned(long)) == 9.0


def test_a_soak_runs_and_reports(tmp_path: Path) -> None:
    argv = ["--quick", "--seconds", "4", "--rate", "40", "--reports", str(tmp_path)]
    ran = subprocess.run(
        [sys.executable, "-m", "loadtests.soak", *argv],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Report:" in ran.stdout, ran.stderr
    assert re.search(r" 4 s: \d+ payments, 0 errors; MiB: .*valkey \d", ran.stdout), ran.stdout
    told = (tmp_path / "soak.html").read_text("utf-8")
    for title in ("Arrivals", "The line and the hall", "Latency", "CPU of each process", "Private memory"):
        assert title in told
