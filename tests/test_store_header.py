"""A Lua file without a complete and readable header does not load."""

from pathlib import Path

import pytest

from store.functions import Library
from store.header import Answer, BadHeader, Slots, read_file

VERB = """\
-- PURPOSE  does a thing
--          in two lines
-- KEYS     shard outbox [sale fans]*  (the sale's)
-- ARGV     now_ms batch               (UTC milliseconds; a decision = [group, request])
--          and prose about it
-- RETURNS  REPLAYED total  seen before
--          (prose between)
--          DONE
-- COST     1 redis call
-- USES     clock gate
-- FLAGS    allow-oom
local shard = KEYS[1]
return shard
"""
LEAF = "-- PURPOSE  adds\n-- PROVIDES add\nreturn {}\n"


def written(folder: Path, text: str, name: str = "thing.lua") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_verb_is_read(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, VERB))
    assert (file.name, file.purpose) == ("thing", "does a thing in two lines")
    assert file.keys == Slots(("shard", "outbox"), ("sale", "fans"))
    assert file.argv == Slots(("now_ms", "batch"))
    assert file.returns == (Answer("REPLAYED", "total  seen before"), Answer("DONE", ""))
    assert (file.uses, file.flags, file.is_leaf) == (("clock", "gate"), ("allow-oom",), False)
    assert file.body == "local shard = KEYS[1]\nreturn shard"
    assert file.body_line == 12


def test_a_leaf_is_read(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, LEAF))
    assert (file.provides, file.is_leaf, file.body) == (("add",), True, "return {}")


@pytest.mark.parametrize(
    ("change", "by", "complaint"),
    [
        ("-- PURPOSE  does a thing\n--          in two lines\n", "", "does not say PURPOSE"),
        ("-- KEYS     shard outbox [sale fans]*  (the sale's)\n", "", "does not say KEYS"),
        ("-- COST     1 redis call", "-- COST", "does not say COST"),
        ("-- COST  ", "-- KEYS  ", "says KEYS twice"),
        ("-- COST  ", "-- PRICE ", "line 9 belongs to no slot"),
        ("-- PURPOSE  does a thing", "-- does a thing", "does not say PURPOSE"),
        ("--          in two lines", "-- in two lines", "does not say KEYS, ARGV, RETURNS, COST"),
        ("[sale fans]*", "[sale fans]", "cannot read the slots"),
        ("[sale fans]*", "[sale fans]* more", "cannot read the slots"),
        ("shard outbox", "shard Outbox", "'Outbox' is not a lower-case name"),
        ("[sale fans]*", "[sale shard]*", "names something twice"),
        ("now_ms batch ", "now_ms now_ms ", "names something twice"),
        ("REPLAYED total", "replayed total", "RETURNS has no word"),
        ("REPLAYED total", "DONE total", "says a word twice"),
        ("allow-oom", "allow-all", "unknown flag 'allow-all'"),
        ("clock gate", "clock clock", "names something twice"),
        ("-- FLAGS    allow-oom", "-- PROVIDES add", "a leaf does not say"),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, change: str, by: str, complaint: str) -> None:
    assert change in VERB
    with pytest.raises(BadHeader, match=r"^thing\.lua: ") as refused:
        read_file(written(tmp_path, VERB.replace(change, by, 1)))
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"thing.lua": VERB.replace("clock gate", "clok")}, "uses 'clok', which is no leaf"),
        ({"thing.lua": VERB.replace("clock gate", "open_gate")}, "uses 'open_gate', which is no leaf"),
        ({"gate.lua": LEAF}, "the name is taken"),
        ({"library.lua": VERB}, "the name is taken"),
        ({"Thing.lua": VERB}, "'Thing' is not a lower-case name"),
        (
            {
                "one.lua": LEAF.replace("-- PROVIDES", "-- USES two\n-- PROVIDES"),
                "two.lua": LEAF.replace("-- PROVIDES", "-- USES one\n-- PROVIDES"),
            },
            "leaves use each other in a ring: one > two",
        ),
    ],
)
def test_a_bad_library_is_refused(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    for name, text in files.items():
        written(tmp_path, text, name)
    with pytest.raises(BadHeader) as refused:
        Library(tmp_path)
    assert complaint in str(refused.value)


def test_a_leaf_comes_before_those_who_use_it(tmp_path: Path) -> None:
    written(tmp_path, LEAF.replace("-- PROVIDES", "-- USES zoom\n-- PROVIDES"), "adder.lua")
    written(tmp_path, LEAF, "zoom.lua")
    text = Library(tmp_path).text
    assert text.index("leaves.zoom =") < text.index("leaves.adder =")


def test_the_digest_follows_the_text(tmp_path: Path) -> None:
    before = Library(tmp_path).digest
    assert Library(tmp_path, tmp_path).digest == before
    written(tmp_path, VERB)
    assert Library(tmp_path).digest != before
