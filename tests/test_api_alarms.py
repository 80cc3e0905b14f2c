"""Alarms that stand until an operator has seen to them: who may close them, and the log of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ledger.alarms import AlarmName, open_alarms, raise_alarm, shard_subject
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import OPERATOR, STOREFRONT, slug
from tests.api_stage import Answer, Stage, open_stage
from tests.conftest import WaitUntil

NIGHT = keys.shard_of("night")
DONE = {"reason": "The bank gave one of the two back", "who": "Ada"}


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        await opened.delegate()
        yield opened


async def raised(pool: Pool, name: AlarmName) -> int:
    """The number of this alarm, raised twice."""
    for detail in ("order 1", "order 2"):
        await raise_alarm(pool, name, shard_subject(NIGHT), detail, 1_790_000_000_000)
    return next(alarm.id for alarm in await open_alarms(pool) if alarm.name == name)


async def close(stage: Stage, number: object, body: Any, **who: str) -> Answer:
    return await stage.post(f"/v1/alarms/{number}/close", body, **(who or OPERATOR))


async def troubles(stage: Stage) -> list[Any]:
    answer = await stage.doors.get("/v1/troubles", headers=OPERATOR)
    return [(one["kind"], one["count"], one["alarm"]) for one in answer.json()["troubles"]]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("payment-reused", "payment-reused"),
        ("dead-letter", "dead-letters"),
        ("seat-conflict", "seat-conflicts"),
    ],
)
async def test_a_noted_alarm_is_listed_closed_and_logged(
    stage: Stage, pool: Pool, name: AlarmName, kind: str
) -> None:
    number = await raised(pool, name)
    assert (kind, 2, number) in await troubles(stage)
    closed = await close(stage, number, DONE)
    assert slug(closed) == "200"
    assert {"alarm": number, "name": name, "shard": NIGHT, "times": 2, "detail": "order 2"}.items() <= (
        closed.json().items()
    )
    assert kind not in [one for one, _, _ in await troubles(stage)]
    again = await close(stage, number, DONE)
    assert (slug(again), again.json()) == ("200", closed.json())
    log = (await stage.doors.get("/v1/sales/night/actions", headers=OPERATOR)).json()["actions"]
    assert [(one["verb"], one["who"], one["why"], one["detail"]) for one in log] == [
        ("close-alarm", "Ada", DONE["reason"], f"alarm {number}, {name}, 2 times: order 2")
    ]
    assert await raised(pool, name) > number, "raised again, it is another alarm"


async def test_what_cannot_be_closed(stage: Stage, pool: Pool) -> None:
    number, standing = await raised(pool, "dead-letter"), await raised(pool, "gap")
    assert slug(await close(stage, number, DONE, **STOREFRONT)) == "not-allowed"
    for body in ({}, {"reason": ""}, {"reason": "x", "sale": "night"}):
        assert slug(await close(stage, number, body)) == "bad-request"
    assert slug(await close(stage, 999_999, DONE)) == "unknown-alarm"
    assert slug(await close(stage, 2**70, DONE)) == "bad-request"
    assert slug(await close(stage, "seven", DONE)) == "not-found"
    assert slug(await close(stage, standing, DONE)) == "alarm-stands"
    assert {alarm.id for alarm in await open_alarms(pool)} == {number, standing}
