"""What operators see and do: halls, curves, troubles, moves with who and why, capacity."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from allocator.catalogue import Catalogue
from api.action_log import drain
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import OPERATOR, STOREFRONT, slug
from tests.api_stage import Answer, Stage, open_stage
from tests.conftest import WaitUntil
from usher.recorder import Recorder

READS = ("/v1/sales/night/halls", "/v1/sales/night/history", "/v1/sales/night/actions", "/v1/troubles")
PRESS = {"who": "Ada", "why": "as planned"}


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


@pytest.fixture
async def recorder(store: Store, pool: Pool) -> AsyncIterator[Recorder]:
    """Takes samples beside the stage, as the admit process does."""
    catalogue = Catalogue(store)
    found = Recorder(store, pool, catalogue)
    tasks = [asyncio.create_task(catalogue.run()), asyncio.create_task(found.run())]
    yield found
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def read(stage: Stage, path: str) -> Any:
    answer = await stage.doors.get(path, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def capacity(stage: Stage, **body: Any) -> Answer:
    return await stage.post("/v1/sales/night/capacity", body, **OPERATOR)


@pytest.mark.parametrize("path", [*READS, "/v1/showtimes/late/board"])
async def test_only_operators_read(stage: Stage, path: str) -> None:
    await stage.delegate()
    assert slug(await stage.doors.get(path)) == "bad-token"
    assert slug(await stage.doors.get(path, headers=STOREFRONT)) == "not-allowed"
    assert slug(await stage.doors.get(path, headers=OPERATOR)) == "200"


async def test_the_halls_fill(stage: Stage) -> None:
    await stage.open(showtime={"blocked": ["A-8"]})
    order = await stage.order(await stage.come_in(), "C-4", "C-5")
    await stage.pay(order)
    await stage.hold(await stage.come_in(), {"seats": ["A-1"]})

    async def filled() -> bool:
        (hall,) = (await read(stage, "/v1/sales/night/halls"))["showtimes"]
        return (hall["free"], hall["held"], hall["sold"], hall["blocked"]) == (20, 1, 2, 1)

    await stage.wait_until(filled)
    halls = await read(stage, "/v1/sales/night/halls")
    assert (halls["state"], halls["capacity"], halls["message"]) == ("open", 50, None)
    board = await read(stage, "/v1/showtimes/late/board")
    assert board["seats"] == "h......b" + "........" + "...ss..."


async def test_every_move_is_logged_with_who_and_why(stage: Stage) -> None:
    await stage.delegate()
    await stage.move("open", PRESS)
    assert slug(await stage.move("open", {"who": "Bo", "why": "twice"})) == "200"
    await stage.move("pause", {"reason": "The projector failed", "who": "Ada"})
    assert slug(await stage.move("pause", {"reason": "Nobody reads this"})) == "200"
    assert (await read(stage, "/v1/sales/night/halls"))["message"] == "The projector failed"
    await stage.move("resume", PRESS | {"why": "repaired"})
    assert slug(await capacity(stage, capacity=80, who="Bo", why="quick night")) == "200"
    assert slug(await capacity(stage, capacity=80, who="Bo", why="twice")) == "200"
    assert slug(await stage.move("resume", {"fans": "?"})) == "bad-request"
    assert slug(await stage.move("close", {"reason": "Sold out", "who": "Bo"})) == "200"
    assert slug(await stage.move("open", PRESS)) == "cannot-move"
    logged = (await read(stage, "/v1/sales/night/actions"))["actions"]
    assert [(one["verb"], one["who"], one["why"], one["detail"], one["written"]) for one in logged] == [
        ("close", "Bo", "Sold out", "fans read: Sold out", True),
        ("capacity", "Bo", "quick night", "from 50 to 80", True),
        ("resume", "Ada", "repaired", "", True),
        ("pause", "Ada", "The projector failed", "fans read: The projector failed", True),
        ("open", "Ada", "as planned", "", True),
    ]


async def test_more_shoppers_come_in_when_the_capacity_grows(stage: Stage) -> None:
    await stage.open(sale={"capacity": 1})
    places = [await stage.join() for _ in range(3)]

    async def invited() -> int:
        return [await stage.state(place) for place in places].count("invited")

    async def one() -> bool:
        return await invited() == 1

    async def all_of_them() -> bool:
        return await invited() == 3

    await stage.wait_until(one)
    assert slug(await capacity(stage, capacity=3)) == "200"
    await stage.wait_until(all_of_them)
    assert (await read(stage, "/v1/sales/night/halls"))["capacity"] == 3


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/v1/sales/night/capacity", {"capacity": 0}, "bad-request"),
        ("/v1/sales/night/capacity", {"capacity": 1.5}, "bad-request"),
        ("/v1/sales/night/capacity", {}, "bad-request"),
        ("/v1/sales/night/capacity", {"capacity": 10_000_000}, "bad-request"),
        ("/v1/sales/none/capacity", {"capacity": 5}, "unknown-sale"),
        ("/v1/sales/night/capacity", {"capacity": 5}, "cannot-move"),
    ],
)
async def test_a_capacity_that_cannot_be(stage: Stage, path: str, body: Any, word: str) -> None:
    await stage.delegate()
    if word == "cannot-move":
        await stage.move("close")
    assert slug(await stage.post(path, body, **OPERATOR)) == word


async def test_what_postgres_did_not_hear_is_carried_over_later(
    stage: Stage, store: Store, pool: Pool
) -> None:
    await stage.delegate()
    async with pool.acquire() as db:
        await db.execute("ALTER TABLE actions RENAME TO actions_away")
    try:
        assert slug(await stage.move("open", PRESS)) == "200"
        unheard = await read(stage, "/v1/sales/night/actions")
    finally:
        async with pool.acquire() as db:
            await db.execute("ALTER TABLE actions_away RENAME TO actions")
    assert unheard["complete"] is False
    assert [(one["verb"], one["written"]) for one in unheard["actions"]] == [("open", False)]
    assert await drain(store, pool) == 1
    assert await drain(store, pool) == 0
    heard = await read(stage, "/v1/sales/night/actions")
    assert [(one["verb"], one["written"]) for one in heard["actions"]] == [("open", True)]


async def test_the_curves_tell_the_night(stage: Stage, recorder: Recorder) -> None:
    await stage.open()

    async def begun() -> Any:
        return (await read(stage, "/v1/sales/night/history?since=0"))["curves"]["at_s"]

    # Latencies are those between two samples: what was called before the first one is in none.
    await stage.wait_until(begun, 10)
    order = await stage.order(await stage.come_in(), "C-4", "C-5")
    await stage.pay(order)

    async def told() -> Any:
        curves = (await read(stage, "/v1/sales/night/history?since=0"))["curves"]
        # Two samples that know the orders make a rate; Postgres may be slow to answer the first.
        is_known = curves["orders"][-2:] == [1, 1] and 1 in curves["latencies"]["pay"]["count"]
        return curves if is_known and curves["is_booked"][-1] else None

    curves: Any = await stage.wait_until(told, 10)
    assert len({len(column) for name, column in curves.items() if name != "latencies"}) == 1
    assert curves["at_s"] == sorted(set(curves["at_s"]))
    assert (curves["state"][-1], curves["sold"][-1], curves["free"][-1]) == ("open", 2, 22)
    assert curves["is_booked"][-1] is True
    at = curves["latencies"]["pay"]["count"].index(1)
    assert 0 < curves["latencies"]["pay"]["p50_ms"][at] <= curves["latencies"]["pay"]["p99_ms"][at]
    later = await read(stage, f"/v1/sales/night/history?since={curves['at_s'][-1]}")
    assert later["curves"]["at_s"][0] == curves["at_s"][-1]
    assert later["curves"]["orders_per_s"][0] is not None
    minutes = await read(stage, "/v1/sales/night/history?step_s=60")
    assert minutes["step_s"] == 60
    assert len(minutes["curves"]["at_s"]) in (1, 2)


@pytest.mark.parametrize(
    "query", ["step_s=5", "step_s=1.0", "since=-1", "since=x", "since=1e2", "since=99999999999999"]
)
async def test_curves_that_nobody_keeps(stage: Stage, query: str) -> None:
    await stage.delegate()
    answer = await stage.doors.get(f"/v1/sales/night/history?{query}", headers=OPERATOR)
    assert slug(answer) == "bad-request"


async def test_a_second_recorder_changes_nothing(
    stage: Stage, store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    await stage.open()
    catalogue = Catalogue(store)
    await catalogue.refresh()
    first, second = Recorder(store, pool, catalogue), Recorder(store, pool, catalogue)

    async def recorded() -> int:
        return int(await store.client.xlen(keys.history(keys.shard_of("night"), "night", 1)))

    for recorder in (first, second):
        await recorder.round()
    assert await recorded() in (1, 2)
    curves = (await read(stage, "/v1/sales/night/history"))["curves"]
    assert curves["at_s"] == sorted(set(curves["at_s"]))


async def test_troubles_come_first_and_go(stage: Stage, store: Store, recorder: Recorder) -> None:
    await stage.open()

    async def kinds() -> list[str]:
        return [one["kind"] for one in (await read(stage, "/v1/troubles"))["troubles"]]

    async def well() -> bool:
        return await kinds() == []

    await stage.wait_until(well)
    first = await stage.order(await stage.come_in(), "C-4")
    await stage.pay(first)
    await stage.pay(first, reference="r-2")

    async def owed() -> bool:
        return await kinds() == ["refunds-due"]

    await stage.wait_until(owed)
    (refund,) = (await read(stage, "/v1/troubles"))["troubles"]
    assert (refund["grade"], refund["count"], refund["items"]) == ("look", 1, ["4700 CNY"])
    await store.client.hset(keys.shard(keys.shard_of("night")), "version", 0)
    await store.client.hset(keys.shard(keys.shard_of("night")), "epoch", 99)

    async def stopped() -> bool:
        troubles = (await read(stage, "/v1/troubles"))["troubles"]
        return (
            bool(troubles) and troubles[0]["kind"] == "gate-closed" and "stands at" in troubles[0]["detail"]
        )

    await stage.wait_until(stopped)
    gate = (await read(stage, "/v1/troubles"))["troubles"][0]
    assert (gate["grade"], gate["sales"]) == ("stops", ["night"])
    await store.client.hset(keys.shard(keys.shard_of("night")), "version", 2)
    await stage.wait_until(owed)
