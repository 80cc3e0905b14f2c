"""Sizes stay readable: functions, Python, SQL, pages and Lua, without an exception list."""

import ast
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
FUNCTION_LINES_MAX: Final = 50
NOT_OURS: Final = {"charts", "data", "profiles", "reports", "shots"}
LINES_MAX: Final = {".py": 300, ".sql": 300, ".css": 300, ".js": 300, ".lua": 80}


def our_files() -> list[Path]:
    """Every file of the rooms, the tests and the loads; not the environment, the caches or the data."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in NOT_OURS]
    return [
        path for folder in folders if folder.name[0] != "." for path in folder.rglob("*") if path.is_file()
    ]


@pytest.mark.parametrize("suffix", LINES_MAX)
def test_no_file_is_too_long(suffix: str) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in our_files()
        if path.suffix == suffix
    }
    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX[suffix]} == {}


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": lines
        for path in our_files()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert too_long == {}
