"""The header that says where a decision stands among those of its shard."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_stage import Answer, Stage, open_stage
from tests.conftest import WaitUntil

BACK: dict[str, Any] = {"best": {"count": 2, "category": "back"}}


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


def version(answer: Answer) -> tuple[int, ...]:
    """(shard, epoch, turn, place)."""
    shard, _, order = answer.headers["usher-version"].partition(":")
    return int(shard), *map(int, order.split("."))


async def test_each_decision_of_a_sale_comes_after_the_one_before(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    held = await stage.hold(pass_, BACK)
    ordered = await stage.post("/v1/orders", {"hold": held.json()["hold"]}, pass_)
    paid = await stage.pay(ordered.json())
    refused = await stage.hold(pass_, BACK)
    told = [version(answer) for answer in (held, ordered, paid, refused)]
    assert (held.status_code, refused.headers["content-type"]) == (201, "application/problem+json")
    assert told == sorted(set(told))
    assert {shard for shard, *_ in told} == {keys.shard_of("night")}


async def test_a_repeat_has_the_version_of_the_first_answer(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    key = {"idempotency-key": "wish-1"}
    first, again = [await stage.hold(pass_, BACK, **key) for _ in range(2)]
    assert again.headers["idempotent-replayed"] == "true"
    assert version(first) == version(again)


async def test_what_decides_nothing_has_none(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    await stage.hold(pass_, BACK)
    for answer in (await stage.get("/v1/sales/night"), await stage.hold("no pass", BACK)):
        assert "usher-version" not in answer.headers


async def test_the_document_tells_of_the_header(stage: Stage) -> None:
    paths = (await stage.get("/schema/openapi.json")).json()["paths"]
    told = paths["/v1/showtimes/{showtime}/holds"]["post"]["responses"]
    assert {"201", "default"} <= {
        status for status, said in told.items() if "Usher-Version" in said["headers"]
    }
