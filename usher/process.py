"""A program under our watch: it dies with us, and can run without root's rights.

On Linux the kernel ends a child when its parent is gone (PR_SET_PDEATHSIG), even when the parent was killed.
Elsewhere the next start ends what the last one left behind (see `usher.run_folder`).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

LOG_BYTES_MAX: Final = 16 * 1024 * 1024
NOBODY: Final = 65534
_CLONE_NEWUSER: Final = 0x10000000
_PR_SET_PDEATHSIG: Final = 1
_LINUX: Final = sys.platform == "linux"
_libc: Final = ctypes.CDLL(None, use_errno=True)

Rights = Literal["ours", "namespace", "nobody"]
"""Whose rights a program has: ours, ours seen as an ordinary user, or the user nobody's."""


class Program(Struct, frozen=True, kw_only=True):
    """What to run, and how it is asked to stop."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = {}
    fds: tuple[int, ...] = ()
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    rights: Rights = "ours"


def start(program: Program) -> subprocess.Popen[bytes]:
    """Starts the program in a session of its own, its words going to its log.

    Call it from the main thread: the kernel takes the end of the starting thread for the end of the parent.
    """
    if program.log.exists() and program.log.stat().st_size > LOG_BYTES_MAX:
        program.log.replace(program.log.with_suffix(".log.1"))
    with program.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the programs are our own
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.env},
            pass_fds=program.fds,
            start_new_session=True,
            preexec_fn=_before_exec(program.rights, program.orphaned),
        )


def run(
    argv: tuple[str, ...], *, rights: Rights, timeout_s: float, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a short program to its end, tells it what is `said`, and returns what it answered."""
    return subprocess.run(  # noqa: S603 - the programs are our own
        argv,
        input=said,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        preexec_fn=_before_exec(rights, signal.SIGKILL),
    )


@cache
def rights_without_root() -> Rights | None:
    """How this machine lets a root give up its rights for a program; None if it does not."""
    if os.geteuid() != 0:
        return "ours"
    ways: tuple[Rights, ...] = ("namespace", "nobody") if _LINUX else ("nobody",)
    for rights in ways:
        try:
            if run((sys.executable, "-S", "-c", ""), rights=rights, timeout_s=10).returncode == 0:
                return rights
        except (OSError, subprocess.SubprocessError):
            continue
    return None


def end(child: subprocess.Popen[bytes], how: signal.Signals, timeout_s: float) -> bool:
    """Asks the child to stop, kills it after the time-out; True if it stopped by itself."""
    if child.poll() is None:
        child.send_signal(how)
    try:
        child.wait(timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False
    return True


def exit_reason(code: int) -> str:
    """`exit code 1` or `SIGKILL`."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _before_exec(rights: Rights, orphaned: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if rights == "namespace":
            _enter_namespace()
        elif rights == "nobody":
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        if _LINUX:
            _libc.prctl(_PR_SET_PDEATHSIG, int(orphaned), 0, 0, 0)
            if os.getppid() != parent:  # the parent was gone before the kernel knew of our wish
                os._exit(1)

    return prepare


def _enter_namespace() -> None:
    """Puts this process into a user namespace where it is user 1000; its files stay root's outside."""
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", "1000 0 1"), ("gid_map", "1000 0 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(fd, text.encode())
        os.close(fd)
