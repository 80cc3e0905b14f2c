"""A lost store is filled from Postgres: nothing is sold twice, limits hold, orders go on where they stood."""

from typing import Any, Final

import pytest

from allocator.allocator import Allocator
from allocator.answers import AlreadyPaid, Held, OrderConfirmed, OverLimit, SeatsTaken
from allocator.catalogue import OnSale
from allocator.outbox import Token, read_order
from allocator.token import mint
from ledger import definitions
from ledger.actions import ActionVerb, write_action
from ledger.orders import find
from ledger.pool import Pool
from ledger.refunds import list_refunds, mark_sent
from store import keys
from store.connection import Store
from tests.allocator_stage import exact
from tests.conftest import WaitUntil
from tests.ledger_stream import payment, sale
from tests.sold_night import buy, put_on_sale, writing
from usher.comparison import differences
from usher.lost_shards import NotEmpty
from usher.rebuild import ENTRIES_APART, Rebuild, packed_fans
from waiting_room.line import Line


async def test_a_lost_store_is_filled_again(store: Store, pool: Pool, wait_until: WaitUntil) -> None:
    client: Any = store.client
    show, ended = await put_on_sale(store, pool)
    allocator, shard = Allocator(store), show.sale.shard
    async with writing(store, pool):
        order = await buy(store, show, 5, "A-1", "A-2")
        await allocator.hold(show, "f6", 6, mint(show.showtime.serial, "6" * 20), exact("A-10", "A-11"))
        await wait_until(lambda: find(pool, order))
    before = (await allocator.board(show)).seats
    with pytest.raises(NotEmpty, match="nothing to rebuild"):
        await Rebuild(store, pool).run()

    await client.flushall()
    rebuilt = await Rebuild(store, pool).run()
    assert (rebuilt.sales, rebuilt.showtimes, rebuilt.seats_sold) == (1, 2, 2)
    assert (await allocator.board(show)).seats == before.replace(b"h", b".")
    assert (await allocator.board(ended)).reclaimed
    stand = await client.hgetall(keys.sale(shard, show.sale.id))
    assert stand[b"state"] == b"paused"
    assert int(stand[b"joined"]) == int(stand[b"base"]) == 5 + ENTRIES_APART

    async with writing(store, pool):
        await Line(store).move(show.sale, "resume", "")
        token = mint(show.showtime.serial, "7" * 20)
        assert isinstance(await allocator.hold(show, "f7", 7, token, exact("A-2")), SeatsTaken)
        limited = await allocator.hold(show, "f5", 8, token, exact("A-20", "A-21", "A-22"))
        assert isinstance(limited, OverLimit)
        later = await buy(store, show, 9, "A-30", "A-31")
        await wait_until(lambda: find(pool, later))


