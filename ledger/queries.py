"""The SQL of this room: blocks of `ledger/sql/*.sql`, each behind one typed function of the same name.

A block starts with `-- name: x` and a comment of one sentence. The function of that name lives in the module
named after the file; a test prepares every block and compares it with the function's annotations.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from ledger.pool import Db

FOLDER: Final = Path(__file__).parent / "sql"
BLOCK: Final = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
T = TypeVar("T")


class Query(msgspec.Struct, frozen=True):
    """`file` is the stem of the .sql file; `sentence` says what the query is for."""

    file: str
    name: str
    sentence: str
    sql: str


def queries(folder: Path = FOLDER) -> Iterator[Query]:
    """Every block of every query file (the files without a number)."""
    for file in sorted(folder.glob("[a-z]*.sql")):
        for name, text in BLOCK.findall(file.read_text("utf-8")):
            lines = text.strip().splitlines()
            remarks = [line for line in lines if line.startswith("--")]
            sql = "\n".join(line for line in lines if not line.startswith("--"))
            yield Query(file.stem, name, " ".join(line[2:].strip() for line in remarks), sql)


SQL: Final = {query.name: query.sql for query in queries()}


async def one(db: Db, name: str, kind: type[T], *args: object) -> T | None:
    """The only row as `kind`, or None."""
    row = await db.fetchrow(SQL[name], *args)
    return None if row is None else msgspec.convert(dict(row), kind)


async def many(db: Db, name: str, kind: type[T], *args: object) -> list[T]:
    """All rows, each as `kind`."""
    return [msgspec.convert(dict(row), kind) for row in await db.fetch(SQL[name], *args)]


async def value(db: Db, name: str, kind: type[T], *args: object) -> T:
    """The one column of the one row; a query without a row breaks its promise."""
    return msgspec.convert(await db.fetchval(SQL[name], *args), kind)


async def column(db: Db, name: str, kind: type[T], *args: object) -> list[T]:
    """The one column of all rows."""
    return [msgspec.convert(row[0], kind) for row in await db.fetch(SQL[name], *args)]


async def run(db: Db, name: str, *args: Any) -> None:
    await db.execute(SQL[name], *args)
