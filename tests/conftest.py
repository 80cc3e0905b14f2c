"""Real engines for every test: started once, emptied between tests, and looked at after each of them."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import redis

from api.library import library
from ledger import migrations
from ledger import pool as ledger_pool
from store.connection import Store
from tests.after_checks import POSTGRES_CHECKS, VALKEY_CHECKS
from tests.soon import become_true
from usher.engine import Engine, start_and_wait
from usher.postgres_engine import PostgresEngine
from usher.process import end
from usher.valkey_engine import ValkeyEngine

STOP_TIMEOUT_S: Final = 10
MIGRATED: Final = "migrated_contracts"
"""The default contract as a migration made it: put back after every test, whatever the test did to it."""
pytest_plugins = ("tests.browser", "tests.other_engines", "tests.queueing")
"""The fixtures of the browser tests, whose Usher and Chromium all files of a session share, those of the
engines besides Valkey, and the queue of the waiting room's tests."""
WaitUntil = Callable[..., Awaitable[object]]


@pytest.fixture(scope="session")
def engines_folder() -> Iterator[Path]:
    """A short-lived folder for the engines of this session."""
    with tempfile.TemporaryDirectory(prefix="usher-test-", dir="/tmp") as folder:
        (Path(folder) / "run").mkdir()
        yield Path(folder)


@pytest.fixture(scope="session")
def valkey_url(engines_folder: Path) -> Iterator[str]:
    """A Valkey of our own, or the one of USHER_TEST_VALKEY_URL."""
    if given := os.environ.get("USHER_TEST_VALKEY_URL"):
        yield given
        return
    log = engines_folder / "valkey.log"
    yield from _running(ValkeyEngine(engines_folder / "valkey", engines_folder / "run", log))


@pytest.fixture(scope="session")
def postgres_server(engines_folder: Path) -> Iterator[str]:
    """A Postgres of our own, or the one of USHER_TEST_POSTGRES_URL."""
    if given := os.environ.get("USHER_TEST_POSTGRES_URL"):
        yield given
        return
    log = engines_folder / "postgres.log"
    data, run = engines_folder / "postgres", engines_folder / "run"
    yield from _running(PostgresEngine(data, run, log, fsync=False))


@pytest.fixture(scope="session")
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """A database of this session with all migrations applied."""
    database = f"usher_test_{os.getpid()}"
    await _tell(postgres_server, f"CREATE DATABASE {database}")
    address, _, options = postgres_server.partition("?")
    url = f"{address.rpartition('/')[0]}/{database}" + (f"?{options}" if options else "")
    await migrations.apply(url)
    await _tell(url, f"CREATE TABLE {MIGRATED} AS TABLE contracts")
    yield url
    await _tell(postgres_server, f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    """A store with the library of all rooms loaded."""
    opened = await Store.connect(valkey_url, library=library())
    await opened.load()
    yield opened
    await opened.close()


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on the session's database."""
    opened = await ledger_pool.connect(postgres_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def wait_until() -> WaitUntil:
    """Waits for a fact: `await wait_until(lambda: ..., timeout_s=5)` returns the first true answer."""
    return become_true


@pytest.fixture(autouse=True)
def engines_left_clean(request: pytest.FixtureRequest) -> None:
    """Checks and empties the engines that a test used, after everything the test opened is closed."""
    if "valkey_url" in request.fixturenames:
        request.getfixturevalue("clean_valkey")
    if "postgres_url" in request.fixturenames:
        request.getfixturevalue("clean_postgres")


@pytest.fixture
def clean_valkey(valkey_url: str) -> Iterator[None]:
    with redis.Redis.from_url(valkey_url) as valkey:
        yield
        try:
            for check in VALKEY_CHECKS:
                check(valkey)
        finally:
            valkey.flushall()


@pytest.fixture
async def clean_postgres(postgres_url: str) -> AsyncIterator[None]:
    yield
    connection = await asyncpg.connect(postgres_url)
    try:
        for check in POSTGRES_CHECKS:
            await check(connection)
    finally:
        await _empty(connection)
        await connection.close()


async def _empty(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        f"  AND tablename NOT IN ('migrations', '{MIGRATED}')"
    )
    if rows:
        await connection.execute("SET lock_timeout = '5s'")
        names = ", ".join(row["name"] for row in rows)
        await connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        await connection.execute(f"INSERT INTO contracts OVERRIDING SYSTEM VALUE TABLE {MIGRATED}")
        await connection.execute(
            "SELECT setval(pg_get_serial_sequence('contracts', 'id'), max(id)) FROM contracts"
        )


async def _tell(url: str, command: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(command)
    await connection.close()


def _running(engine: Engine) -> Iterator[str]:
    child = start_and_wait(engine)
    yield engine.url
    end(child, engine.program().stop, STOP_TIMEOUT_S)
