"""What runs now, told to people and to the next start: `processes.json` and `engines.json`."""

import os
import signal
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from usher.process import run

ORPHAN_STOP_TIMEOUT_S: Final = 10


class Running(Struct, frozen=True, kw_only=True):
    """One process; `born` tells it from a later one that got the same number."""

    pid: int
    born: str
    stop: int


class Addresses(Struct, frozen=True, kw_only=True):
    """Where the engines and the doors are."""

    valkey_url: str
    postgres_url: str
    base_url: str


class RunFolder:
    """The two files; both are replaced whole."""

    def __init__(self, path: Path) -> None:
        self._processes = path / "processes.json"
        self._addresses = path / "engines.json"

    def write_processes(self, processes: dict[str, Running]) -> None:
        _replace(self._processes, processes)

    def write_addresses(self, addresses: Addresses) -> None:
        _replace(self._addresses, addresses)

    def processes(self) -> dict[str, Running]:
        """What ran when the file was last written; empty when there is none."""
        try:
            return msgspec.json.decode(self._processes.read_bytes(), type=dict[str, Running])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def addresses(self) -> Addresses | None:
        try:
            return msgspec.json.decode(self._addresses.read_bytes(), type=Addresses)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def clear(self) -> None:
        self._processes.unlink(missing_ok=True)
        self._addresses.unlink(missing_ok=True)

    def end_orphans(self, timeout_s: float = ORPHAN_STOP_TIMEOUT_S) -> list[str]:
        """Ends what a killed `usher up` left running and names it; call it under the folder's lock."""
        left = {name: one for name, one in self.processes().items() if born(one.pid) == one.born}
        for one in left.values():
            _signal(one, one.stop)
        until = time.monotonic() + timeout_s
        while any(born(one.pid) == one.born for one in left.values()) and time.monotonic() < until:
            time.sleep(0.05)
        for one in left.values():
            _signal(one, signal.SIGKILL)
        self.clear()
        return list(left)


def born(pid: int) -> str:
    """When this process was started, in the system's own words; empty when it is gone."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] == "Z" else fields[19]
    asked = run(("ps", "-o", "lstart=", "-p", str(pid)), rights="ours", timeout_s=5)
    return asked.stdout.strip()


def _signal(one: Running, number: int) -> None:
    if born(one.pid) == one.born:
        try:
            os.kill(one.pid, number)
        except ProcessLookupError:
            return


def _replace(path: Path, value: object) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))
    draft.replace(path)
