"""The embedded engines: what they are given survives a kill, and only what can start is started."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import redis

from tests.soon import soon
from usher.engine import SOCKET_FOLDER_BYTES_MAX, EngineFailed, socket_folder, start_and_wait
from usher.postgres_engine import PostgresEngine
from usher.process import end
from usher.run_folder import born
from usher.valkey_engine import ValkeyEngine


@pytest.fixture
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    folder = socket_folder(Path("/tmp") / ("long" * SOCKET_FOLDER_BYTES_MAX))
    yield folder
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


def kill(child: "subprocess.Popen[bytes]") -> None:
    """Returns when its children are gone too: what they share keeps a Postgres from starting."""
    told = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    children = [int(pid) for pid in told.read_text().split()] if told.exists() else []
    child.kill()
    child.wait()
    assert soon(lambda: not any(map(born, children)))


DURABLE: Final = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}
"""A kill does not show whether the disk has it, nor a store that is half empty whom a full one forgets."""
REWRITTEN_SELDOM: Final = {"auto-aof-rewrite-min-size": str(512 << 20), "rdbcompression": "no"}


def test_what_valkey_acknowledged_survives_a_kill(tmp_path: Path, run_folder: Path) -> None:
    engine = ValkeyEngine(tmp_path / "valkey", run_folder, tmp_path / "log")
    child = start_and_wait(engine)
    with redis.Redis.from_url(engine.url) as client:
        assert client.config_get(*DURABLE) == DURABLE
        assert client.config_get(*REWRITTEN_SELDOM) == REWRITTEN_SELDOM
        client.set("order", "1")
    kill(child)
    child = start_and_wait(engine)
    with redis.Redis.from_url(engine.url) as client:
        assert client.get("order") == b"1"
    assert end(child, signal.SIGTERM, 10)


async def test_what_postgres_acknowledged_survives_a_kill(tmp_path: Path, run_folder: Path) -> None:
    engine = PostgresEngine(tmp_path / "postgres", run_folder, tmp_path / "log")
    child = start_and_wait(engine)
    db = await asyncpg.connect(engine.url)
    await db.execute("CREATE TABLE orders (token text)")
    await db.execute("INSERT INTO orders VALUES ('1')")
    assert await db.fetchval("SHOW listen_addresses") == ""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await db.fetchval(f"SHOW {setting}") == "on"
    db.terminate()
    kill(child)
    child = start_and_wait(engine)
    db = await asyncpg.connect(engine.url)
    assert await db.fetchval("SELECT token FROM orders") == "1"
    await db.close()
    assert end(child, engine.program().stop, 10)


def test_a_cluster_of_another_version_is_refused(tmp_path: Path, run_folder: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EngineFailed, match="was made by Postgres 9; this one is"):
        start_and_wait(PostgresEngine(tmp_path / "postgres", run_folder, tmp_path / "log"))


def test_an_engine_that_cannot_start_says_why(tmp_path: Path, run_folder: Path) -> None:
    engine = ValkeyEngine(tmp_path / "valkey", run_folder, tmp_path / "log")
    (tmp_path / "valkey" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("not a manifest\n")
    with pytest.raises(EngineFailed, match="valkey did not start: "):
        start_and_wait(engine)


def test_sockets_lie_in_a_short_path(tmp_path: Path, run_folder: Path) -> None:
    assert len(os.fsencode(run_folder)) <= SOCKET_FOLDER_BYTES_MAX
    assert run_folder.stat().st_mode & 0o777 == 0o700
    assert socket_folder(Path("/tmp/usher-run")) == Path("/tmp/usher-run").resolve()
