"""Says whether this process lives, and whether the engines behind it are ready; each is said apart."""

import asyncio
from typing import Any, Literal

import msgspec
from litestar import Request, Response, get

from api.house import House
from ledger.trouble import POSTGRES_TROUBLE, within
from store.unavailable import StoreUnavailable

Condition = Literal["ready", "closed", "away"]


class Live(msgspec.Struct, frozen=True):
    state: Literal["live"] = "live"


class Ready(msgspec.Struct, frozen=True, omit_defaults=True):
    """`store` is `closed` while it was emptied or a shard that sells has a closed gate; `why` says which."""

    state: Literal["ready", "degraded", "unavailable"]
    store: Condition
    postgres: Condition
    why: str = ""


@get("/health/live", operation_id="live", tags=["health"], sync_to_thread=False)
def live() -> Live:
    """The process answers."""
    return Live()


@get("/health/ready", operation_id="ready", tags=["health"])
async def ready(request: Request[Any, Any, Any]) -> Response[Ready]:
    """200 when orders can be taken: the store decides. Postgres away is `degraded`, still 200."""
    house: House = request.app.state.house
    timeout_s = house.settings.limits.ready_timeout_s
    (store, why), postgres = await asyncio.gather(
        store_condition(house, timeout_s), postgres_condition(house, timeout_s)
    )
    state: Literal["ready", "degraded", "unavailable"] = "ready"
    if store != "ready":
        state = "unavailable"
    elif postgres != "ready":
        state = "degraded"
    headers = {"cache-control": "no-store"} | ({"retry-after": "2"} if state == "unavailable" else {})
    body = Ready(state=state, store=store, postgres=postgres, why=why)
    return Response(body, status_code=503 if state == "unavailable" else 200, headers=headers)


async def store_condition(house: House, timeout_s: float) -> tuple[Condition, str]:
    """The condition, and the reason when it is `closed`."""
    if not house.is_open:
        return "away", ""
    try:
        async with asyncio.timeout(timeout_s):
            await house.rooms.store.sample_clock()
            doubt = await house.rooms.store_check.doubt()
            if doubt.stops_selling:
                return "closed", await house.rooms.store_check.why(doubt)
    except (StoreUnavailable, TimeoutError):
        return "away", ""
    return "ready", ""


async def postgres_condition(house: House, timeout_s: float) -> Condition:
    if not house.is_open:
        return "away"
    try:
        await within(timeout_s, house.rooms.pool.fetchval("SELECT 1"))
    except POSTGRES_TROUBLE:
        return "away"
    return "ready"
