"""The doctor names what stands differently in Valkey and Postgres, and nothing where both tell the same."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from allocator.allocator import Allocator
from allocator.catalogue import OnSale
from allocator.outbox import Token
from ledger.orders import find
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.conftest import WaitUntil
from tests.sold_night import buy, put_on_sale, writing
from usher.checkup import look_at_all
from usher.comparison import differences
from usher.settings import read_settings

Night = tuple[Any, Pool, OnSale, Token]
"""A client of the store, Postgres, the showtime, and the order of A-1 (index 0) and A-2."""


async def nothing(night: Night) -> None: ...


async def free_a_seat(night: Night) -> None:
    client, _, show, _ = night
    await client.setrange(keys.board(show.sale.shard, show.showtime.id), 1, b".")


async def sell_a_seat(night: Night) -> None:
    client, _, show, _ = night
    await client.setrange(keys.board(show.sale.shard, show.showtime.id), 9, b"s")


async def forget_the_record(night: Night) -> None:
    client, _, show, order = night
    await client.hdel(keys.holds(show.sale.shard, show.showtime.id), order)


async def forget_the_order(night: Night) -> None:
    _, pool, _, order = night
    await pool.execute("DELETE FROM tickets WHERE token = $1", order)
    await pool.execute("DELETE FROM orders WHERE token = $1", order)


async def move_a_ticket(night: Night) -> None:
    _, pool, _, order = night
    await pool.execute(
        "UPDATE tickets SET seat = 'A-7', seat_index = 6 WHERE token = $1 AND seat_index = 1", order
    )


async def forget_the_payment(night: Night) -> None:
    _, pool, _, order = night
    await pool.execute("DELETE FROM payments WHERE token = $1", order)


async def miscount_the_fan(night: Night) -> None:
    client, _, show, _ = night
    await client.hincrby(keys.fans(show.sale.shard, show.sale.id), "f5", -1)


async def lose_the_sale(night: Night) -> None:
    client, _, show, _ = night
    await client.delete(keys.sale(show.sale.shard, show.sale.id))


async def rename_the_sale(night: Night) -> None:
    _, pool, *_ = night
    await pool.execute("UPDATE sales SET title = 'Another'")


async def set_the_shard_back(night: Night) -> None:
    client, _, show, _ = night
    await client.hset(keys.shard(show.sale.shard), "version", 1)


async def sell_on_what_was_reclaimed(night: Night) -> None:
    client, _, show, _ = night
    await client.hset(keys.show(show.sale.shard, "show-2"), "state", "on_sale")


CHANGES: Final[list[tuple[Callable[[Night], Awaitable[None]], list[str]]]] = [
    # what happened, and every difference by name
    (nothing, []),
    (free_a_seat, ["show-1: seat A-2 is of order o-* in Postgres, and not sold in Valkey"]),
    (sell_a_seat, ["show-1: seat A-10 is sold in Valkey, and of no order in Postgres"]),
    (
        forget_the_record,
        [
            "show-1: order o-* is in Postgres, not in Valkey",
            "premiere: fan f5 has 0 seats, and 2 count towards the limit",
        ],
    ),
    (
        forget_the_order,
        [
            "show-1: order o-* is in Valkey, not in Postgres",
            "show-1: seat A-1 is sold in Valkey, and of no order in Postgres",
            "show-1: seat A-2 is sold in Valkey, and of no order in Postgres",
            "show-1: payment storefront:pay-* is in Valkey, not in Postgres",
        ],
    ),
    (
        move_a_ticket,
        [
            "show-1: order o-* is f5 A-1 A-7 for 10600 in Postgres, f5 A-1 A-2 for 10600 in Valkey",
            "show-1: seat A-7 is of order o-* in Postgres, and not sold in Valkey",
            "show-1: seat A-2 is sold in Valkey, and of no order in Postgres",
        ],
    ),
    (forget_the_payment, ["show-1: payment storefront:pay-* is in Valkey, not in Postgres"]),
    (miscount_the_fan, ["premiere: fan f5 has 2 seats, and 1 count towards the limit"]),
    (lose_the_sale, ["premiere: the sale is in Postgres, not in Valkey"]),
    (rename_the_sale, ["premiere: the sale is defined otherwise in Valkey"]),
    (set_the_shard_back, ["shard 15: the store stands at 1, the ledger at 2"]),
    (sell_on_what_was_reclaimed, ["show-2: it was reclaimed by Postgres, and still sells in Valkey"]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
async def test_every_difference_is_named(
    store: Store,
    pool: Pool,
    wait_until: WaitUntil,
    change: Callable[[Night], Awaitable[None]],
    expected: list[str],
) -> None:
    show, _ = await put_on_sale(store, pool)
    async with writing(store, pool):
        order = await buy(store, show, 5, "A-1", "A-2")
        await wait_until(lambda: find(pool, order))
    await change((store.client, pool, show, order))
    async with pool.acquire() as db:
        told = await differences(store, db, pause_s=0)
    await store.client.flushall()  # What was broken on purpose would be found after the test, too.
    assert [one.replace(order, "*") for one in told] == expected


async def test_the_doctor_itself_looks_at_what_is_on_sale(
    store: Store, pool: Pool, wait_until: WaitUntil, valkey_url: str, postgres_url: str, tmp_path: Path
) -> None:
    show, _ = await put_on_sale(store, pool)
    async with writing(store, pool):
        order = await buy(store, show, 5, "A-1", "A-2")
        await wait_until(lambda: find(pool, order))
        engines = {"USHER_VALKEY_URL": valkey_url, "USHER_POSTGRES_URL": postgres_url}
        told = look_at_all(read_settings(engines | {"USHER_DATA": str(tmp_path)}))
        found = {one.what: one.detail async for one in told if one.good}
    assert found["books"] == "Valkey and Postgres tell the same"


async def test_what_the_writer_has_still_to_write_is_no_difference(store: Store, pool: Pool) -> None:
    show, _ = await put_on_sale(store, pool)
    await buy(store, show, 5, "A-1", "A-2")
    await Allocator(store).counts(show)
    async with pool.acquire() as db:
        assert await differences(store, db, pause_s=0) == []