async def test_what_comes_back_is_what_was_lost_byte_for_byte(
    store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    """Only clocks, versions of boards and the line differ."""
    client: Any = store.client
    show, _ = await put_on_sale(store, pool)
    allocator = Allocator(store)
    async with writing(store, pool):
        orders = [await buy(store, show, n, f"A-{2 * n}", f"A-{2 * n + 1}") for n in range(3, 12)]
        record = await allocator.find(show, orders[0])
        assert record
        assert record.order
        again = payment(read_order(record.order), "paid once more")
        assert isinstance(await allocator.confirm(show, orders[0], again), AlreadyPaid)
        await wait_until(lambda: list_refunds(pool))
        assert await mark_sent(pool, "storefront", "paid once more", store.clock.now_ms())
    lost = await contents(client)
    await client.flushall()
    await Rebuild(store, pool).run()
    assert await contents(client) == lost
    replay = await allocator.confirm(
        show, orders[1], payment(read_order(await found(allocator, show, orders[1])))
    )
    assert isinstance(replay, OrderConfirmed)
    assert replay.replayed


async def found(allocator: Allocator, show: OnSale, token: Token) -> str:
    record = await allocator.find(show, token)
    assert record
    assert record.order
    return record.order


UNLIKE: Final = {b"epoch", b"now_ms", b"turn", b"version", b"told"}
"""Fields of hashes that a rebuild may set otherwise: clocks, counters, and what only makes a hash large."""


async def contents(client: Any) -> dict[bytes, Any]:
    """Every key with its value, as bytes; without the line, whose fans hold their places themselves."""
    found: dict[bytes, Any] = {}
    async for key in client.scan_iter(count=1000):
        kind = await client.type(key)
        if b":sale:" in key and not key.endswith(b":fans"):
            continue
        if kind == b"hash":
            fields = await client.hgetall(key)
            found[key] = {name: value for name, value in fields.items() if name not in UNLIKE}
        elif kind == b"string":
            found[key] = await client.get(key)
    return found


async def test_a_shard_set_back_is_replaced_only_when_wanted(
    store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    """A part was lost while the stream still had an order to tell: that order is kept."""
    client: Any = store.client
    show, _ = await put_on_sale(store, pool)
    async with writing(store, pool):
        order = await buy(store, show, 5, "A-1", "A-2")
        await wait_until(lambda: find(pool, order))
    unwritten = await buy(store, show, 6, "A-5", "A-6")
    await client.delete(keys.show(show.sale.shard, "show-2"))
    with pytest.raises(NotEmpty, match="is not empty, but the store has lost show-2"):
        await Rebuild(store, pool).run()
    assert (await Rebuild(store, pool, replace=True).run()).seats_sold == 4
    assert await find(pool, unwritten)
    async with pool.acquire() as db:
        assert await differences(store, db, pause_s=0) == []


async def test_a_shard_that_is_well_is_left_alone(store: Store, pool: Pool) -> None:
    """Of two sales the store lost one, as a cluster loses what one of its masters had."""
    client: Any = store.client
    show, _ = await put_on_sale(store, pool)
    held = await Allocator(store).hold(show, "f6", 6, mint(show.showtime.serial, "6" * 20), exact("A-10"))
    assert isinstance(held, Held)
    stored = await definitions.put_sale(pool, sale("matinee"))
    assert isinstance(stored, definitions.Stored)
    other = stored.definition
    assert other.shard != show.sale.shard
    await definitions.mark_sale_loaded(pool, other.id)
    assert (await Rebuild(store, pool).run()).sales == 1
    assert (await Allocator(store).counts(show)).held == 1
    assert await client.exists(keys.sale(other.shard, other.id))


@pytest.mark.parametrize(
    ("verbs", "sold", "state"),
    [
        ((), False, b"scheduled"),
        (("open",), False, b"paused"),
        ((), True, b"paused"),
        (("open", "close"), True, b"closed"),
    ],
)
async def test_a_sale_moved_by_hand_comes_back_as_it_stood(
    store: Store,
    pool: Pool,
    wait_until: WaitUntil,
    verbs: tuple[ActionVerb, ...],
    sold: bool,
    state: bytes,
) -> None:
    client: Any = store.client
    show, _ = await put_on_sale(store, pool)
    if sold:
        async with writing(store, pool):
            order = await buy(store, show, 5, "A-1", "A-2")
            await wait_until(lambda: find(pool, order))
    await pool.execute("UPDATE sales SET opens_at_ms = 2000000000000")
    for verb in verbs:
        await write_action(pool, verb, show.sale.id, 1, verb, "", "", "")
    await client.flushall()
    await Rebuild(store, pool).run()
    assert await client.hget(keys.sale(show.sale.shard, show.sale.id), "state") == state


async def test_a_rebuild_broken_off_is_taken_up_again(
    store: Store, pool: Pool, wait_until: WaitUntil
) -> None:
    client: Any = store.client
    show, _ = await put_on_sale(store, pool)
    async with writing(store, pool):
        order = await buy(store, show, 5, "A-1", "A-2")
        await wait_until(lambda: find(pool, order))
    await client.flushall()
    whole = await Rebuild(store, pool).run()
    await client.hset(keys.shard(show.sale.shard), "rebuilding", 1)
    await client.delete(keys.sale(show.sale.shard, show.sale.id))
    assert await Rebuild(store, pool).run() == whole


def test_fans_are_packed_as_the_seat_functions_read_them() -> None:
    from ledger.orders import SoldSeat

    sold = [
        SoldSeat("1-a", "A-1", 0, "f1", 4),
        SoldSeat("1-b", "A-2", 1, "f1", 9),
        SoldSeat("1-c", "A-3", 2, "f2", 0),
    ]
    assert packed_fans(sold) == {"f1": 20 * 1024 + 2, "f2": 2 * 1024 + 1}
