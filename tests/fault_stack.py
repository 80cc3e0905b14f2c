"""A whole Usher between links: what a fault campaign strikes at, and how it knows that all is well again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from tests.fault_engines import Journal, postgres, valkey
from tests.fault_link import Link
from tests.fault_talk import Call, DoorTalk, LedgerTalk, StoreTalk
from usher.process import Program, end, start
from usher.run_folder import RunFolder
from usher.rush_stack import free_port
from usher.up import doors_answer

START_S: Final = 60
STOP_S: Final = 30
LOOK_S: Final = 0.05
WAL_FILE_BYTES: Final = 16 << 20
WAL_PAGE_BYTES: Final = 8192
TIME_REPLY: Final = b"*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n"
TOKENS: Final = 1
"""The column of a batch of payments that names the orders."""


class Stack:
    """`confirmed`: tokens of orders whose confirmation left Valkey, so that they must never be lost."""

    def __init__(self, folder: Path, appendfsync: str) -> None:
        self.folder = folder
        self.engines, self.links = folder / "engines", folder / "links"
        for made in (self.engines, self.links):
            made.mkdir(parents=True)
        self.valkey, self.postgres = valkey(self.engines, appendfsync), postgres(self.engines)
        self.journal = Journal(self.engines / "valkey")
        self.appendfsync = appendfsync
        self.port, self.door_port = free_port(), free_port()
        self.store = Link(str(self.engines / "valkey.sock"), StoreTalk, self._hear)
        self.ledger = Link(str(self.engines / ".s.PGSQL.5432"), LedgerTalk)
        self.doors = Link(self.port, DoorTalk)
        self.shift_ms = 0
        self.confirmed: set[str] = set()
        self.unlearnt: set[str] = set()
        self._told = RunFolder(folder / "data" / "run")
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What every process of this Usher is told."""
        return {
            "USHER_DATA": str(self.folder / "data"),
            "USHER_PORT": str(self.port),
            "USHER_HOST": "127.0.0.1",
            "USHER_DEMO": "0",
            "USHER_WORKERS": "2",
            "USHER_VALKEY_URL": f"unix://{self.links}/valkey.sock",
            "USHER_POSTGRES_URL": f"postgresql://usher@/usher?host={self.links}",
        }

    @property
    def url(self) -> str:
        """Where the fans come in: through the link."""
        return f"http://127.0.0.1:{self.door_port}"

    def pid(self, name: str) -> int:
        return self._told.processes()[name].pid

    def workers(self) -> list[int]:
        return [one.pid for name, one in self._told.processes().items() if name.startswith("api-")]

    def start_up(self) -> None:
        """Starts `usher up`; both engines must answer."""
        argv = (sys.executable, "-m", "usher", "up")
        log = self.folder / "up.log"
        self._up = start(
            Program(name="up", argv=argv, log=log, env=self.environment, orphaned=signal.SIGTERM)
        )

    def kill_up(self) -> None:
        assert self._up is not None
        for pid in (self._up.pid, *(one.pid for one in self._told.processes().values())):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._up.wait()

    async def answer(self, timeout_s: float) -> bool:
        """Whether both engines take commands in time."""
        until = time.monotonic() + timeout_s
        for kept in (self.valkey, self.postgres):
            while not await asyncio.to_thread(kept.engine.answers):
                if time.monotonic() > until:
                    return False
                await asyncio.sleep(LOOK_S)
        return True

    async def heals(self, timeout_s: float) -> bool:
        """Whether each process does its work again in time: none is merely there."""
        for link in (self.store, self.ledger):
            link.answered.clear()
        until = time.monotonic() + timeout_s
        while not (self._works() and await asyncio.to_thread(doors_answer, f"http://127.0.0.1:{self.port}")):
            assert self._up is not None
            if time.monotonic() > until or self._up.poll() is not None:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def _works(self) -> bool:
        """The workers see the lines, the batch clock ticks, the writer reads the stream and Postgres."""
        try:
            writer, admit, workers = self.pid("writer"), self.pid("admit"), self.workers()
        except KeyError:
            return False
        seen = self.store.answered
        return (
            all(seen[pid, "view"] for pid in workers)
            and bool(seen[admit, "admit"] or seen[admit, "sweep"])
            and bool(seen[writer, "gate_state"])
            and any(pid == writer for pid, _ in self.ledger.answered)
        )

    def _hear(self, call: Call, content: bytes) -> bytes:
        """Steps the clock that Usher follows, and notes which payments were confirmed."""
        if call.verb == "TIME" and self.shift_ms:
            seconds, micros = (content.split(b"\r\n")[at] for at in (2, 4))
            moved = str(int(seconds) + self.shift_ms // 1000).encode()
            return TIME_REPLY % (len(moved), moved, len(micros), micros)
        if call.verb == "confirm" and content.startswith(b"$"):
            tokens = confirmed_by(call, content)
            (self.unlearnt if self.store.mute else self.confirmed).update(tokens)
        return content


@asynccontextmanager
async def running(folder: Path, appendfsync: str = "always") -> AsyncIterator[Stack]:
    """A stack with open doors; everything is ended with it."""
    stack = Stack(folder, appendfsync)
    keeping: list[asyncio.Task[None]] = []
    try:
        for kept in (stack.valkey, stack.postgres):
            kept.engine.prepare()
            kept.start()
            keeping.append(asyncio.create_task(kept.run()))
        assert await stack.answer(START_S), "the engines did not start"
        await stack.store.listen(f"{stack.links}/valkey.sock")
        await stack.ledger.listen(f"{stack.links}/.s.PGSQL.5432")
        await stack.doors.listen(stack.door_port)
        stack.start_up()
        until = time.monotonic() + START_S
        while not await asyncio.to_thread(doors_answer, f"http://127.0.0.1:{stack.port}"):
            assert time.monotonic() < until, (folder / "up.log").read_text()[-2000:]
            await asyncio.sleep(LOOK_S)
        yield stack
    finally:
        if stack._up is not None:
            await asyncio.to_thread(end, stack._up, signal.SIGTERM, STOP_S)
        for task in keeping:
            task.cancel()
        for link in (stack.store, stack.ledger, stack.doors):
            await link.close()
        for kept in (stack.postgres, stack.valkey):
            kept.end()


async def tokens_written(stack: Stack) -> set[str]:
    """All orders in Postgres."""
    connection = await asyncpg.connect(stack.postgres.engine.url)
    try:
        return {row["token"] for row in await connection.fetch("SELECT token FROM orders")}
    finally:
        await connection.close()


async def wal_bytes(stack: Stack) -> int:
    """How far Postgres has written the current file of its log, in whole pages."""
    connection = await asyncpg.connect(stack.postgres.engine.url)
    try:
        written = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    finally:
        await connection.close()
    return int(written) % WAL_FILE_BYTES // WAL_PAGE_BYTES * WAL_PAGE_BYTES


def confirmed_by(call: Call, content: bytes) -> list[str]:
    """Tokens of the payments that this answer says are confirmed, now or before."""
    keys = int(call.words[2])
    columns: Any = msgspec.msgpack.decode(call.words[4 + keys])
    answers: Any = msgspec.msgpack.decode(content.split(b"\r\n", 1)[1][:-2])
    if answers and isinstance(
        answers[0], int
    ):  # a gate that numbers its turns answers [epoch, turn, at, answers]
        answers = answers[-1]
    if not answers or not isinstance(answers[0], list):
        return []
    tokens = columns[TOKENS]
    return [
        str(token)
        for token, answer in zip(tokens, answers, strict=True)
        if "CONFIRMED" in (answer[0], answer[1] if answer[0] == "REPLAYED" else None)
    ]
