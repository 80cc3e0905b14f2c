"""All Lua of all rooms, assembled into one function library named `usher`.

One library, because the gate is a table in the library's memory: every mutating function must see the same
one. A leaf runs once at load, where `redis.call` does not exist yet; what it returns is bound to a local of
its file's name in each file that USES it. A verb becomes the function `usher_<verb>`. The library's own
digest is answered by `usher_library`, so that an unchanged library is not loaded again, which would close
every gate.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from store.header import BadHeader, LuaFile, read_file

LIBRARY: Final = "usher"
STORE_LUA: Final = Path(__file__).parent / "lua"


def function_name(verb: str) -> str:
    return f"{LIBRARY}_{verb}"


class Library:
    """The library of the store's own folder and the given ones: `text`, `digest`, `verbs`, `leaves`."""

    def __init__(self, *folders: Path) -> None:
        files = _read(dict.fromkeys(folder.resolve() for folder in (STORE_LUA, *folders)))
        self.leaves = {file.name: file for file in files if file.is_leaf}
        self.verbs = {file.name: file for file in files if not file.is_leaf}
        parts = ["local leaves = {}", *map(_leaf_text, _in_order(files, self.leaves))]
        parts += map(_verb_text, self.verbs.values())
        body = "\n".join(parts)
        self.digest = hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()
        answer_digest = _register("library", f"return '{self.digest}'", ("no-writes",))
        self.text = f"#!lua name={LIBRARY}\n{body}\n{answer_digest}\n"


def _read(folders: Iterable[Path]) -> list[LuaFile]:
    files: dict[str, LuaFile] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.lua")):
            file = read_file(path)
            if file.name in files or file.name == "library":
                raise BadHeader(f"{path.name}: the name is taken by {files.get(file.name, file).path}")
            files[file.name] = file
    return list(files.values())


def _in_order(files: list[LuaFile], leaves: dict[str, LuaFile]) -> list[LuaFile]:
    """Leaves, each after those it uses; BadHeader for an unknown leaf or a ring."""
    ordered: dict[str, LuaFile] = {}

    def place(file: LuaFile, path: tuple[str, ...]) -> None:
        if file.name in path:
            raise BadHeader(f"{file.path.name}: leaves use each other in a ring: {' > '.join(path)}")
        for name in file.uses:
            if name not in leaves:
                raise BadHeader(f"{file.path.name}: uses '{name}', which is no leaf")
            if name not in ordered:
                place(leaves[name], (*path, file.name))
        if file.is_leaf:
            ordered[file.name] = file

    for file in files:
        place(file, ())
    return list(ordered.values())


def _bindings(file: LuaFile) -> str:
    return "".join(f"local {name} = leaves.{name} " for name in file.uses)


def _leaf_text(file: LuaFile) -> str:
    return f"leaves.{file.name} = (function() {_bindings(file)}\n{file.body}\nend)()"


def _verb_text(file: LuaFile) -> str:
    return f"do {_bindings(file)}\n{_register(file.name, file.body, file.flags)}\nend"


def _register(verb: str, body: str, flags: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{flag}'" for flag in flags)
    return (
        f"redis.register_function{{function_name = '{function_name(verb)}', flags = {{{listed}}},\n"
        f"callback = function(KEYS, ARGV)\n{body}\nend}}"
    )
