"""The one Lua library of all rooms: all functions share one gate, so they are loaded together."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from store.functions import Library

FOLDERS: Final = tuple(Path(str(files(room))) / "lua" for room in ("store", "allocator", "waiting_room"))


def library() -> Library:
    """The library as it stands on this machine's disk."""
    return Library(*FOLDERS)
