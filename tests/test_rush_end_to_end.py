"""One Usher of its own: the README's commands as pasted, then a small rush with a worker killed meanwhile."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import WaitUntil
from usher.engine import last_words
from usher.process import end
from usher.rush_report import Report
from usher.rush_stack import Target, found_or_started, free_port

START_TIMEOUT_S = 120
RUSH_TIMEOUT_S = 300
ROOT = Path(__file__).parents[1]
PASTED = (
    '"durability":"',
    '"state":"sent"',
    '-1","showtime":"night-1930","seat":',
    '"checked_in_at":"',
    '"tickets":2',
    '"net_due":6272',
    '"sold":["C-5","C-6"]',
    '"state":"closed"',
)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    environment = {**os.environ, "USHER_PORT": str(free_port())}
    with found_or_started(None, environment, print) as found:
        yield found


def test_the_readme_can_be_pasted(target: Target, tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    chapter = text[text.index("## Delegating a showtime") : text.index("## A rush")]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL))
    assert "http://127.0.0.1:8000" in script
    (tmp_path / "data").symlink_to(target.settings.data)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    pasted = subprocess.run(
        ["bash", "-eu", "-c", script.replace("http://127.0.0.1:8000", target.base_url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=RUSH_TIMEOUT_S,
        check=False,
    )
    assert pasted.returncode == 0, pasted.stderr
    for expected in PASTED:
        assert expected in pasted.stdout
    assert re.findall("/problems/[a-z-]+", pasted.stdout) == ["/problems/already-paid"], (
        "paid twice on purpose"
    )


async def test_a_rush_survives_a_killed_worker(target: Target, tmp_path: Path, wait_until: WaitUntil) -> None:
    said, report_path = tmp_path / "said", tmp_path / "report.json"
    crowd = ("--fans", "150", "--showtimes", "1", "--seed", "4", "--minutes-max", "4")
    child = start_rush(target, said, *crowd, "--json", str(report_path))
    try:
        await wait_until(lambda: " sold, " in said.read_text(), timeout_s=START_TIMEOUT_S)
        os.kill(target.processes()["api-1"], signal.SIGKILL)
        with suppress(AssertionError):  # what it has said so far tells more
            await wait_until(lambda: child.poll() is not None, timeout_s=RUSH_TIMEOUT_S)
    finally:
        end(child, signal.SIGKILL, 0)
    logs = "\n".join(f"{log.name}: {last_words(log)}" for log in target.settings.folder.log.glob("*.log"))
    assert child.returncode == 0, f"{said.read_text()}\n{logs}"
    report = msgspec.json.decode(report_path.read_bytes(), type=Report)
    assert report.sold_out
    assert report.orders == report.orders_in_postgres > 0
    assert report.refusals_checked > 0
    assert report.refunds_sent == report.counts["orders paid late"] > 0
    assert asked(target, "/v1/refunds")["refunds"] == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_stopped_rush_closes_its_sale(
    target: Target, tmp_path: Path, wait_until: WaitUntil, number: signal.Signals, code: int
) -> None:
    said = tmp_path / "said"
    child = start_rush(target, said, "--fans", "150", "--showtimes", "1")
    try:
        await wait_until(lambda: " sold, " in said.read_text(), timeout_s=START_TIMEOUT_S)
        child.send_signal(number)
        await wait_until(lambda: child.poll() is not None, timeout_s=START_TIMEOUT_S)
    finally:
        end(child, signal.SIGKILL, 0)
    closed = re.search(r"^The sale (rush-\S+) is closed\.$", said.read_text(), re.MULTILINE)
    assert closed, said.read_text()
    assert child.returncode == code
    assert said.read_text().endswith(f"usher: stopped by {number.name}\n")
    # The worker that is asked may hear of it a quarter of a second after the one that closed it.
    await wait_until(lambda: asked(target, f"/v1/sales/{closed[1]}")["state"] == "closed")


def asked(target: Target, path: str) -> Any:
    key = {"Authorization": f"Bearer {target.settings.storefront_key}"}
    return httpx.get(target.base_url + path, headers=key).json()


def start_rush(target: Target, said: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    with said.open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "usher", "rush", "--url", target.base_url, *arguments],
            env={**os.environ, "USHER_DATA": str(target.settings.data)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
