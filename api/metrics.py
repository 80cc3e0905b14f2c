"""Numbers for Prometheus: what this worker counted, and what the rooms hold at the moment of the scrape."""

import asyncio
from typing import Any, Final

from litestar import Request, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from api.house import House
from api.problems import Refused
from api.sale_counts import SaleCounts, counts_of, lag
from store.unavailable import StoreUnavailable

PER_SALE: Final = ("waiting", "invited", "inside", "held", "sold", "free")


class Gauges:
    """What the rooms hold; the same on every worker, so not labelled by worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("usher_store_up", "1 while this worker reaches the store.", registry=registry)
        self.lag = Gauge("usher_writer_lag", "Orders not yet in Postgres.", ["shard"], registry=registry)
        self.sales = {
            name: Gauge(f"usher_{name}", f"Fans or seats of a sale: {name}.", ["sale"], registry=registry)
            for name in PER_SALE
        }

    def set(self, sale: str, counts: SaleCounts) -> None:
        for name, gauge in self.sales.items():
            gauge.labels(sale).set(getattr(counts, name))

    def forget(self) -> None:
        """A scrape shows what is now, never what was."""
        for gauge in (*self.sales.values(), self.lag):
            gauge.clear()


@get("/metrics", operation_id="metrics", tags=["health"])
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Counts and latencies per call, line and hall per sale, the writer's lag per shard."""
    state = request.app.state
    await look(state.house, state.gauges)
    return Response(generate_latest(state.registry), headers={"content-type": CONTENT_TYPE_LATEST})


async def look(house: House, gauges: Gauges) -> None:
    """Reads the rooms; while they are away only that is told."""
    gauges.forget()
    try:
        rooms = house.rooms
        sales = rooms.catalogue.sales()
        found = await asyncio.gather(*(counts_of(sale, rooms) for sale in sales))
    except (Refused, StoreUnavailable):
        gauges.up.set(0)
        return
    gauges.up.set(1)
    for sale, counts in zip(sales, found, strict=True):
        gauges.set(sale.id, counts)
    for shard, behind in (await lag(rooms) or {}).items():
        gauges.lag.labels(str(shard)).set(behind)
