"""Puts a showtime on sale without asyncio, as `Allocator.load` does."""

from typing import Any

from allocator.catalogue import OnSale
from store import keys
from store.functions import function_name


def load(client: Any, show: OnSale, now_ms: int) -> None:
    shard, geometry = show.sale.shard, show.geometry
    client.fcall(function_name("open_gate"), 1, keys.shard(shard), now_ms, 0)
    own = [
        keys.shard(shard),
        keys.sale(shard, show.sale.id),
        keys.show(shard, show.showtime.id),
        keys.geometry(shard, geometry.digest),
        keys.board(shard, show.showtime.id),
        keys.holds(shard, show.showtime.id),
        keys.deadlines(shard, show.showtime.id),
    ]
    seats = geometry.initial((), show.showtime.sold)
    definition, orphans = show.showtime.plan_digest, show.showtime.orphans
    client.fcall(function_name("load"), len(own), *own, now_ms, definition, orphans, geometry.blob, seats)
