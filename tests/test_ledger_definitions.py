"""Definitions: given once, the same for ever, changed only while nothing is sold by them."""

import asyncio

import msgspec
import pytest

from allocator.showtime import Showtime
from ledger import definitions
from ledger.definitions import Fixed, Stored
from ledger.pool import Pool
from tests.ledger_stream import PLAN, confirmed, delegate, order, sale, showtime
from tests.test_ledger_statement import write


async def test_a_sale_is_given_serial_and_seed_once(pool: Pool) -> None:
    first = await definitions.put_sale(pool, sale())
    again = await definitions.put_sale(pool, sale())
    other = await definitions.put_sale(pool, sale("second"))
    assert isinstance(first, Stored)
    assert isinstance(again, Stored)
    assert isinstance(other, Stored)
    assert (first.created, again.created, again.changed) == (True, False, ())
    assert first.definition == again.definition == await definitions.find_sale(pool, "premiere")
    assert (first.definition.serial, other.definition.serial) == (1, 2)
    assert len(first.definition.seed) == 64
    assert first.definition.seed != other.definition.seed
    assert await definitions.all_sales(pool) == [first.definition, other.definition]


async def test_putting_together_gives_one_sale(pool: Pool) -> None:
    answers = await asyncio.gather(*(definitions.put_sale(pool, sale()) for _ in range(5)))
    stored = [one for one in answers if isinstance(one, Stored)]
    assert sorted(one.created for one in stored) == [False] * 4 + [True]
    assert len({one.definition.seed for one in stored}) == 1


@pytest.mark.parametrize(
    ("changes", "fixed", "expected"),
    [
        ({}, True, ()),
        ({"title": "New", "capacity": 5, "shopping_ms": 1000}, True, ("title", "capacity", "shopping_ms")),
        ({"seed": "f" * 64, "serial": 9, "shard": 63}, True, ()),
        ({"draw": False, "title": "New"}, False, ("title", "draw")),
        ({"draw": False, "title": "New"}, True, Fixed(("draw",))),
        ({"seats_per_fan": 9, "identity": "storefront"}, True, Fixed(("seats_per_fan", "identity"))),
    ],
)
async def test_what_of_a_sale_may_change(
    pool: Pool, changes: dict[str, object], fixed: bool, expected: Fixed | tuple[str, ...]
) -> None:
    first = await definitions.put_sale(pool, sale())
    assert isinstance(first, Stored)
    wanted = msgspec.structs.replace(sale(), **changes)
    answer = await definitions.put_sale(pool, wanted, fixed=fixed)
    assert (answer.changed if isinstance(answer, Stored) else answer) == expected
    stored = await definitions.find_sale(pool, "premiere")
    assert stored == (answer.definition if isinstance(answer, Stored) else first.definition)
    assert stored is not None
    assert stored.seed == first.definition.seed
    assert stored.shard == first.definition.shard


async def test_a_showtime_comes_back_as_it_was_put(pool: Pool) -> None:
    await delegate(pool)
    found = await definitions.find_showtime(pool, "show-1")
    assert found is not None
    assert (found.showtime, found.loaded) == (showtime(serial=1), False)
    await definitions.mark_loaded(pool, "show-1")
    assert [(one.showtime, one.loaded) for one in await definitions.all_showtimes(pool)] == [
        (showtime(serial=1), True)
    ]
    assert await definitions.find_showtime(pool, "unknown") is None


async def test_a_showtime_changes_until_something_is_sold_or_its_sale_opens(pool: Pool) -> None:
    await delegate(pool)
    dearer = showtime(prices={"front": 6000})
    assert await definitions.put_showtime(pool, dearer, fixed=True) == Fixed(("prices",))
    answer = await definitions.put_showtime(pool, dearer)
    assert isinstance(answer, Stored)
    assert answer.changed == ("prices",)
    assert await definitions.put_showtime(pool, showtime("show-2"), fixed=True) == Stored(
        definition=showtime("show-2", serial=2), created=True
    )
    await write(pool, confirmed(order(1)))
    assert await definitions.put_showtime(pool, showtime()) == Fixed(("prices",))
    same = await definitions.put_showtime(pool, dearer, fixed=True)
    assert isinstance(same, Stored)
    assert same.changed == ()


async def test_a_change_that_the_store_refuses_is_not_written(pool: Pool) -> None:
    await delegate(pool)

    async def opened_just_now(_: Showtime) -> bool:
        return False

    dearer = showtime(prices={"front": 6000})
    assert await definitions.put_showtime(pool, dearer, load=opened_just_now) == Fixed(("prices",))
    found = await definitions.find_showtime(pool, "show-1")
    assert found is not None
    assert found.showtime == showtime(serial=1)


async def test_a_showtime_stays_in_its_sale(pool: Pool) -> None:
    await delegate(pool, showtime(), showtime("show-2", "second"))
    assert await definitions.put_showtime(pool, showtime("show-1", "second")) == Fixed(("sale",))


async def test_a_plan_is_found_by_name_and_by_content(pool: Pool) -> None:
    digest = await definitions.put_plan(pool, "small", PLAN, ("2 standing areas",))
    assert await definitions.put_plan(pool, "small", PLAN, ("2 standing areas",)) == digest == PLAN.digest()
    renamed = msgspec.structs.replace(PLAN, name="renamed")
    newer = await definitions.put_plan(pool, "small", renamed)
    found = await definitions.find_plan(pool, "small")
    assert found is not None
    assert (found.digest, found.document) == (newer, renamed)
    old = await definitions.find_document(pool, digest)
    assert old == PLAN
    assert old.digest() == digest
    assert await definitions.find_document(pool, "0" * 40) is None
    assert [one.name for one in await definitions.all_plans(pool)] == ["small"]
