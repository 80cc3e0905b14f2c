"""A short history agrees with the model; every lie planted into a true one is found, by its name."""

import asyncio

import msgspec
import pytest

from tests.history import Plan, record, run, staged
from tests.history_check import RECORDED, check
from tests.history_lies import LIES, Calls, Lie
from tests.history_op import read
from tests.history_traces import Evidence

PER_NIGHT = 2500


def test_a_store_killed_under_a_crowd_answers_as_the_model() -> None:
    history = run(Plan(5000, kills=1, processes=2, per_night=PER_NIGHT, losses=0.01), checkers=1)
    assert history.differences == {}
    assert history.kills == 1
    assert history.count("checked") >= 5000
    # How many of them were done after all is up to the moment of the kill.
    assert history.count("unknown") > 0


@pytest.fixture(scope="module")
def truth() -> tuple[Calls, Evidence]:
    """A night in which nothing was lost, as it was."""
    with staged(Plan(PER_NIGHT, kills=0, processes=2, per_night=PER_NIGHT, losses=0)) as stage:
        asyncio.run(record(stage))
        found = asyncio.run(stage.finish())
        return list(read(stage.folder, 0)), found[0]


def copied(truth: tuple[Calls, Evidence]) -> tuple[Calls, Evidence]:
    calls, evidence = msgspec.msgpack.encode(truth[0]), msgspec.msgpack.encode(truth[1])
    return msgspec.msgpack.decode(calls, type=Calls), msgspec.msgpack.decode(evidence, type=Evidence)


def test_the_truth_is_believed(truth: tuple[Calls, Evidence]) -> None:
    verdict = check(*truth, PER_NIGHT)
    assert (verdict.difference, verdict.unknown, verdict.resolved) == (None, 0, 0)


@pytest.mark.parametrize(("lie", "told"), LIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_lie_is_found(truth: tuple[Calls, Evidence], lie: Lie, told: str) -> None:
    calls, evidence = copied(truth)
    lie(calls, evidence)
    difference = check(calls, evidence, PER_NIGHT).difference
    assert difference is not None
    assert told in difference.why, str(difference)


def test_what_nobody_heard_is_found_again(truth: tuple[Calls, Evidence]) -> None:
    """Whole turns of payments become unknown, each with some that left a trace: it tells what happened."""
    calls, evidence = copied(truth)
    turns = sorted({op.version[:2] for op in calls if op.word in RECORDED})[10::25]
    lost = [op for op in calls if op.version[:2] in turns]
    for op in lost:
        op.word, op.told, op.epoch, op.turn, op.place = "", [], 0, 0, 0
    verdict = check(calls, evidence, PER_NIGHT)
    assert verdict.difference is None
    assert verdict.unknown == len(lost)
    assert verdict.resolved > 0
