"""The servers that a benchmark needs, as long as it runs: Usher as `usher up` starts it, and bare ones."""

import asyncio
import http.client
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.cores import client_core, cores, pin, server_core
from usher.engine import start_and_wait
from usher.postgres_engine import PostgresEngine
from usher.process import Program, end, start
from usher.rush_stack import free_port
from usher.settings import Settings, read_settings
from usher.valkey_engine import ValkeyEngine
from usher.work import prepare

START_TIMEOUT_S: Final = 60.0
LISTENING: Final = "0A"


class Server(msgspec.Struct, frozen=True):
    """One listening process."""

    port: int
    pid: int


class Stack:
    """One Usher with an API worker, a writer and both engines; `door` has a core of its own if `pinned`."""

    def __init__(self, settings: Settings, processes: Mapping[str, int], door: Server) -> None:
        self.settings = settings
        self.processes = processes
        self.door = door

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """One call as the storefront, before or after the clock; its answer must be a good one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=30)
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        bearer = self.settings.storefront_key if key is None else key
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        connection.request(method, path, content, headers)
        reply = connection.getresponse()
        said = reply.read()
        connection.close()
        assert reply.status < 300, f"{method} {path}: {reply.status} {said[:300]!r}"
        return msgspec.json.decode(said) if said else None


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, tuple[str, int]]]:
    """Valkey and Postgres as the product starts them: name -> address and process."""
    (folder / "run").mkdir(mode=0o700)
    started: dict[str, tuple[str, int]] = {}
    with ExitStack() as stack:
        for engine in (
            ValkeyEngine(folder / "valkey", folder / "run", folder / "valkey.log"),
            PostgresEngine(folder / "postgres", folder / "run", folder / "postgres.log"),
        ):
            child = start_and_wait(engine)
            stack.callback(end, child, engine.program().stop, 20)
            started[engine.name] = engine.url, child.pid
        yield started


@contextmanager
def running(*, pinned: bool = True, doors: int = 1) -> Iterator[Stack]:
    """Usher, started in a folder that goes away. Not pinned, everything runs where the kernel puts it.

    `doors`: API workers on one port.
    """
    with (
        _on(*((client_core(),) if pinned else cores())),
        tempfile.TemporaryDirectory(prefix="usher-bench-") as name,
        engines(Path(name)) as addresses,
        ExitStack() as stack,
    ):
        folder, port = Path(name), free_port()
        environment = {
            "USHER_DATA": str(folder / "data"),
            "USHER_PORT": str(port),
            "USHER_DEMO": "0",
            "USHER_LOG_LEVEL": "warning",
            "USHER_VALKEY_URL": addresses["valkey"][0],
            "USHER_POSTGRES_URL": addresses["postgres"][0],
        }
        settings = read_settings(environment)
        asyncio.run(prepare(settings))
        processes = {engine: pid for engine, (_, pid) in addresses.items()}
        for process in ("writer", "api", *(f"api-{n}" for n in range(2, doors + 1))):
            program = _started(process, _command(process), folder, environment)
            processes[process] = stack.enter_context(program)
        if pinned:
            pin(processes["api"], server_core())
        _wait_listening(port, doors)
        wait_ready(port, "/health/ready", folder / "api.log")
        yield Stack(settings, processes, Server(port, processes["api"]))


@contextmanager
def bare(
    application: str, *, pinned: bool = True, doors: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """One of the applications of `benchmarks.raw`, or `module:name`, under the same server flags."""
    port = free_port()
    argv = (sys.executable, "-m", "benchmarks.raw", str(port), application)
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as name, ExitStack() as stack:
        folder, pids = Path(name), []
        for number in range(doors):
            program = _started(f"bare-{number}", argv, folder, environment or {})
            pids.append(stack.enter_context(program))
        if pinned:
            pin(pids[0], server_core())
        _wait_listening(port, doors)
        wait_ready(port, "/", folder / "bare-0.log")
        yield Server(port, pids[0])


def wait_ready(port: int, path: str, log: Path) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            pass
        finally:
            connection.close()
        assert time.monotonic() < until, f"did not start: {log.read_text(errors='replace')[-1000:]}"
        time.sleep(0.05)


def _command(name: str) -> tuple[str, ...]:
    """A command of `usher`, under a profiler when `make profile` asks for it."""
    folder = os.environ.get("BENCH_PROFILE")
    command = name.partition("-")[0]
    if not folder:
        return (sys.executable, "-m", "usher", command)
    return (sys.executable, "-m", "benchmarks.profiled", str(Path(folder) / f"{name}.prof"), command)


def _wait_listening(port: int, sockets: int) -> None:
    """Until so many processes listen on the port: each has a socket of its own."""
    until = time.monotonic() + START_TIMEOUT_S
    at = f":{port:04X}"
    while True:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if sum(row[1].endswith(at) and row[3] == LISTENING for row in rows) >= sockets:
            return
        assert time.monotonic() < until, f"{sockets} servers on port {port} did not start"
        time.sleep(0.05)


@contextmanager
def _on(*allowed: int) -> Iterator[None]:
    """This process and what it starts are on these cores meanwhile."""
    pin(0, *allowed)
    try:
        yield
    finally:
        pin(0, *cores())


@contextmanager
def _started(name: str, argv: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    child = start(Program(name=name, argv=argv, log=folder / f"{name}.log", env=environment))
    try:
        yield child.pid
    finally:
        # A server ends itself by the signal it was asked with; by SIGTERM a profile would die unwritten.
        end(child, signal.SIGINT if "BENCH_PROFILE" in os.environ else signal.SIGTERM, 20)
