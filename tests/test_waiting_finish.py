"""Stays that end because of an order: told together a little later, each sale's on its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from allocator.sale import SaleId
from api.library import library
from store.batcher import Limits
from store.connection import Store
from store.keys import shard_of
from tests.conftest import WaitUntil
from tests.queueing import SALE, SECRET, Queue
from waiting_room.place import Place
from waiting_room.waiting_room import WaitingRoom

OTHER = msgspec.structs.replace(SALE, id=SaleId("matinee"), serial=8, shard=shard_of("matinee"))


async def inside(q: Queue, fans: int) -> list[Place]:
    places = [await q.join() for _ in range(fans)]
    await q.room.move(q.sale, "open")
    await q.tick()
    for place in places:
        await q.admit(place)
    return places


async def are_done(q: Queue, *places: Place) -> bool:
    await q.room.mirror.refresh(q.sale)
    return q.states(*places) == ["done"] * len(places)


async def fcalls(q: Queue) -> int:
    stats = await q.store.client.info("commandstats")
    return int(stats["cmdstat_fcall"]["calls"])


async def test_stays_of_a_while_end_in_one_call(q: Queue, wait_until: WaitUntil) -> None:
    places = await inside(q, 3)
    before = await fcalls(q)
    for place in places:
        q.room.finish_soon(q.sale, place.entry)

    async def are_told() -> bool:
        return await fcalls(q) > before

    await wait_until(are_told)
    assert await are_done(q, *places)
    assert await fcalls(q) == before + 2, "one for the stays, one for the mirror"


async def test_a_worker_that_ends_tells_them_first(q: Queue) -> None:
    places = await inside(q, 3)
    for place in places:
        q.room.finish_soon(q.sale, place.entry)
    await q.room.close()
    assert await are_done(q, *places)


@asynccontextmanager
async def narrow(url: str, q: Queue) -> AsyncIterator[WaitingRoom]:
    """A worker in whose lanes only one may wait."""
    store = await Store.connect(url, library=library(), clock=q.time.clock, limits=Limits(queue_max=1))
    try:
        yield WaitingRoom(store, SECRET)
    finally:
        await store.close()


async def test_a_full_lane_keeps_no_stay_of_another_sale(
    q: Queue, valkey_url: str, wait_until: WaitUntil
) -> None:
    assert OTHER.shard != SALE.shard
    await q.store.open_gate(OTHER.shard, 0)
    other = Queue(q.store, q.time, OTHER)
    await other.put()
    first, second = await inside(q, 2)
    (third,) = await inside(other, 1)
    async with narrow(valkey_url, q) as room:
        room.finish_soon(q.sale, first.entry)
        room.finish_soon(q.sale, second.entry)
        room.finish_soon(other.sale, third.entry)
        await wait_until(lambda: are_done(other, third))
    assert await are_done(q, first)
    assert not await are_done(q, second)
