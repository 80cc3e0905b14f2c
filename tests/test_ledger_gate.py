"""The gate: a store that lost anything the ledger has seen does not sell."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from ledger import alarms, definitions
from ledger.cursors import Cursor, advance
from ledger.gate import Gate, Reason, contradiction
from ledger.pool import Pool
from store import keys
from store.connection import Store
from store.gate import gate_state
from tests.conftest import WaitUntil
from tests.ledger_stream import Outbox, confirmed, delegate, order, sale

CURSOR: Final = Cursor(3, 7, "sum-7", 1)
BEHIND: Final = Reason("store-behind", "the store stands at 6, the ledger at 7")
DIFFERS: Final = Reason("store-differs", "record 7 is not the one the ledger has written")


@pytest.mark.parametrize(
    ("cursor", "version", "sum_at_cursor", "expected"),
    [
        (None, 0, None, None),
        (None, 5, None, None),
        (CURSOR, 6, None, BEHIND),
        (CURSOR, 7, "sum-other", DIFFERS),
        (CURSOR, 9, "sum-other", DIFFERS),
        (CURSOR, 7, "sum-7", None),
        (CURSOR, 7, None, None),
        (CURSOR, 9, "sum-7", None),
    ],
)
def test_contradiction(
    cursor: Cursor | None, version: int, sum_at_cursor: str | None, expected: Reason | None
) -> None:
    assert contradiction(cursor, version, sum_at_cursor) == expected


class Shard:
    """The home shard of the sale, with one showtime loaded and two records written down."""

    def __init__(self, store: Store, pool: Pool) -> None:
        self.client: Any = store.client
        self.store = store
        self.pool = pool
        self.outbox = Outbox(store)
        self.number = self.outbox.shard
        self.key = keys.shard(self.number)

    async def prepare(self) -> None:
        await self.client.hset(keys.sale(self.number, "premiere"), "state", "scheduled")
        await definitions.mark_sale_loaded(self.pool, "premiere")
        await self.client.hset(keys.show(self.number, "show-1"), "state", "on sale")
        await definitions.mark_loaded(self.pool, "show-1")
        await self.outbox.add(confirmed(order(1)), confirmed(order(2)))
        (_, fields), *_ = await self.client.xrange(self.outbox.key, "2-0", "2-0")
        start = Cursor(self.number, 0, "", 0)
        await advance(self.pool, start, Cursor(self.number, 2, fields[b"sum"].decode(), 1))

    async def is_open(self) -> bool:
        return (await gate_state(self.store, self.number)).is_open


@pytest.fixture
async def shard(store: Store, pool: Pool) -> Shard:
    await delegate(pool)
    made = Shard(store, pool)
    await made.prepare()
    return made


async def nothing(shard: Shard) -> None: ...


async def go_on(shard: Shard) -> None:
    await shard.outbox.add(confirmed(order(3)))


async def trim_all(shard: Shard) -> None:
    await shard.client.xtrim(shard.outbox.key, maxlen=0)


async def set_back(shard: Shard) -> None:
    await shard.client.hset(shard.key, "version", 1)


async def flush(shard: Shard) -> None:
    await shard.client.flushall()


async def tell_another_story(shard: Shard) -> None:
    await shard.client.delete(shard.outbox.key)
    await shard.outbox.put(2, *confirmed(order(9)))


async def lose_a_showtime(shard: Shard) -> None:
    await shard.client.delete(keys.show(shard.number, "show-1"))


async def lose_the_sale(shard: Shard) -> None:
    await shard.client.delete(keys.sale(shard.number, "premiere"))


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (flush, "store-behind"),
        (set_back, "store-behind"),
        (tell_another_story, "store-differs"),
        (lose_a_showtime, "showtime-missing"),
        (lose_the_sale, "showtime-missing"),
        (trim_all, "open"),
        (go_on, "open"),
        (nothing, "open"),
    ],
)
async def test_a_gate_opens_only_on_what_the_ledger_has_seen(
    shard: Shard, pool: Pool, store: Store, happened: Callable[[Shard], Awaitable[None]], expected: str
) -> None:
    await happened(shard)
    gate = Gate(store, pool)
    closed = [await gate.look(), await gate.look()]
    told = [(alarm.name, alarm.times) for alarm in await alarms.open_alarms(pool)]
    assert await shard.is_open() == (expected == "open")
    assert (closed, told) == (([0, 0], []) if expected == "open" else ([1, 1], [(expected, 1)]))


async def test_a_store_made_whole_opens_and_the_alarm_closes(shard: Shard, pool: Pool, store: Store) -> None:
    gate = Gate(store, pool)
    await lose_a_showtime(shard)
    assert await gate.look() == 1
    await shard.client.hset(keys.show(shard.number, "show-1"), "state", "on sale")
    assert await gate.look() == 0
    assert await alarms.open_alarms(pool) == []


async def test_a_sale_without_showtimes_does_not_reopen_on_an_emptied_store(pool: Pool, store: Store) -> None:
    """Fans may be in its draw already, and an emptied store has forgotten them."""
    await definitions.put_sale(pool, sale())
    await definitions.mark_sale_loaded(pool, "premiere")
    gate = Gate(store, pool)
    assert await gate.look() == 1
    assert [one.detail for one in await alarms.open_alarms(pool)] == ["the store has lost premiere"]


async def test_a_gate_that_another_opened_closes_the_alarm(shard: Shard, pool: Pool, store: Store) -> None:
    await flush(shard)
    await Gate(store, pool).look()
    assert len(await alarms.open_alarms(pool)) == 1
    await shard.client.hset(shard.key, "version", 2)
    await store.open_gate(shard.number, 2)
    await Gate(store, pool).look()
    assert await alarms.open_alarms(pool) == []


async def test_a_new_sales_gate_opens_by_itself(pool: Pool, store: Store, wait_until: WaitUntil) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(Gate(store, pool).run(stop))
    await delegate(pool)
    shard = keys.shard_of("premiere")

    async def is_open() -> bool:
        return (await gate_state(store, shard)).is_open

    await wait_until(is_open, timeout_s=2)
    stop.set()
    await task
