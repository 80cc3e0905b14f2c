"""The benchmarks below HTTP still run, tiny; outcomes are asserted by the benchmarks themselves."""

from collections.abc import Callable

import pytest

from benchmarks import fsync, growth, memory, seats, writer
from benchmarks.finding import Finding


@pytest.mark.parametrize(
    ("findings", "count"),
    [
        (seats.findings, 1),
        (fsync.findings, 2),
        (memory.findings, 4),
        (growth.findings, 5),
        (writer.findings, 1),
    ],
)
def test_a_tiny_run(findings: Callable[[bool], list[Finding]], count: int) -> None:
    found = findings(True)
    assert len(found) == count
    assert all(one.sides for one in found)
    assert len({one.name for one in found}) == count
    assert all(one.mark is not None for one in found)
