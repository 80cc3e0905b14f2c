"""Migrations: in order, once, never edited; the schema refuses what must never be."""

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from ledger import migrations
from ledger.migrations import Migration, MigrationChanged, NewerDatabase
from ledger.pool import Pool

FIRST = Migration(1, "0001_first", "CREATE TABLE first (n integer)")
SECOND = Migration(2, "0002_second", "ALTER TABLE first ADD COLUMN m integer")
BROKEN = Migration(2, "0002_broken", "ALTER TABLE first ADD COLUMN m integer; SELECT 1 / 0")


@pytest.fixture
async def empty_url(postgres_server: str) -> AsyncIterator[str]:
    """A database without any table."""
    name = f"usher_migrations_{os.getpid()}"
    address, _, options = postgres_server.partition("?")
    await _tell(postgres_server, f"CREATE DATABASE {name}")
    yield f"{address.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
    await _tell(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def _tell(url: str, command: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(command)
    await connection.close()


async def test_all_apply_once_and_then_nothing(empty_url: str) -> None:
    names = tuple(one.name for one in migrations.migrations())
    assert await migrations.apply(empty_url) == names
    assert await migrations.apply(empty_url) == ()


async def test_two_processes_starting_together_apply_each_once(empty_url: str) -> None:
    done = await asyncio.gather(*(migrations.apply(empty_url) for _ in range(3)))
    assert sorted(done, key=len)[:2] == [(), ()]


async def test_a_later_migration_comes_on_top(empty_url: str) -> None:
    assert await migrations.apply(empty_url, (FIRST,)) == ("0001_first",)
    assert await migrations.apply(empty_url, (FIRST, SECOND)) == ("0002_second",)


async def test_an_edited_migration_is_refused(empty_url: str) -> None:
    await migrations.apply(empty_url, (FIRST,))
    edited = msgspec.structs.replace(FIRST, text="CREATE TABLE first (n bigint)")
    with pytest.raises(MigrationChanged, match="0001_first"):
        await migrations.apply(empty_url, (edited, SECOND))


async def test_an_older_usher_leaves_a_newer_database_alone(empty_url: str) -> None:
    await migrations.apply(empty_url, (FIRST, SECOND))
    with pytest.raises(NewerDatabase, match="migration 2"):
        await migrations.apply(empty_url, (FIRST,))


async def test_a_failing_migration_leaves_nothing_of_itself(empty_url: str) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrations.apply(empty_url, (FIRST, BROKEN))
    assert await migrations.apply(empty_url, (FIRST, SECOND)) == ("0002_second",)


TICKETS = "INSERT INTO tickets (token, n, showtime, seat, seat_index, category, amount, live) VALUES"
MOVEMENTS = "INSERT INTO movements (token, cause, leg, at_ms, debit, credit, amount, currency) VALUES"
CONTRACTS = (
    "INSERT INTO contracts (cinema, valid_from, fund_bp, vat_bp, cinema_bp, agreed_price, basis) VALUES"
)
ORDERS = (
    "INSERT INTO orders (token, sale, showtime, fan, entry, seats, gross, fees, amount, currency, created_ms,"
    " confirmed_ms, shard, version) VALUES"
)


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (f"{TICKETS} ('no-order', 1, 1, 'A-1', 0, 'front', 100, true)", "tickets_token_fkey"),
        (f"{TICKETS} ('o', 0, 1, 'A-1', 0, 'front', 100, true)", "tickets_n_check"),
        (f"{TICKETS} ('o', 1, 1, 'A-1', 0, 'front', -100, true)", "minor_units_check"),
        (f"{ORDERS} ('o', 1, 1, 'f', 1, 1, 100, 5, 106, 'CNY', 1, 1, 0, 1)", "orders_check"),
        (f"{ORDERS} ('o', 1, 1, 'f', 1, 1, 100, 5, 105, 'cny', 1, 1, 0, 1)", "currency_check"),
        (f"{ORDERS} ('o', 1, 99, 'f', 1, 1, 100, 5, 105, 'CNY', 1, 1, 0, 1)", "orders_showtime_fkey"),
        (f"{MOVEMENTS} ('o', 'sold', 1, 1, 1, 1, 100, 'CNY')", "movements_check"),
        (f"{MOVEMENTS} ('o', 'sold', 1, 1, 1, 2, 0, 'CNY')", "movements_amount_check"),
        (f"{MOVEMENTS} ('o', 'sold', 1, 1, 1, 2, 100, 'CNY')", "movements_debit_currency_fkey"),
        (f"{CONTRACTS} ('P', '2026-01-01', 9000, 2000, 5700, 0, 'issued')", "contracts_check"),
        (f"{CONTRACTS} ('P', '2026-01-01', 500, 330, 10001, 0, 'issued')", "contracts_cinema_bp_check"),
    ],
)
async def test_the_database_refuses_nonsense(pool: Pool, statement: str, refusal: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=refusal):
        await pool.execute(statement)
