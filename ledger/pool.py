"""Connections to Postgres."""

from typing import Any, TypeAlias

import asyncpg
import msgspec
from asyncpg import Pool as Pool

Db: TypeAlias = Any
"""A pool or one of its connections: what a query runs on."""


async def connect(url: str, *, size: int = 8, timeout_s: float = 5.0) -> Pool:
    """A pool of at most `size` connections; a statement that takes longer than `timeout_s` fails.

    No connection is opened before it is needed, so that a start does not fail while Postgres is away.
    """
    pool: Pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        command_timeout=timeout_s,
        timeout=timeout_s,
        init=read_json,
        server_settings={"application_name": "usher"},
    )
    return pool


async def read_json(connection: Any) -> None:
    """jsonb travels as plain Python values, not as text."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )
