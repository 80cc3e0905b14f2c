"""Secrets that Usher makes for itself: made once, kept in the data folder, readable by their owner alone."""

import os
import secrets
from pathlib import Path


def kept(folder: Path, name: str, made: str | None = None) -> str:
    """The secret of this name; the first caller's is kept, also when two start at once."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        draft = folder / f".{name}.{os.getpid()}"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write((made or secrets.token_hex(32)) + "\n")
        try:
            # A link appears whole or not at all, and never replaces a secret that another process just kept.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def found(folder: Path, name: str, _made: str | None = None) -> str:
    """The secret of this name, empty when none is kept."""
    path = folder / name
    return path.read_text().strip() if path.exists() else ""
