"""Definitions in the store, and every worker's memory of them."""

import asyncio

import msgspec

from allocator.catalogue import Catalogue
from allocator.geometry import Geometry
from allocator.showtime import ShowtimeId
from store import keys
from store.connection import Store
from tests.allocator_stage import SALE, drawn, onsale
from tests.conftest import WaitUntil

HALL = drawn("aaa")
SHOW = onsale(HALL).showtime


async def filled(store: Store) -> Catalogue:
    catalogue = Catalogue(store)
    await catalogue.put_plan("drawn", HALL)
    await catalogue.put_sale(SALE)
    await catalogue.put_showtime(SHOW)
    return catalogue


async def test_what_was_put_is_found_by_another_worker(store: Store) -> None:
    await filled(store)
    other = Catalogue(store)
    await other.refresh()
    found = other.showtime("show")
    assert found is not None
    assert (found.sale, found.showtime, found.plan) == (SALE, SHOW, HALL)
    assert found.geometry.digest == Geometry(HALL).digest
    assert other.by_serial(7) is found
    assert other.sale("night") == SALE
    assert (other.sales(), other.showtimes_of("night")) == ([SALE], [found])
    assert (other.showtime("none"), other.by_serial(8), other.sale("none")) == (None, None, None)
    assert other.showtimes_of("none") == []


async def test_a_plan_name_moves_on_and_showtimes_keep_theirs(store: Store) -> None:
    catalogue = await filled(store)
    other = Catalogue(store)
    assert await other.plan("drawn") == HALL
    await catalogue.put_plan("drawn", drawn("bb"))
    assert await other.plan("drawn") == drawn("bb")
    assert await other.plan("unknown") is None
    kept = other.showtime("show")
    assert kept is not None
    assert kept.plan == HALL


async def test_a_showtime_waits_for_its_plan_and_sale(store: Store) -> None:
    catalogue = Catalogue(store)
    await catalogue.put_showtime(SHOW)
    assert catalogue.showtime("show") is None
    await catalogue.put_plan("drawn", HALL)
    await catalogue.put_sale(SALE)
    assert catalogue.showtime("show") is not None


async def test_nothing_is_read_again_while_nothing_changes(store: Store) -> None:
    catalogue = await filled(store)
    before = catalogue.showtime("show")
    await catalogue.refresh()
    assert catalogue.showtime("show") is before


async def test_what_did_not_change_stays_the_same_object(store: Store) -> None:
    """A release night has thousands of showtimes, and each put is read by every worker."""
    catalogue = await filled(store)
    before = catalogue.showtime("show")
    await catalogue.put_showtime(msgspec.structs.replace(SHOW, id=ShowtimeId("other"), serial=8))
    assert catalogue.showtime("show") is before
    await catalogue.put_sale(msgspec.structs.replace(SALE, title="Second night"))
    after = catalogue.showtime("show")
    assert after is not None
    assert (after.sale.title, after.showtime) == ("Second night", SHOW)


async def test_showtimes_share_the_words_they_have_in_common(store: Store) -> None:
    catalogue = await filled(store)
    await catalogue.put_showtime(msgspec.structs.replace(SHOW, id=ShowtimeId("other"), serial=8))
    first, second = (onsale.showtime for onsale in catalogue.showtimes_of("night"))
    assert first.film is second.film
    assert first.plan_digest is second.plan_digest


async def test_a_follower_hears_of_changes(store: Store, wait_until: WaitUntil) -> None:
    catalogue, follower = await filled(store), Catalogue(store)
    following = asyncio.create_task(follower.run())
    try:
        await wait_until(lambda: follower.sale("night") == SALE)
        renamed = msgspec.structs.replace(SALE, title="Second night")
        await catalogue.put_sale(renamed)
        await wait_until(lambda: follower.sale("night") == renamed)
        await store.client.delete(keys.CATALOGUE)
        await wait_until(lambda: follower.sale("night") is None)
    finally:
        following.cancel()
