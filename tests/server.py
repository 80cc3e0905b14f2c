"""A Valkey or Redis server of a test's own, to be killed, restarted and put into clusters."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import redis

from usher.valkey_engine import find_server

START_TIMEOUT_S: Final = 10
REDIS_7: Final = shutil.which("redis-server")
BUS_ABOVE: Final = 10_000
PORT_MAX: Final = 65_535 - BUS_ABOVE
_GIVEN: Final = set[int]()
"""The nodes of a cluster are all named before the first one starts: the kernel would give a port again."""


class Server:
    """One server process on a loopback port, its journal kept in `folder` over restarts."""

    def __init__(self, folder: Path, binary: str | Path | None = None, **options: str) -> None:
        self.port = _free_port()
        self.url = f"valkey://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = options
        self._binary = str(binary or find_server())
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> "Server":
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "no",  # A killed process loses nothing that the kernel already has.
            "save": "",
            "enable-debug-command": "local",
            **self._options,
        }
        argv = [part for name, value in options.items() for part in (f"--{name}", value)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._binary, *argv], stdout=log, stderr=log)
        self._wait_until_it_answers()
        return self

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            try:
                with self.client() as client:
                    client.ping()
                return
            except redis.exceptions.ConnectionError:
                time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text())


def _free_port() -> int:
    """A port that is free, with the one 10,000 above it for the cluster bus; none is given out twice."""
    while True:
        with socket.socket() as door, socket.socket() as bus:
            door.bind(("127.0.0.1", 0))
            port: int = door.getsockname()[1]
            if port > PORT_MAX or _GIVEN & {port, port + BUS_ABOVE}:
                continue
            try:
                bus.bind(("127.0.0.1", port + BUS_ABOVE))
            except OSError:
                continue
        _GIVEN.update((port, port + BUS_ABOVE))
        return port
