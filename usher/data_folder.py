"""The data folder: where everything lies that outlives a start, and who may use it now.

version     format of this folder       keys/       secrets made at the first start, readable by their owner
valkey/     the journal                 log/        one file a process
postgres/   the cluster                 run/        sockets, the lock, pids and addresses of what runs now
"""

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO, Final

VERSION: Final = "3"
"""Raised when what an older Usher left here would be misread: 3 writes the hold of an order to the stream."""
FREE_BYTES_MIN: Final = 1024 * 1024 * 1024
"""A sale needs room for its journal and its rows; with less it would stop halfway."""


class DataFolderUnusable(Exception):
    """The data folder cannot be used; the message says why in one sentence."""


class DataFolder:
    """Paths of the data folder, and the checks before its use."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.valkey = self.path / "valkey"
        self.postgres = self.path / "postgres"
        self.keys = self.path / "keys"
        self.log = self.path / "log"
        self.run = self.path / "run"
        self._lock: IO[str] | None = None

    def make(self, *, missing: bool = True) -> None:
        """Makes what is `missing`; raises DataFolderUnusable for what is another's, full or forbidden."""
        try:
            claimed = self._is_ours()
            if not missing:
                return
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not claimed:
                (self.path / "version").write_text(VERSION + "\n")
            for folder in (self.keys, self.log, self.run):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError
        except PermissionError:
            raise DataFolderUnusable(
                f"{self.path} cannot be written to: give its rights to this user"
            ) from None
        except NotADirectoryError:
            raise DataFolderUnusable(f"{self.path} is not a folder") from None
        except OSError as error:
            raise DataFolderUnusable(f"{self.path} cannot be used: {error.strerror}") from error

    def check_space(self, free_bytes_min: int = FREE_BYTES_MIN) -> None:
        """Raises DataFolderUnusable when the disk is nearly full."""
        free = shutil.disk_usage(self.path).free
        if free < free_bytes_min:
            raise DataFolderUnusable(
                f"{self.path} has only {free >> 20} MiB free: at least {free_bytes_min >> 20} MiB are needed"
            )

    def lock(self) -> None:
        """Keeps a second `usher up` off this folder for as long as this process lives."""
        lock = (self.run / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            lock.close()
            raise DataFolderUnusable(f"Usher runs on {self.path} already (process {pid})") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def unlock(self) -> None:
        """Lets the next `usher up` use this folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _is_ours(self) -> bool:
        """False for what is empty or not there yet; raises DataFolderUnusable for what is another's."""
        if not self.path.exists():
            return False
        if not self.path.is_dir():
            raise NotADirectoryError
        version = self.path / "version"
        if version.exists():
            found = version.read_text().strip()
            if found != VERSION:
                raise DataFolderUnusable(
                    f"{self.path} was made by another version of Usher (its format is {found or 'unknown'}, "
                    f"this Usher reads {VERSION}): choose another folder with USHER_DATA"
                )
        elif any(self.path.iterdir()):
            raise DataFolderUnusable(f"{self.path} is not empty and not a data folder of Usher")
        return version.exists()
