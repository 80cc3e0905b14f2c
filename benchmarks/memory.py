"""Valkey's bytes for each waiting fan, of the place and of the presence bit.

What `used_memory` grew by while so many fans joined one sale, with one connection open before and after; libc
malloc, as in the wheel that we ship. The keys' own MEMORY USAGE is told beside it.
"""

import asyncio
from typing import Any

import msgspec
import redis

from allocator.geometry import Geometry
from allocator.sale import Sale
from api.library import library
from benchmarks.cores import cores, pin
from benchmarks.decision import running
from benchmarks.finding import Finding, Mark, Reading
from benchmarks.hall import hall, onsale
from benchmarks.line import join_accounts, join_guests
from store.connection import Store
from waiting_room.line import Line


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    sizes = (1_000, 2_000) if quick else (100_000, 1_000_000)
    with running() as bench:
        url = f"unix://{bench.client.connection_pool.connection_kwargs['path']}"
        found = []
        for who, join in (("guests", join_guests), ("one account, one place", join_accounts)):
            for fans in sizes:
                sale = asyncio.run(put(url))
                before = _used(bench.client)
                join(bench.client, sale, fans)
                found.append(_told(bench.client, who, fans, _used(bench.client) - before))
    return found


async def put(url: str, presence_ms: int = 600_000, **changes: Any) -> Sale:
    """An empty store with one sale in it whose line nobody has joined."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
        client.script_flush()
    plan = hall(200)
    sale = onsale(plan, Geometry(plan), "line", 0).sale
    sale = msgspec.structs.replace(
        sale, opens_at_ms=4_000_000_000_000, draw=True, presence_ms=presence_ms, **changes
    )
    store = await Store.connect(url, library=library())
    try:
        await store.open_gate(sale.shard, 0)
        (word, _) = await Line(store).put_sale(sale)
        assert word == "PUT"
    finally:
        await store.close()
    return sale


def _used(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _told(client: Any, who: str, fans: int, grown: int) -> Finding:
    spelt = list(client.scan_iter(match="*sale:*", count=10_000))
    own = sum(int(client.memory_usage(key, samples=0) or 0) for key in spelt)
    return Finding(
        name=f"Valkey bytes a waiting fan, {who}, {fans:,} fans",
        ratio=grown / fans,
        unit="B",
        sides=(
            Reading("used_memory", "B", grown, grown, grown),
            Reading(f"MEMORY USAGE of {len(spelt)} keys", "B", own, own, own),
        ),
        spread=(min(grown, own) / fans, max(grown, own) / fans),
        mark=Mark(20.0, at_most=True),
        note="by used_memory",
    )
