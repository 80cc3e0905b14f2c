"""An engine: a real server that Usher prepares, starts and watches."""

import hashlib
import os
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final, Protocol

from usher.process import Program, start

SHORT: Final = Path("/tmp")  # noqa: S108 - the folder is checked to be ours alone
SOCKET_FOLDER_BYTES_MAX: Final = 80
"""A Unix socket's path may have about 100 bytes; the longest name we put into the folder has 18."""


class EngineFailed(Exception):
    """An engine did not start."""


class Engine(Protocol):
    """What the supervisor needs to know of a server."""

    name: str
    url: str

    def prepare(self) -> None:
        """Makes the data folder ready; harmless when it is ready already."""

    def program(self) -> Program:
        """The server, to be started after `prepare`."""

    def answers(self) -> bool:
        """True when the server takes commands."""


def socket_folder(run: Path) -> Path:
    """The folder itself, or one in the temporary folder when a socket's path would be too long there.

    The same folder gets the same one at every start; what another user has put there is left alone.
    """
    run = run.resolve()
    if len(bytes(run)) <= SOCKET_FOLDER_BYTES_MAX:
        return run
    short = SHORT / f"usher-{hashlib.sha256(bytes(run)).hexdigest()[:16]}"
    short.mkdir(mode=0o700, exist_ok=True)
    stands = short.lstat()
    if stat.S_ISDIR(stands.st_mode) and stands.st_uid == os.geteuid() and stands.st_mode & 0o077 == 0:
        return short
    return Path(tempfile.mkdtemp(prefix="usher-", dir=SHORT))


def start_and_wait(engine: Engine, timeout_s: float = 30) -> subprocess.Popen[bytes]:
    """Starts the engine and returns once it answers; raises EngineFailed with its last words."""
    engine.prepare()
    program = engine.program()
    child = start(program)
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if child.poll() is not None:
            break
        if engine.answers():
            return child
        time.sleep(0.02)
    child.kill()
    child.wait()
    raise EngineFailed(f"{engine.name} did not start: {last_words(program.log)}")


def last_words(log: Path, lines_max: int = 3) -> str:
    """The end of a log, on one line."""
    if not log.exists():
        return "it wrote nothing"
    text = log.read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
    return " / ".join(line.strip() for line in text[-lines_max:]) or "it wrote nothing"
