"""The Usher that a rush is aimed at: one that answers already, or one of its own in a temporary folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from usher.process import Program, end, start
from usher.run_folder import RunFolder
from usher.settings import Settings, read_settings

START_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 30
Say = Callable[[str], None]


class NoUsher(Exception):
    """There is no Usher to send a crowd to; the message says why in one sentence."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where the doors and the engines are. `own`: started by the rush, and stopped by it."""

    base_url: str
    valkey_url: str
    postgres_url: str
    settings: Settings
    own: bool

    def processes(self) -> dict[str, int]:
        """Name -> process number of what `usher up` watches now; empty when it runs elsewhere."""
        return {name: one.pid for name, one in RunFolder(self.settings.folder.run).processes().items()}


@contextmanager
def found_or_started(url: str | None, environment: Mapping[str, str], say: Say) -> Iterator[Target]:
    """The Usher at `url`, or at the port of the settings, or one of our own for as long as the block runs."""
    port = environment.get("USHER_PORT", "").strip() or "8000"
    base_url = (url or f"http://127.0.0.1:{port}").rstrip("/")
    if answers(base_url, "/health/live"):
        say(f"The crowd goes to the Usher at {base_url}")
        yield _target(base_url, environment, own=False)
        return
    if url:
        raise NoUsher(f"nothing answers at {url}")
    with tempfile.TemporaryDirectory(prefix="usher-rush-", ignore_cleanup_errors=True) as folder:
        say(f"An Usher of our own is started: none answers at {base_url}")
        with _started(Path(folder), environment) as target:
            yield target


def answers(base_url: str, path: str) -> bool:
    try:
        with urllib.request.urlopen(base_url + path, timeout=3) as response:  # noqa: S310 - http by our settings
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _started(folder: Path, environment: Mapping[str, str]) -> Iterator[Target]:
    port = free_port()
    ours = {
        "USHER_DATA": str(folder / "data"),
        "USHER_PORT": str(port),
        "USHER_DEMO": "0",
        "USHER_HOST": "127.0.0.1",
    }
    log = folder / "up.log"
    child = start(
        Program(
            name="up",
            argv=(sys.executable, "-m", "usher", "up"),
            log=log,
            env=ours,
            stop=signal.SIGTERM,
            orphaned=signal.SIGTERM,
        )
    )
    try:
        _wait_ready(child, f"http://127.0.0.1:{port}", log)
        yield _target(f"http://127.0.0.1:{port}", {**environment, **ours}, own=True)
    finally:
        end(child, signal.SIGTERM, STOP_TIMEOUT_S)


def _wait_ready(child: "subprocess.Popen[bytes]", base_url: str, log: Path) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while not answers(base_url, "/health/ready"):
        if child.poll() is not None or time.monotonic() > until:
            words = log.read_text(errors="replace").strip()[-500:] if log.exists() else ""
            raise NoUsher(f"our own Usher did not start: {words}")
        time.sleep(0.2)


def _target(base_url: str, environment: Mapping[str, str], *, own: bool) -> Target:
    settings = read_settings(environment, make=False)
    told = RunFolder(settings.folder.run).addresses()
    valkey_url = settings.valkey_url or (told.valkey_url if told else "")
    postgres_url = settings.postgres_url or (told.postgres_url if told else "")
    if not valkey_url or not postgres_url or not settings.storefront_key:
        raise NoUsher(
            f"the engines and keys behind {base_url} are unknown: set USHER_DATA to its data folder, "
            "or USHER_VALKEY_URL and USHER_POSTGRES_URL"
        )
    return Target(
        base_url=base_url, valkey_url=valkey_url, postgres_url=postgres_url, settings=settings, own=own
    )


def process_table(target: Target) -> str:
    """One line for a person who wants to kill things meanwhile."""
    table = " ".join(f"{name}={pid}" for name, pid in target.processes().items())
    return f"data folder {target.settings.data}, processes: {table or 'not on this machine'}"


def pids_file(target: Target) -> Path:
    """Where the process numbers stand while they change."""
    return Path(os.fspath(target.settings.folder.run)) / "processes.json"
