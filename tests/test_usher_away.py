"""What is said of an engine that cannot be reached: a plain reason, and no password."""

import asyncpg
import pytest

from api.library import library
from store.connection import Store
from store.unavailable import StoreUnavailable
from usher.away import shown, why_away


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:9", "nothing listens there"),
        ("unix:///nowhere/valkey.sock", "nothing listens there"),
        ("redis://no-such-host.invalid", "there is no such host"),
    ],
)
async def test_a_store_that_is_away(url: str, said: str) -> None:
    with pytest.raises(StoreUnavailable) as away:
        await Store.connect(url, library=library())
    assert why_away(away.value) == said


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:9/x", "postgresql://u@/x?host=/nowhere"])
async def test_a_postgres_that_is_away(url: str) -> None:
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)) as away:
        await asyncpg.connect(url, ssl=False)
    assert why_away(away.value) == "nothing listens there"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (OSError("Multiple exceptions: [Errno 111] ..."), "nothing listens at any address of that host"),
        (StoreUnavailable("the gate is closed"), "the gate is closed"),
        (ValueError(), "ValueError"),
    ],
)
def test_other_reasons(error: Exception, said: str) -> None:
    assert why_away(error) == said


def test_addresses_are_shown_without_passwords() -> None:
    assert shown("redis://me:secret@h:1/0") == "redis://h:1/0"
    assert shown("postgresql://u:secret@/db?host=/run&password=x") == "postgresql:///db?host=/run"
