"""Patience with Postgres: an answer in time, or none at once."""

import asyncio

import pytest

from ledger.trouble import within


async def test_an_answer_in_time_and_a_refusal() -> None:
    async def answer() -> int:
        return 7

    async def refuse() -> int:
        raise ValueError("no")

    assert await within(1.0, answer()) == 7
    with pytest.raises(ValueError, match="no"):
        await within(1.0, refuse())


async def test_a_question_that_will_not_end_is_left_behind() -> None:
    release, cancelled = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await release.wait()
        except asyncio.CancelledError:
            cancelled.set()
            await release.wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(within(0.01, stubborn()), 2.0)
    await cancelled.wait()
    release.set()
