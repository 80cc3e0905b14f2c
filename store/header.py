"""The header of a Lua file: what the function promises, read by the loader before anything runs.

A file without a complete header does not load, so that no function exists whose keys, arguments and answers
are not written down beside it.
"""

import re
from pathlib import Path
from typing import Final

import msgspec

SLOTS: Final = ("PURPOSE", "KEYS", "ARGV", "RETURNS", "COST", "USES", "FLAGS", "PROVIDES")
VERB_MUST_SAY: Final = ("PURPOSE", "KEYS", "ARGV", "RETURNS", "COST")
LEAF_MUST_SAY: Final = ("PURPOSE", "PROVIDES")
LEAF_MAY_SAY: Final = ("PURPOSE", "PROVIDES", "USES", "COST")
KNOWN_FLAGS: Final = frozenset({"allow-oom", "no-writes", "allow-stale"})
HEADER_LINE: Final = re.compile(r"--(?:  | [A-Z]{3}|$)")
"""A slot or what continues it; any other comment belongs to the body."""
SLOT_LINE: Final = re.compile(r"-- ([A-Z]+)(?:\s+(.*))?$")
NAME: Final = re.compile(r"[a-z][a-z0-9_]*$")
ANSWER: Final = re.compile(r"([A-Z][A-Z_]+)(?:\s+(.*))?$")


class BadHeader(Exception):
    """A Lua file whose header cannot be taken at its word; says which file and why."""


class Answer(msgspec.Struct, frozen=True):
    """One RETURNS line: the word, and its fields as written."""

    word: str
    fields: str


class Slots(msgspec.Struct, frozen=True):
    """Names of KEYS or ARGV in order; `repeated` is the group that follows once per showtime, place, ..."""

    fixed: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


class LuaFile(msgspec.Struct, frozen=True, kw_only=True):
    """A Lua file with its header understood: a verb, or a leaf that verbs use."""

    path: Path
    name: str
    body: str
    body_line: int
    purpose: str
    keys: Slots = Slots()
    argv: Slots = Slots()
    returns: tuple[Answer, ...] = ()
    uses: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return bool(self.provides)


def read_file(path: Path) -> LuaFile:
    """Read one `.lua` file; BadHeader when its header is missing, incomplete or unreadable."""
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        said, length = _split(lines)
        _check_complete(said)
        return LuaFile(
            path=path,
            name=_name(path.stem),
            body="\n".join(lines[length:]),
            body_line=length + 1,
            purpose=" ".join(said["PURPOSE"]),
            keys=_slots(said.get("KEYS", ["-"])),
            argv=_slots(said.get("ARGV", ["-"])[:1]),
            returns=_answers(said["RETURNS"]) if "RETURNS" in said else (),
            uses=_names(said.get("USES", [])),
            flags=_flags(said.get("FLAGS", [])),
            provides=_names(said.get("PROVIDES", [])),
        )
    except ValueError as error:
        raise BadHeader(f"{path.name}: {error}") from None


def _split(lines: list[str]) -> tuple[dict[str, list[str]], int]:
    """Slot -> its lines, and how many lines the header takes."""
    said: dict[str, list[str]] = {}
    current: list[str] | None = None
    length = next((n for n, line in enumerate(lines) if not HEADER_LINE.match(line)), len(lines))
    for number, line in enumerate(lines[:length], start=1):
        slot = SLOT_LINE.match(line)
        if slot and slot[1] in SLOTS:
            if slot[1] in said:
                raise ValueError(f"says {slot[1]} twice")
            current = said.setdefault(slot[1], [])
            current.extend([slot[2]] if slot[2] else [])
        elif current is None or not line.startswith("--  "):
            raise ValueError(f"line {number} belongs to no slot: {line}")
        else:
            current.append(line[2:].strip())
    return said, length


def _check_complete(said: dict[str, list[str]]) -> None:
    is_leaf = "PROVIDES" in said
    unsaid = [slot for slot in (LEAF_MUST_SAY if is_leaf else VERB_MUST_SAY) if not said.get(slot)]
    if unsaid:
        raise ValueError(f"does not say {', '.join(unsaid)}")
    for slot in said:
        if is_leaf and slot not in LEAF_MAY_SAY:
            raise ValueError(f"a leaf does not say {slot}")


def _name(word: str) -> str:
    if not NAME.match(word):
        raise ValueError(f"'{word}' is not a lower-case name")
    return word


def _names(lines: list[str]) -> tuple[str, ...]:
    names = tuple(_name(word) for word in " ".join(lines).split())
    if len(set(names)) != len(names):
        raise ValueError("names something twice")
    return names


def _slots(lines: list[str]) -> Slots:
    """Read `shard outbox [show board]*  (prose in brackets)`; `-` stands for none."""
    text = re.sub(r"\([^()]*\)?", " ", " ".join(lines)).strip()
    if text == "-":
        return Slots()
    parts = re.fullmatch(r"([^\[\]]*)(?:\[([^\[\]]+)\]\*)?", text)
    if not parts:
        raise ValueError(f"cannot read the slots '{text}'")
    slots = Slots(_names([parts[1]]), _names([parts[2] or ""]))
    _names([*slots.fixed, *slots.repeated])
    return slots


def _answers(lines: list[str]) -> tuple[Answer, ...]:
    found = [match for line in lines if (match := ANSWER.match(line))]
    if not found or not ANSWER.match(lines[0]):
        raise ValueError("RETURNS has no word")
    words = [match[1] for match in found]
    if len(set(words)) != len(words):
        raise ValueError("RETURNS says a word twice")
    return tuple(Answer(match[1], match[2] or "") for match in found)


def _flags(lines: list[str]) -> tuple[str, ...]:
    flags = tuple(" ".join(lines).split())
    for flag in flags:
        if flag not in KNOWN_FLAGS:
            raise ValueError(f"unknown flag '{flag}'")
    return flags
