"""The fan's pages: the list of premieres, and one sale from the first look to the order."""

import asyncio
from typing import Any

from litestar import Response, get

from allocator.catalogue import OnSale
from allocator.sale import Sale
from api.house import House
from api.moments import rfc3339
from api.pages import IN_WORDS, AnyRequest, page
from api.requests import PathId
from api.rooms import Rooms
from api.words import local_time, plain_money
from store.unavailable import StoreUnavailable


@get("/", include_in_schema=False, exception_handlers=IN_WORDS)
async def list_page(request: AnyRequest) -> Response[bytes]:
    """The premieres, those that can be joined first."""
    rooms = rooms_of(request)
    order = {"open": 0, "paused": 0, "scheduled": 1, "closed": 2}
    shown_now = (sale for sale in rooms.catalogue.sales() if is_listed(sale, rooms))
    sales = await asyncio.gather(*(seen(sale, rooms) for sale in shown_now))
    listed = sorted(sales, key=lambda sale: (order[sale["state"]], sale["opens_at"]))
    return page(request, "list.html", sales=listed)


@get("/sales/{sale:str}", include_in_schema=False, exception_handlers=IN_WORDS)
async def sale_page(request: AnyRequest, sale: PathId) -> Response[bytes]:
    """One sale: waiting, choosing and holding seats."""
    rooms = rooms_of(request)
    return page(request, "sale.html", sale=await seen(await rooms.sale(sale), rooms))


def is_listed(sale: Sale, rooms: Rooms) -> bool:
    """A closed sale leaves the list when the last of its showtimes has begun."""
    shows, now_ms = rooms.catalogue.showtimes_of(sale.id), rooms.store.clock.now_ms()
    return rooms.state_of(sale) != "closed" or any(each.showtime.starts_at_ms > now_ms for each in shows)


def rooms_of(request: AnyRequest) -> Rooms:
    house: House = request.app.state.house
    return house.rooms


async def seen(sale: Sale, rooms: Rooms) -> dict[str, Any]:
    """A sale as fans see it."""
    shows = sorted(rooms.catalogue.showtimes_of(sale.id), key=lambda onsale: onsale.showtime.starts_at_ms)
    return {
        "id": sale.id,
        "title": sale.title,
        "state": rooms.state_of(sale),
        "opens_at": rfc3339(sale.opens_at_ms),
        "draw": sale.draw,
        "identity": sale.identity,
        "seats_per_fan": sale.seats_per_fan,
        "claim_s": sale.claim_ms // 1000,
        "shopping_s": sale.shopping_ms // 1000,
        "hold_s": sale.hold_ms // 1000,
        "pay_s": sale.pay_ms // 1000,
        "showtimes": await asyncio.gather(*(shown(onsale, rooms) for onsale in shows)),
    }


async def shown(onsale: OnSale, rooms: Rooms) -> dict[str, Any]:
    """A showtime in the list; prices are what a seat costs with its fee."""
    show = onsale.showtime
    prices = sorted(amount + show.service_fee for amount in show.prices.values())
    return {
        "id": show.id,
        "film": show.film,
        "format": show.format,
        "cinema": show.cinema,
        "auditorium": show.auditorium,
        "starts_at": rfc3339(show.starts_at_ms),
        "zone": show.time_zone,
        "starts_local": local_time(show.starts_at_ms, show.time_zone),
        "from_amount": prices[0] if prices else 0,
        "from_money": plain_money(prices[0] if prices else 0, show.currency),
        "currency": show.currency,
        "free": await free_of(onsale, rooms),
    }


async def free_of(onsale: OnSale, rooms: Rooms) -> int | None:
    """Seats still free, None while the store cannot say: the page is there all the same."""
    try:
        return (await rooms.boards.latest(onsale)).free
    except StoreUnavailable:
        return None
