"""Every loop that ends by cancellation alone looks for one that a client lost, see `store.cancellation`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
ROOMS: Final = ("store", "allocator", "waiting_room", "ledger", "api", "usher", "benchmarks", "loadtests")


def within(node: ast.AST) -> Iterator[ast.AST]:
    """What runs as part of this node: functions that are only defined there do not."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from within(child)


def is_endless(loop: ast.While) -> bool:
    """`while True` that waits for something and has no way out."""
    if not isinstance(loop.test, ast.Constant) or not loop.test.value:
        return False
    inside = list(within(loop))
    return any(isinstance(node, ast.Await) for node in inside) and not any(
        isinstance(node, ast.Return | ast.Break) for node in inside
    )


def looks_for_cancellation(loop: ast.While) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "end_if_cancelled"
        for node in within(loop)
    )


def test_every_endless_loop_looks_for_a_lost_cancellation() -> None:
    loops = {
        f"{path.relative_to(ROOT)}:{node.lineno}": looks_for_cancellation(node)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.While) and is_endless(node)
    }
    assert len(loops) > 9, "the loops were not found"
    assert [where for where, looks in loops.items() if not looks] == []
