"""`usher up` as a person starts it: one page, everything back after a kill, nothing left after a stop."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.soon import soon
from usher.run_folder import RunFolder, born
from usher.up import doors_answer

START_TIMEOUT_S: Final = 180
BACK_TIMEOUT_S: Final = 120
NOBODY: Final = "postgresql://127.0.0.1:9/x"
NAMES: Final = ("admit", "api-1", "postgres", "valkey", "writer")


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An empty folder, a free port and no demo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    data = str(tmp_path_factory.mktemp("up") / "data")
    ours = {"USHER_DATA": data, "USHER_PORT": port, "USHER_DEMO": "0", "USHER_WORKERS": "1"}
    kept = {name: text for name, text in os.environ.items() if not name.startswith("USHER_")}
    return {**kept, **ours}


def url(environment: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{environment['USHER_PORT']}"


def usher(environment: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    argv = (sys.executable, "-m", "usher", *words)
    return subprocess.run(
        argv, env=dict(environment), capture_output=True, text=True, timeout=START_TIMEOUT_S, check=False
    )


@contextmanager
def running(environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    argv = (sys.executable, "-m", "usher", "up")
    with subprocess.Popen(
        argv, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as up:
        try:
            assert soon(lambda: doors_answer(url(environment)) or up.poll() is not None, START_TIMEOUT_S)
            if up.poll() is not None:
                assert up.stdout
                pytest.fail(up.stdout.read())
            yield up
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(START_TIMEOUT_S)


def run_folder(environment: Mapping[str, str]) -> RunFolder:
    return RunFolder(Path(environment["USHER_DATA"]) / "run")


def is_replaced(told: RunFolder, name: str, pid: int) -> bool:
    return told.processes()[name].pid != pid


def test_what_is_killed_comes_back_and_a_stop_leaves_nothing(environment: Mapping[str, str]) -> None:
    told = run_folder(environment)
    with running(environment) as up:
        assert soon(lambda: set(told.processes()) == set(NAMES), BACK_TIMEOUT_S)
        for name in NAMES:
            old = told.processes()[name].pid
            os.kill(old, signal.SIGKILL)
            assert soon(partial(is_replaced, told, name, old), BACK_TIMEOUT_S), name
            assert soon(lambda: doors_answer(url(environment)), BACK_TIMEOUT_S), name
        # The doors are open while Postgres still recovers; the doctor finds that, too.
        assert soon(lambda: usher(environment, "doctor").returncode == 0, BACK_TIMEOUT_S)
        pids = [one.pid for one in told.processes().values()]
    assert up.returncode == 0
    assert [pid for pid in pids if born(pid)] == []
    assert told.addresses() is None


def test_a_second_start_is_refused_in_one_sentence(environment: Mapping[str, str], tmp_path: Path) -> None:
    with running(environment):
        same_folder = usher(environment, "up")
        same_port = usher({**environment, "USHER_DATA": str(tmp_path / "other")}, "up")
    assert (same_folder.returncode, same_port.returncode) == (1, 2)
    assert same_folder.stderr.startswith("usher: Usher runs on ")
    assert same_port.stderr.startswith(f"usher: Port {environment['USHER_PORT']} of 127.0.0.1 cannot be used")
    assert [len(one.stderr.splitlines()) for one in (same_folder, same_port)] == [1, 1]
    assert not (tmp_path / "other").exists()


def test_another_number_of_shards_is_refused(environment: Mapping[str, str]) -> None:
    other = {**environment, "USHER_SHARDS": "32"}
    with running(environment):
        doctor, *refused = (usher(other, command) for command in ("doctor", "writer", "api", "rebuild"))
    refused.append(usher(other, "up"))
    said = "USHER_SHARDS is 32, and what is kept was made with 64: set it to 64, or choose another"
    assert [one.returncode for one in (doctor, *refused)] == [1] * 5
    assert [one.stderr.startswith(f"usher: {said}") for one in refused] == [True] * 4, refused
    assert said[:40] in doctor.stdout


@pytest.mark.parametrize(
    ("changed", "command", "said"),
    [
        ({"USHER_PORT": "eight"}, "up", "usher: USHER_PORT: a whole number from 1 to 65535 is needed\n"),
        ({}, "writer", "usher: Usher is not running on "),
        ({}, "doctor", "usher: Usher is not running on "),
        ({"USHER_POSTGRES_URL": NOBODY}, "up", f"usher: Postgres at {NOBODY}: nothing listens there\n"),
        ({"USHER_HOST": "192.0.2.1"}, "up", "usher: 192.0.2.1 is no address of this machine"),
        ({"USHER_PROT": "9000"}, "up", "usher: USHER_PROT: there is no such setting; the nearest is "),
        ({"USHER_DATA": "/dev/null"}, "up", "usher: /dev/null is not a folder\n"),
    ],
)
def test_what_cannot_start_says_why(
    environment: Mapping[str, str], changed: Mapping[str, str], command: str, said: str
) -> None:
    refused = usher({**environment, **changed}, command)
    assert refused.returncode == 1
    assert refused.stderr.startswith(said)
    assert len(refused.stderr.splitlines()) == 1
    assert "stopped" not in refused.stdout
    assert Path(environment["USHER_DATA"]).exists() is ("Postgres" in said)


def test_the_doctor_makes_nothing(environment: Mapping[str, str]) -> None:
    away = {"USHER_VALKEY_URL": "redis://127.0.0.1:9", "USHER_POSTGRES_URL": NOBODY}
    told = usher({**environment, **away}, "doctor")
    assert told.returncode == 1
    rows = " ".join(told.stdout.split())
    assert "valkey redis://127.0.0.1:9: nothing listens there" in rows
    assert f"postgres {NOBODY}: nothing listens there" in rows
    assert not Path(environment["USHER_DATA"]).exists()


def test_every_command_explains_itself(environment: Mapping[str, str]) -> None:
    listed = usher(environment, "--help").stdout
    assert [name for name in ("up", "api", "writer", "admit", "rush", "rebuild", "doctor") if name in listed]
