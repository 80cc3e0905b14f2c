"""Engines away, and faults of our own: what callers are told, and that it passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from litestar import Litestar

from api.house import House
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import CINEMA, JSON, OPERATOR, STOREFRONT, open_doors, settings, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil

NOWHERE_STORE, NOWHERE_POSTGRES = "redis://127.0.0.1:9", "postgresql://127.0.0.1:9/nothing"
SALE = b'{"title":"T","opens_at":"2030-01-01T10:00:00Z","capacity":5}'


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("GET", "/v1/sales", "store-unavailable"),
        ("GET", "/v1/sales/s/pulse", "store-unavailable"),
        ("GET", "/v1/sales/s/place", "store-unavailable"),
        ("POST", "/v1/sales/s/places", "store-unavailable"),
        ("GET", "/v1/orders/o-1-x", "store-unavailable"),
        ("PUT", "/v1/sales/s", "store-unavailable"),
        ("GET", "/", "store-unavailable"),
        ("GET", "/health/live", "200"),
        ("GET", "/metrics", "200"),
        ("GET", "/schema/openapi.json", "200"),
    ],
)
async def test_without_the_store_nothing_is_decided(
    postgres_url: str, method: str, path: str, word: str
) -> None:
    async with open_doors(settings(NOWHERE_STORE, postgres_url)) as doors:
        headers = STOREFRONT | JSON | {"idempotency-key": "k"}
        body = {"PUT": SALE, "POST": b"{}"}.get(method)
        assert slug(await doors.request(method, path, content=body, headers=headers)) == word


async def test_without_postgres_definitions_wait(valkey_url: str) -> None:
    async with open_doors(settings(valkey_url, NOWHERE_POSTGRES)) as doors:
        put = await doors.put("/v1/sales/s", content=SALE, headers=STOREFRONT | JSON)
        assert slug(put) == "ledger-unavailable"
        read = await doors.get("/v1/settlements?cinema=c&day=2026-01-01", headers=CINEMA)
        assert slug(read) == "ledger-unavailable"
        assert (await doors.get("/v1/sales")).json() == {"sales": []}


async def test_without_postgres_seats_are_sold(stage: Stage, valkey_url: str) -> None:
    await stage.open()
    async with open_doors(settings(valkey_url, NOWHERE_POSTGRES)) as doors:
        alone = Stage(doors, stage.wait_until)
        order = await alone.order(await alone.come_in(), "A-1", "A-2")
        assert slug(await alone.pay(order)) == "201"
        found = (await alone.get(f"/v1/orders/{order['order']}")).json()
        assert (found["state"], found["durability"], len(found["tickets"])) == ("confirmed", "journalled", 2)
        counts: dict[str, int | None] = {}

        async def read_anew() -> bool:
            counts.update((await doors.get("/v1/sales/night", headers=OPERATOR)).json())
            return bool(counts["sold"])

        # The worker may know the hall from just before: it reads it five times a second.
        await alone.wait_until(read_anew)
        assert (counts["sold"], counts["orders"]) == (2, None)


async def test_a_closed_gate_sells_nothing_and_opens_again(stage: Stage, store: Store) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    await store.client.execute_command("FUNCTION", "LOAD", "REPLACE", store.library.text)
    want = {"best": {"count": 1, "category": "back"}}
    answer = await stage.hold(pass_, want)
    assert slug(answer) in ("store-unavailable", "201")

    async def sells() -> bool:
        return slug(await stage.hold(pass_, want)) != "store-unavailable"

    await stage.wait_until(sells)


async def test_keys_of_the_storefront_that_cannot_be_read(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    away = {"identity_jwks": "http://127.0.0.1:9/jwks.json"}
    token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln"
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, **away) as stage:
        await stage.delegate(sale={"identity": "storefront"})
        answer = await stage.post("/v1/sales/night/places", {"identity": token})
        assert slug(answer) == "identity-unavailable"


async def test_a_fault_of_ours_is_a_problem_without_details(stage: Stage, store: Store) -> None:
    await stage.open()
    broken = keys.board(keys.shard_of("night"), "late")
    await store.client.delete(broken)
    await store.client.hset(broken, "not", "a board")

    async def fails() -> bool:
        answer = await stage.get("/v1/showtimes/late")
        assert "WRONGTYPE" not in answer.text
        return slug(answer) == "internal-error"

    try:
        await stage.wait_until(fails)
    finally:
        await store.client.delete(broken, keys.show(keys.shard_of("night"), "late"))


async def test_doors_behind_a_proxy_path(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, root_path="/tickets") as stage:
        await stage.open()
        order = await stage.order(await stage.come_in(), "A-1")
        assert httpx.URL(order["pay_url"]).path.startswith("/tickets/test-provider/")
        for path in ("/", "/tickets/"):
            page = await stage.doors.get(path)
            assert 'href="/tickets/sales/night"' in page.text


async def test_a_worker_whose_rooms_cannot_open_ends(postgres_url: str) -> None:
    house = House(settings("nonsense://here", postgres_url))
    with pytest.raises(ValueError, match="URL"):
        async with house.lifespan(Litestar()):
            pass


class LosingHouse(House):
    """Its store is away until the doors are told to close: that is lost, and the store is there."""

    async def _reach_store(self) -> Store:
        self._tried.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await super()._reach_store()


async def test_doors_told_to_close_while_they_open_do(valkey_url: str, postgres_url: str) -> None:
    house = LosingHouse(settings(valkey_url, postgres_url))
    async with asyncio.timeout(10), house.lifespan(Litestar()):
        assert not house.is_open
    assert not house.is_open
