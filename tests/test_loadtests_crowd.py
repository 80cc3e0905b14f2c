"""Locust let loose on an Usher of its own for a few seconds: fans buy, bots get nothing, lies are seen."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.load import Load
from usher.rush_stack import Target, found_or_started, free_port

ROOT = Path(__file__).parents[1]
RUN_S = 16
ENDS_IN_S = 90
LIE = """
from loadtests.bots import Bot
from loadtests.shapes import Presale
from locust import task

class Liar(Bot):
    def on_start(self): pass

    @task
    def expect_a_refusal_of_what_everybody_may_do(self):
        self.must_be_refused("lie", "GET", "/health/live")

class Shape(Presale): pass
"""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with found_or_started(None, {**os.environ, "USHER_PORT": str(free_port())}, print) as found:
        yield found


def test_fans_buy_and_bots_get_nothing(target: Target, tmp_path: Path) -> None:
    alone = start(target, tmp_path / "alone", "--shape", "spike", "--users", "20")
    distributed = start(
        target, tmp_path / "distributed", "--shape", "storm", "--users", "32", "--workers", "2"
    )
    for child, folder in ((alone, "alone"), (distributed, "distributed")):
        code = child.wait(ENDS_IN_S)
        assert code == 0, (tmp_path / folder / "said").read_text()
        assert len(list((tmp_path / folder).glob("load-*.html"))) == 1
    rows = next((tmp_path / "distributed").glob("*_stats.csv")).read_text()
    for row in (
        "hold, forged pass: bad-token",
        "bent place: bad-token",
        "pay as nobody: bad-token",
        "bought",
    ):
        assert row in rows


def test_an_answer_that_should_have_been_a_refusal_is_a_failure(target: Target, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(LIE)
    load = Load(
        url=target.base_url,
        sale="no-sale-is-needed",
        hold_s=1,
        pay_s=1,
        seats_per_fan=1,
        opens_at_s=0.0,
        shape="presale",
        users=1,
        run_s=2,
        seed=1,
    )
    lied = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(tmp_path / "locustfile.py"), "--headless"],
        env={**os.environ, **load.environment(target.settings.storefront_key)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert lied.returncode == 1
    assert "instead of a refusal" in lied.stdout + lied.stderr


def test_load_goes_to_this_machine_only(tmp_path: Path) -> None:
    """The address is refused before anything is sent: nothing answers there, and nothing is asked."""
    asked = subprocess.run(
        [sys.executable, "-m", "loadtests", "--url", "http://192.0.2.1:9", "--reports", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert asked.returncode == 1
    assert "loopback only" in asked.stderr


def start(target: Target, folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    sizes = ("--seconds", str(RUN_S), "--reports", str(folder), "--url", target.base_url)
    with (folder / "said").open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "loadtests", *sizes, *arguments],
            env={**os.environ, "USHER_DATA": str(target.settings.data)},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
