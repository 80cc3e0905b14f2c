"""Planted bugs do not rot: what they change still stands, and so do the tests that must catch them."""

from pathlib import Path
from typing import Final

import pytest

from tests.mutants import Run
from tests.mutation import Mutation
from tests.mutations import MUTATIONS

ROOT: Final = Path(__file__).parent.parent
SAID: Final = "FAILED tests/test_seats.py::test_one[a b] - assert 1 == 2\n1 failed in 0.1s"


@pytest.mark.parametrize("bug", MUTATIONS, ids=lambda bug: bug.name)
def test_a_planted_bug_still_fits(bug: Mutation) -> None:
    assert bug.is_fresh(ROOT), f"{bug.before!r} does not stand exactly once in {bug.file}"
    assert bug.before != bug.after
    for test in bug.caught_by:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text("utf-8"), test


def test_each_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in MUTATIONS}) == len(MUTATIONS) >= 25


def test_it_is_planted_where_it_belongs(tmp_path: Path) -> None:
    bug = Mutation("less", "seats.lua", "n > 1", "n > 2", ())
    (tmp_path / "seats.lua").write_text("if n > 1 then\n")
    assert bug.is_fresh(tmp_path)
    bug.plant(tmp_path)
    assert (tmp_path / "seats.lua").read_text() == "if n > 2 then\n"
    assert not bug.is_fresh(tmp_path)
    (tmp_path / "seats.lua").write_text("n > 1 n > 1")
    assert not bug.is_fresh(tmp_path)


@pytest.mark.parametrize(
    ("code", "said", "verdict"),
    [
        (0, "9 passed in 1s", "SURVIVED"),
        (None, "", "NOT CAUGHT: the tests hung"),
        (1, "ERROR tests/test_seats.py::test_one - no store", "NOT CAUGHT: the tests broke"),
        (2, "ERROR tests/test_seats.py - SyntaxError", "NOT CAUGHT: the tests broke"),
        (1, SAID, "caught by test_seats.py::test_one[a b]"),
    ],
)
def test_only_a_failed_test_catches(code: int | None, said: str, verdict: str) -> None:
    assert Run(code, said, 1.0).verdict.startswith(verdict)
