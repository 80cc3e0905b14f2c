"""The two engines of a fault campaign: they are ours to kill, to stop, to starve and to take bytes from."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from usher.engine import Engine
from usher.postgres_engine import PostgresEngine
from usher.process import end, start
from usher.valkey_engine import ValkeyEngine

LOOK_S: Final = 0.02
AGAIN_S: Final = 0.25
STOP_S: Final = 20
UNLIMITED: Final = resource.RLIM_INFINITY
REFUSE_WRITES: Final = (
    "import os, sys; from signal import *; signal(SIGXFSZ, SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
)
"""A write beyond the limit of a file's size then fails as on a full disk, instead of ending the process."""


class Kept:
    """An engine that is started again when it dies, unless `held`; its files grow up to `bytes_max`."""

    def __init__(self, engine: Engine, log: Path, *options: str) -> None:
        self.engine = engine
        self.held = False
        self.starts = 0
        self.bytes_max = UNLIMITED
        self._log = log
        self._options = options
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = self.engine.program()
        argv = (sys.executable, "-S", "-c", REFUSE_WRITES, *program.argv, *self._options)
        self._child = start(replace(program, argv=argv, orphaned=signal.SIGKILL))
        self.starts += 1
        self.limit(self.bytes_max)

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            if not self.alive and not self.held:
                await asyncio.sleep(AGAIN_S)
                if not self.held:
                    self.start()
            await asyncio.sleep(LOOK_S)

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def pids(self) -> list[int]:
        """The server and what it has started."""
        assert self._child is not None
        pid = self._child.pid
        with suppress(OSError):
            return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        return [pid]

    def signal(self, number: signal.Signals) -> None:
        for pid in self.pids() if self.alive else []:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def deaths(self) -> int:
        """How often it died, or lost its children to a write that failed."""
        return self.starts + self._log.read_bytes().count(b"PANIC")

    def wait(self) -> None:
        """Returns when a killed server is gone."""
        assert self._child is not None
        self._child.wait()

    def limit(self, bytes_max: int) -> None:
        """From here on no file of this server can be written beyond so many bytes."""
        self.bytes_max = bytes_max
        for pid in self.pids() if self.alive else []:
            with suppress(OSError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes_max, UNLIMITED))

    def end(self) -> None:
        self.held = True
        if self._child is not None:
            self.signal(signal.SIGCONT)
            end(self._child, self.engine.program().stop, STOP_S)


class Journal:
    """The append-only file of a Valkey whose data lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "appendonlydir"

    def newest(self) -> Path:
        """The file that grows now."""
        return max(self._folder.glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))

    def size(self) -> int:
        return self.newest().stat().st_size

    def cut(self, path: Path, bytes_left: int) -> int:
        """Leaves the first `bytes_left`; how many are gone: none if it is not the newest file any more."""
        gone = path.stat().st_size - bytes_left
        if path != self.newest() or gone <= 0:
            return 0
        os.truncate(path, bytes_left)
        return gone


def valkey(folder: Path, appendfsync: str) -> Kept:
    log = folder / "valkey.log"
    return Kept(ValkeyEngine(folder / "valkey", folder, log), log, "--appendfsync", appendfsync)


def postgres(folder: Path) -> Kept:
    log = folder / "postgres.log"
    return Kept(PostgresEngine(folder / "postgres", folder, log), log)
