"""`usher up`: everything on one machine, from an empty folder to open doors, and back to nothing running."""

import asyncio
import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from asyncpg import PostgresError
from msgspec.structs import replace
from rich.console import Console

from ledger.migrations import MigrationChanged, NewerDatabase
from ledger.shards import OtherShards
from store.unavailable import StoreUnavailable
from usher.away import shown, why_away
from usher.engine import Engine, EngineFailed, last_words
from usher.port import HostUnusable, open_port
from usher.postgres_engine import PostgresEngine
from usher.process import Program
from usher.run_folder import Addresses, RunFolder
from usher.settings import Settings
from usher.supervisor import DidNotStart, Role, Supervisor
from usher.valkey_engine import ValkeyEngine
from usher.work import prepare

ENGINE_TIMEOUT_S: Final = 60
DOORS_TIMEOUT_S: Final = 30
GATES_TIMEOUT_S: Final = 10
STAGES: Final = {"api": 0, "admit": 1, "writer": 2, "engine": 3}
"""Doors close first, then nobody is called in, then the outbox is written out, then the engines stop."""


STOPPED: Final = "stopped"


class CannotStart(Exception):
    """`usher up` cannot do its work; the message says why in one sentence."""


class Up:
    """One run of `usher up`."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._run = RunFolder(settings.folder.run)
        self._supervisor = Supervisor(self._run, self._say)
        self._folder = settings.folder

    def run(self) -> None:
        """Returns after a stop was asked for and all is stopped; raises CannotStart and its like before."""
        self._folder.lock()
        try:
            self._folder.check_space()
            if left := self._run.end_orphans():
                self._say(f"ended what an earlier start left running: {', '.join(left)}")
            with open_port(self._settings.host, self._settings.port, shared=False) as listening:
                self._run_on(listening)
        finally:
            self._folder.unlock()

    def _run_on(self, listening: socket.socket) -> None:
        self._supervisor.listen()
        self._console.print(f"[bold]Usher {version('usher')}[/] on {self._settings.data}")
        try:
            self._start(listening)
            if not self._supervisor.stopping:
                self._tell()
            self._supervisor.watch()
        except BaseException:
            self._supervisor.stop()
            raise
        with self._timed(STOPPED):
            self._supervisor.stop()

    def _start(self, listening: socket.socket) -> None:
        self._start_engines()
        with self._timed("schema and functions"):
            self._prepare()
        if self._supervisor.stopping:
            return
        with self._timed("doors"):
            self._start_processes(listening)
            self._wait_for_doors()
        if self._settings.demo:
            self._supervisor.start(
                Role(program=self._program("demo", "demo"), stage=STAGES["api"], once=True)
            )

    def _start_engines(self) -> None:
        folder = self._settings.folder
        engines: list[Engine] = []
        if not self._settings.valkey_url:
            engines.append(ValkeyEngine(folder.valkey, folder.run, folder.log / "valkey.log"))
            self._settings = replace(self._settings, valkey_url=engines[-1].url)
        if not self._settings.postgres_url:
            engines.append(PostgresEngine(folder.postgres, folder.run, folder.log / "postgres.log"))
            self._settings = replace(self._settings, postgres_url=engines[-1].url)
        for engine in engines:
            with self._timed(engine.name):
                engine.prepare()
                role = Role(program=engine.program(), stage=STAGES["engine"], answers=engine.answers)
                self._supervisor.start(role)
                self._wait_for_engine(role)
        self._supervisor.write_addresses(
            Addresses(
                valkey_url=self._settings.valkey_url,
                postgres_url=self._settings.postgres_url,
                base_url=self._settings.local_url,
            )
        )

    def _wait_for_engine(self, role: Role) -> None:
        try:
            self._supervisor.wait_answer(role.name, ENGINE_TIMEOUT_S)
        except DidNotStart as error:
            raise CannotStart(f"{error}: {last_words(role.program.log)}") from None

    def _prepare(self) -> None:
        try:
            asyncio.run(prepare(self._settings))
        except StoreUnavailable as error:
            raise CannotStart(f"Valkey at {shown(self._settings.valkey_url)}: {why_away(error)}") from error
        except (MigrationChanged, NewerDatabase) as error:
            raise CannotStart(f"{error} Choose the Usher that made it, or another folder") from error
        except OtherShards as error:
            raise CannotStart(str(error)) from error
        except (OSError, PostgresError) as error:
            raise CannotStart(
                f"Postgres at {shown(self._settings.postgres_url)}: {why_away(error)}"
            ) from error

    def _start_processes(self, listening: socket.socket) -> None:
        for name in ("writer", "admit"):
            self._supervisor.start(Role(program=self._program(name, name), stage=STAGES[name]))
        listening.set_inheritable(True)
        for number in range(1, self._settings.workers + 1):
            fd = listening.fileno()
            program = self._program(f"api-{number}", "api", f"--worker={number}", f"--fd={fd}", fds=(fd,))
            self._supervisor.start(Role(program=program, stage=STAGES["api"]))

    def _program(self, name: str, *words: str, fds: tuple[int, ...] = ()) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, "-m", "usher", *words),
            log=self._settings.folder.log / f"{name}.log",
            env={
                "USHER_DATA": str(self._settings.data),
                "USHER_VALKEY_URL": self._settings.valkey_url,
                "USHER_POSTGRES_URL": self._settings.postgres_url,
            },
            fds=fds,
        )

    def _wait_for_doors(self) -> None:
        until = time.monotonic() + DOORS_TIMEOUT_S
        closed_until = time.monotonic() + GATES_TIMEOUT_S
        while not self._supervisor.stopping and not doors_answer(self._settings.local_url):
            # `usher rebuild` needs the engines, so a store that must be filled first does not end the start.
            if time.monotonic() > closed_until and (why := why_closed(self._settings.local_url)):
                self._console.print(
                    f"  [bold red]✗[/] Nothing is sold. {why}", highlight=False, soft_wrap=True
                )
                return
            if time.monotonic() > until:
                said = last_words(self._settings.folder.log / "api-1.log")
                raise CannotStart(f"The doors did not open within {DOORS_TIMEOUT_S} s: {said}")
            self._supervisor.look()

    def _tell(self) -> None:
        data = self._settings.data
        data = data.relative_to(Path.cwd()) if data.is_relative_to(Path.cwd()) else data
        self._console.print(f"\n  Open [bold cyan]{self._settings.base_url}{self._settings.root_path}/[/]")
        self._console.print(f"  Keys are in {data}/keys, logs in {data}/log")
        self._console.print("  Ctrl-C stops everything; the orders stay\n")

    def _say(self, line: str) -> None:
        self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {line}", highlight=False, soft_wrap=True)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        since = time.monotonic()
        yield
        if self._supervisor.stopping and what != STOPPED:
            return
        self._console.print(f"  [green]✓[/] {what:<22}{time.monotonic() - since:5.1f} s", highlight=False)


def doors_answer(url: str) -> bool:
    """True when the doors say that they are ready."""
    return _readiness(url)[0] == 200


def why_closed(url: str) -> str:
    """What the doors say when they are open and the store behind them is not; empty otherwise."""
    status, said = _readiness(url)
    try:
        return str(json.loads(said).get("why", "")) if status == 503 else ""
    except (ValueError, AttributeError):
        return ""  # another program answers there


def _readiness(url: str) -> tuple[int, bytes]:
    """Status and body; status 0 when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=3)
    try:
        connection.request("GET", f"{parts.path}/health/ready")
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


FAILURES: Final = (CannotStart, EngineFailed, HostUnusable)
