"""The writer process: the writer and the gate side by side, until the process is told to end."""

import asyncio
import signal

from ledger.gate import Gate
from ledger.pool import Pool
from ledger.shard_writer import Limits
from ledger.writer import Writer
from store.connection import Store


async def run_writer(
    store: Store, pool: Pool, *, stop: asyncio.Event | None = None, limits: Limits | None = None
) -> None:
    """Write and keep the gates until SIGTERM or SIGINT (or `stop`, where given), then drain."""
    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        group.create_task(Writer(store, pool, limits).run(stop), name="writer")
        group.create_task(Gate(store, pool).run(stop), name="gate")
