"""The schema grows by numbered files, each applied once, in order and never edited afterwards.

Several processes may start at once: an advisory lock lets one of them work, the others find it done.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

FOLDER: Final = Path(__file__).parent / "sql"
LOCK_KEY: Final = 0x75736872
"""Key of the advisory lock under which the schema changes ("ushr")."""


class Migration(msgspec.Struct, frozen=True):
    number: int
    name: str
    text: str

    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


class MigrationChanged(Exception):
    """A migration differs from the one this database was made with."""


class NewerDatabase(Exception):
    """The database was made by a newer Usher than this one."""


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Every `NNNN_name.sql`, in order; the numbers run from 1 without a gap."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    found = tuple(Migration(int(file.name[:4]), file.stem, file.read_text("utf-8")) for file in files)
    assert [one.number for one in found] == list(range(1, len(found) + 1)), "migration numbers have a gap"
    return found


async def apply(url: str, wanted: tuple[Migration, ...] | None = None) -> tuple[str, ...]:
    """Bring the database up to date; answers with the names of the migrations applied now.

    Raises MigrationChanged or NewerDatabase, and then nothing has changed.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        return await _apply_missing(connection, migrations() if wanted is None else wanted)
    finally:
        await connection.close()


async def _apply_missing(connection: Any, wanted: tuple[Migration, ...]) -> tuple[str, ...]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = {row["number"]: row["sha256"] for row in await connection.fetch("SELECT * FROM migrations")}
    if max(done, default=0) > len(wanted):
        raise NewerDatabase(f"The database has migration {max(done)}, this Usher knows {len(wanted)}.")
    for one in wanted:
        if done.get(one.number, one.checksum()) != one.checksum():
            raise MigrationChanged(f"Migration {one.name} is not the one this database was made with.")
    missing = tuple(one for one in wanted if one.number not in done)
    for one in missing:
        async with connection.transaction():
            await connection.execute(one.text)
            await connection.execute(
                "INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)",
                one.number,
                one.name,
                one.checksum(),
            )
    return tuple(one.name for one in missing)
