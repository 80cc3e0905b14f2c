"""Delegates the sale of a load test over HTTP before the first user comes."""

import asyncio
import random
import time
from typing import Final
from urllib.parse import urlsplit

import msgspec

from loadtests.load import CALM_SHARE, STARTS_IN_S, Load, ShapeName
from usher.rush_door import Door
from usher.rush_sale import CannotDelegate, delegate, plan_of, terms_of
from usher.rush_stack import Target
from usher.rush_tape import Tape

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked for."""

    shape: ShapeName
    users: int
    run_s: int
    showtimes: int
    seed: int


class Counts(msgspec.Struct, frozen=True):
    """How the sale stands, as the storefront reads it; `orders` is None while Postgres is away."""

    waiting: int
    invited: int
    inside: int
    held: int
    sold: int
    free: int
    orders: int | None = None


def stay_here(url: str) -> None:
    """Raises CannotDelegate for the address of another machine, before anything is sent there."""
    if urlsplit(url).hostname not in LOOPBACK:
        raise CannotDelegate(f"{url} is not this machine; load goes to loopback only")


async def delegated(target: Target, size: Size) -> Load:
    """A sale of the load's own that opens by itself; raises CannotDelegate."""
    file = plan_of(None, None)
    terms = terms_of(f"load-{time.time_ns() // 1_000_000:x}", size.users, size.showtimes, file.plan, None)
    opens_in_s = STARTS_IN_S + (CALM_SHARE * size.run_s if size.shape == "spike" else 0)
    door = _door(target)
    try:
        opens_at_s = time.time() + opens_in_s
        await delegate(door, target.settings.storefront_key, terms, file, opens_in_s)
    finally:
        door.close()
    return Load(
        url=target.base_url,
        sale=terms.sale,
        hold_s=terms.hold_s,
        pay_s=terms.pay_s,
        seats_per_fan=terms.seats_per_fan,
        opens_at_s=opens_at_s,
        shape=size.shape,
        users=size.users,
        run_s=size.run_s,
        seed=size.seed,
    )


async def counts_of(target: Target, load: Load) -> Counts:
    """The sale once the writer has caught up, or as it stands after ten seconds."""
    door = _door(target)
    try:
        for _ in range(20):
            answer = await door.call(
                "read sale", "GET", f"/v1/sales/{load.sale}", bearer=target.settings.storefront_key
            )
            if answer.body.get("writer_lag") == 0:
                break
            await asyncio.sleep(0.5)
        return msgspec.convert(answer.body, Counts)
    finally:
        door.close()


def _door(target: Target) -> Door:
    return Door(target.base_url, Tape(0), random.Random())  # noqa: S311 - spreads retries, holds no secret
