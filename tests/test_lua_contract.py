"""The header of every Lua file of every room holds what its body does."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from store.header import LuaFile, read_file

ROOT: Final = Path(__file__).parent.parent
PATHS: Final = sorted(ROOT.glob("*/lua/*.lua"))
FILES: Final = {path.stem: read_file(path) for path in PATHS}
VERBS: Final = [file for file in FILES.values() if not file.is_leaf]
LEAVES: Final = [file for file in FILES.values() if file.is_leaf]
LINES_MAX: Final = 80
SLOT: Final = re.compile(r"\b(KEYS|ARGV)\[")
WORD: Final = re.compile(r"""(['"])([A-Z][A-Z_]+)\1""")
UNREAD: Final = {("ARGV", 1)}
"""Every batch brings now_ms; a verb that knows no time leaves it unread."""


def name(file: LuaFile) -> str:
    return file.name


def split_outside_brackets(text: str) -> list[str]:
    """The parts of `tonumber(ARGV[1]), ARGV[2]`, split at the commas of the outermost level."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def opening(body: str) -> tuple[list[str], str]:
    """The first statements, which name the slots, and the rest of a verb."""
    statements: list[str] = []
    lines = body.splitlines()
    while lines and lines[0].startswith("local ") and SLOT.search(lines[0]):
        statements.append(lines.pop(0))
        while lines and lines[0].startswith("  "):
            statements[-1] += " " + lines.pop(0).strip()
    return statements, "\n".join(lines)


def named_slots(file: LuaFile) -> Iterator[tuple[str, int, str]]:
    """(KEYS or ARGV, number, the local's name) for each slot that the first statements read."""
    for statement in opening(file.body)[0]:
        names, _, values = statement.removeprefix("local ").partition(" = ")
        for local, value in zip(split_outside_brackets(names), split_outside_brackets(values), strict=True):
            for kind, number in re.findall(r"\b(KEYS|ARGV)\[(\d+)\]", value):
                yield kind, int(number), local


def without_calls(body: str) -> str:
    """The body without comments and without the arguments of redis.call, whose words belong to the server."""
    body = re.sub(r"--.*", "", body)
    while found := re.search(r"\bredis\.p?call\(", body):
        depth, end = 1, found.end()
        while depth:
            depth += (body[end] == "(") - (body[end] == ")")
            end += 1
        body = body[: found.start()] + body[end:]
    return body


def words(file: LuaFile) -> set[str]:
    return {match[1] for match in WORD.findall(without_calls(file.body))}


def reachable_words(file: LuaFile) -> set[str]:
    """Words of a file and of the leaves it uses."""
    return words(file).union(*(reachable_words(FILES[leaf]) for leaf in file.uses))


@pytest.mark.parametrize("file", VERBS, ids=name)
def test_every_slot_has_its_headers_name(file: LuaFile) -> None:
    promised = {("KEYS", n): slot for n, slot in enumerate(file.keys.fixed, start=1)}
    promised |= {("ARGV", n): slot for n, slot in enumerate(file.argv.fixed, start=1)}
    named = {(kind, number): local for kind, number, local in named_slots(file)}
    for slot in UNREAD - named.keys():
        if promised.get(slot) == "now_ms":
            del promised[slot]
    assert named == promised


@pytest.mark.parametrize("file", VERBS, ids=name)
def test_no_slot_is_written_again(file: LuaFile) -> None:
    assert not SLOT.search(opening(file.body)[1])


@pytest.mark.parametrize("file", VERBS, ids=name)
def test_returns_are_the_words_of_the_body(file: LuaFile) -> None:
    promised = {answer.word for answer in file.returns}
    assert words(file) <= promised <= reachable_words(file)


@pytest.mark.parametrize("file", VERBS, ids=name)
def test_the_gate_is_asked_by_all_that_write(file: LuaFile) -> None:
    asks = "gate.check(" in file.body or "gate.is_open(" in file.body
    assert asks or "no-writes" in file.flags
    assert ("NO_EPOCH" in {answer.word for answer in file.returns}) == ("gate.check(" in file.body)


@pytest.mark.parametrize("file", VERBS, ids=name)
def test_all_that_decide_say_which_turn_they_were(file: LuaFile) -> None:
    if "gate.check(" in file.body and "no-writes" not in file.flags:
        assert not re.search(r"(?m)^return cmsgpack\.pack", file.body)
        assert re.search(r"\b(gate\.(tell|reply)|decisions\.(run|close))\(", file.body)


@pytest.mark.parametrize("file", LEAVES, ids=name)
def test_a_leaf_returns_what_it_provides(file: LuaFile) -> None:
    last = file.body[file.body.rindex("return") :]
    assert re.findall(r"(\w+) = ", last) == list(file.provides)


@pytest.mark.parametrize("file", FILES.values(), ids=name)
def test_uses_are_the_leaves_of_the_body(file: LuaFile) -> None:
    body = re.sub(r"--.*", "", file.body)
    assert set(file.uses) == {leaf for leaf in file.uses if re.search(rf"\b{leaf}\.\w+", body)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_MAX


def test_luacheck_finds_nothing() -> None:
    """Also: no global is read but Redis's own tables and the leaves that the header USES, by .luacheckrc."""
    luacheck = shutil.which("luacheck")
    if luacheck is None:
        pytest.skip("no luacheck on this machine")
    checked = subprocess.run(
        [luacheck, "--no-color", "--quiet", *map(str, (path.relative_to(ROOT) for path in PATHS))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
