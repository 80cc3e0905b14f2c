"""A store that lost what Postgres knows: the doors say so, and never that a sale does not exist."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import OPERATOR, open_doors, settings, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil
from usher.rebuild import Rebuild

NIGHT = keys.shard_of("night")
ELSEWHERE = next(name for name in map(str, range(99)) if keys.shard_of(name) != NIGHT)
BESIDE = next(name for name in map(str, range(9999)) if keys.shard_of(name) == NIGHT)


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def joins(stage: Stage, sale: str) -> str:
    return slug(await stage.post(f"/v1/sales/{sale}/places"))


async def ready(stage: Stage) -> httpx.Response:
    return await stage.doors.get("/health/ready")


async def test_an_emptied_store_is_not_ready_and_knows_no_unknown_sale(
    stage: Stage, store: Store, pool: Pool
) -> None:
    client: Any = store.client
    await stage.open()
    assert slug(await ready(stage)) == "200"
    await client.flushall()

    async def forgotten() -> bool:
        assert await joins(stage, "night") == "store-unavailable"
        return await sales_are_gone(stage)

    await stage.wait_until(forgotten)
    answer = await ready(stage)
    assert (answer.status_code, answer.json()["store"]) == (503, "closed")
    assert answer.json()["why"].startswith("The store was emptied.")
    assert answer.headers["retry-after"] == "2"
    said = [await joins(stage, sale) for sale in ("night", BESIDE, ELSEWHERE)]
    assert said == ["store-unavailable", "store-unavailable", "unknown-sale"]
    for path in ("/v1/showtimes/late", "/v1/orders/o-1-0123456789abcdef", "/v1/sales/night/pulse"):
        assert slug(await stage.get(path)) == "store-unavailable", path

    await Rebuild(store, pool).run()
    await stage.wait_until(lambda: is_ready(stage))
    assert [await joins(stage, sale) for sale in ("night", BESIDE)] == ["201", "unknown-sale"]


async def is_ready(stage: Stage) -> bool:
    return (await ready(stage)).status_code == 200


async def test_a_closed_gate_is_not_ready_and_says_why(stage: Stage, store: Store) -> None:
    client: Any = store.client
    await stage.open()
    await client.delete(keys.shard(NIGHT), keys.show(NIGHT, "late"))

    async def told() -> bool:
        return "the store has lost late" in (await ready(stage)).json().get("why", "")

    await stage.wait_until(told)
    assert (await ready(stage)).status_code == 503
    assert [await joins(stage, sale) for sale in (BESIDE, ELSEWHERE)] == ["store-unavailable", "unknown-sale"]


async def test_a_sale_that_only_postgres_has_is_not_unknown(stage: Stage, store: Store) -> None:
    client: Any = store.client
    await stage.delegate()
    await client.hdel(keys.CATALOGUE, "sale:night")
    await client.hincrby(keys.CATALOGUE, "version", 1)
    await stage.wait_until(lambda: sales_are_gone(stage))
    assert [await joins(stage, sale) for sale in ("night", BESIDE)] == ["store-unavailable", "unknown-sale"]


async def sales_are_gone(stage: Stage) -> bool:
    return (await stage.get("/v1/sales")).text == '{"sales":[]}'


async def test_a_new_sales_shard_leaves_the_doors_ready(stage: Stage, store: Store) -> None:
    client: Any = store.client
    await stage.put("/v1/sales/night", {"title": "T", "opens_at": "2030-01-01T10:00:00Z", "capacity": 5})
    await client.delete(keys.shard(NIGHT))
    assert slug(await ready(stage)) == "200"


async def test_an_empty_store_without_postgres_cannot_say_what_exists(valkey_url: str) -> None:
    async with open_doors(settings(valkey_url, "postgresql://127.0.0.1:9/nothing")) as doors:
        assert slug(await doors.post("/v1/sales/night/places")) == "store-unavailable"
        assert slug(await doors.get("/v1/sales/night", headers=OPERATOR)) == "store-unavailable"
