"""What dies is started again and said so; what must end, ends: also when the supervisor is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soon import soon
from usher.process import Program, end, exit_reason, rights_without_root, run, start
from usher.run_folder import RunFolder, Running, born
from usher.supervisor import NOTHING_TO_DO, DidNotStart, Role, Supervisor

SLEEPER = (sys.executable, "-S", "-c", "import time; time.sleep(600)")
PARENT = """
import sys, time
from pathlib import Path
from tests.soon import soon
from usher.process import Program, start
child = start(Program(name="child", argv=(sys.executable, "-S", "-c", "import time; time.sleep(600)"),
                      log=Path(sys.argv[1])))
print(child.pid, flush=True)
time.sleep(600)
"""


def sleeper(folder: Path, name: str = "sleeper", argv: tuple[str, ...] = SLEEPER) -> Program:
    return Program(name=name, argv=argv, log=folder / f"{name}.log")


def said_soon(said: list[str]) -> None:
    assert soon(lambda: bool(said))


def watch_while(supervisor: Supervisor, act: Callable[[], None]) -> None:
    """Watches in this thread, which started the children, while another one acts and asks for the stop."""

    def act_and_stop() -> None:
        try:
            act()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor.listen()
    actor = threading.Thread(target=act_and_stop)
    actor.start()
    try:
        supervisor.watch()
    finally:
        actor.join()
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def test_what_is_killed_is_started_again_within_two_seconds(tmp_path: Path) -> None:
    said: list[str] = []
    run_folder = RunFolder(tmp_path)
    supervisor = Supervisor(run_folder, said.append)
    supervisor.start(Role(program=sleeper(tmp_path), stage=0))
    first = supervisor.pid("sleeper")
    took_s: list[float] = []

    def kill() -> None:
        since = time.monotonic()
        os.kill(first, signal.SIGKILL)
        assert soon(lambda: run_folder.processes()["sleeper"].pid != first)
        took_s.append(time.monotonic() - since)

    watch_while(supervisor, kill)
    assert took_s
    assert took_s[0] < 2
    assert len(said) == 1
    assert said[0].startswith(f"sleeper died (process {first}, SIGKILL); started again as process ")


def test_stop_leaves_nothing_running(tmp_path: Path) -> None:
    supervisor = Supervisor(RunFolder(tmp_path), print)
    for stage, name in enumerate(("doors", "engine")):
        supervisor.start(Role(program=sleeper(tmp_path, name), stage=stage))
    pids = [supervisor.pid("doors"), supervisor.pid("engine")]
    supervisor.stop()
    assert [born(pid) for pid in pids] == ["", ""]
    assert RunFolder(tmp_path).processes() == {}


def test_what_is_done_once_is_not_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(RunFolder(tmp_path), said.append)
    done = sleeper(tmp_path, "demo", (sys.executable, "-S", "-c", ""))
    supervisor.start(Role(program=done, stage=0, once=True))
    watch_while(supervisor, lambda: said_soon(said))
    assert said == ["demo is done"]


def all_done(run: Path) -> None:
    assert soon(lambda: not RunFolder(run).processes())


def test_of_what_was_done_before_nothing_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(RunFolder(tmp_path), said.append)
    again = sleeper(tmp_path, "demo", (sys.executable, "-S", "-c", f"raise SystemExit({NOTHING_TO_DO})"))
    supervisor.start(Role(program=again, stage=0, once=True))
    watch_while(supervisor, lambda: all_done(tmp_path))
    assert said == []


def test_what_ends_at_its_start_is_named_with_its_reason(tmp_path: Path) -> None:
    supervisor = Supervisor(RunFolder(tmp_path), print)
    bad = sleeper(tmp_path, "bad", (sys.executable, "-S", "-c", "raise SystemExit(7)"))
    supervisor.start(Role(program=bad, stage=0, answers=lambda: False))
    with pytest.raises(DidNotStart, match=r"bad ended at once \(exit code 7\)"):
        supervisor.wait_answer("bad", 5)
    supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", PARENT, str(tmp_path / "log"))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert born(child)
        parent.kill()
        parent.wait()
        assert soon(lambda: not born(child))


def test_what_an_earlier_start_left_is_ended_by_the_next(tmp_path: Path) -> None:
    left = start(sleeper(tmp_path))
    run_folder = RunFolder(tmp_path)
    ours = Running(pid=left.pid, born=born(left.pid), stop=signal.SIGTERM)
    strangers = Running(pid=os.getpid(), born="another moment", stop=signal.SIGTERM)
    run_folder.write_processes({"left": ours, "stranger": strangers})
    assert run_folder.end_orphans() == ["left"]
    assert left.wait(5) == -signal.SIGTERM


def test_a_program_without_roots_rights_is_not_root(tmp_path: Path) -> None:
    rights = rights_without_root()
    assert rights is not None
    asked = run((sys.executable, "-S", "-c", "import os; print(os.geteuid())"), rights=rights, timeout_s=10)
    assert int(asked.stdout) != 0


@pytest.mark.parametrize(
    ("code", "reason"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-15, "SIGTERM")]
)
def test_exit_reasons_are_words(code: int, reason: str) -> None:
    assert exit_reason(code) == reason


def test_a_program_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    program = sleeper(tmp_path, "deaf", (sys.executable, "-S", "-c", deaf))
    child = start(program)
    assert soon(lambda: program.log.read_text() != "")
    assert not end(child, signal.SIGTERM, 0.1)
