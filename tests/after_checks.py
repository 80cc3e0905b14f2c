"""What must hold after every test that touched an engine; a room adds its own check to a list below."""

from collections.abc import Awaitable, Callable

import asyncpg
import redis

from store.keys import may_stay
from tests.ledger_checks import the_books_are_in_order
from tests.seat_checks import seats_are_in_order

ValkeyCheck = Callable[[redis.Redis], None]
PostgresCheck = Callable[[asyncpg.Connection], Awaitable[None]]


def every_key_may_stay(valkey: redis.Redis) -> None:
    """A key has a TTL or is on the allow-list of `store.keys`."""
    for raw in valkey.scan_iter(count=1000):
        key = raw.decode()
        assert may_stay(key) or valkey.ttl(key) != -1, f"{key} would stay for ever"


VALKEY_CHECKS: list[ValkeyCheck] = [every_key_may_stay, seats_are_in_order]
POSTGRES_CHECKS: list[PostgresCheck] = [the_books_are_in_order]
