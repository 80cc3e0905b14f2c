"""The two processes behind the doors: the writer and the batch clock."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import structlog
import uvloop
from asyncpg import CannotConnectNowError, PostgresConnectionError

from allocator.allocator import Allocator
from allocator.catalogue import Catalogue
from api.library import library
from ledger import migrations, writer_process
from ledger.pool import Pool, connect
from ledger.shards import hold_to_shards
from store.connection import Store
from store.unavailable import StoreUnavailable
from usher.garbage import collect_seldom
from usher.recorder import Recorder
from usher.settings import Settings
from usher.sweeper import Sweeper
from waiting_room.batch_clock import BatchClock

RETRY_S = 0.5
log = structlog.get_logger("usher.work")


async def prepare(settings: Settings) -> None:
    """Applies the migrations and loads the library; both are done at most once by whoever comes first."""
    await migrations.apply(settings.postgres_url)
    await hold_to_shards(settings.postgres_url, settings.shards)
    store = await Store.connect(settings.valkey_url, library=library(), shards=settings.shards)
    await store.close()


def run_writer(settings: Settings) -> None:
    """Writes every order into Postgres and opens the gates of stores that agree with it, until stopped."""
    collect_seldom()
    uvloop.run(_writer(settings))


def run_admit(settings: Settings) -> None:
    """Calls fans in by batches and gives back lapsed holds, until stopped."""
    uvloop.run(_admit(settings))


async def _writer(settings: Settings) -> None:
    await _migrated(settings)
    async with _engines(settings) as (store, pool):
        await writer_process.run_writer(store, pool)


async def _admit(settings: Settings) -> None:
    async with _engines(settings) as (store, pool):
        catalogue = Catalogue(store)
        clock, sweeper = BatchClock(store, catalogue), Sweeper(Allocator(store), catalogue)
        recorder = Recorder(store, pool, catalogue)
        await _until_stopped(catalogue.run(), clock.run(), sweeper.run(), recorder.run())


@asynccontextmanager
async def _engines(settings: Settings) -> AsyncIterator[tuple[Store, Pool]]:
    """Both engines; waits for a store that is away, since it may be restarting beside us."""
    store = await _store(settings)
    pool = await connect(settings.postgres_url)
    try:
        yield store, pool
    finally:
        pool.terminate()
        await store.close()


async def _migrated(settings: Settings) -> None:
    """Applies the migrations as soon as Postgres is there; what was made otherwise ends the process."""
    while True:
        try:
            await migrations.apply(settings.postgres_url)
            await hold_to_shards(settings.postgres_url, settings.shards)
        except (OSError, TimeoutError, PostgresConnectionError, CannotConnectNowError) as error:
            log.warning("postgres away", error=repr(error))
            await asyncio.sleep(RETRY_S)
        else:
            return


async def _store(settings: Settings) -> Store:
    while True:
        try:
            return await Store.connect(settings.valkey_url, library=library(), shards=settings.shards)
        except StoreUnavailable:
            log.warning("store away")
            await asyncio.sleep(RETRY_S)


async def _until_stopped(*works: Awaitable[None]) -> None:
    """Runs all until SIGTERM or Ctrl-C cancels them; one that fails ends the process with its error."""
    tasks = [asyncio.ensure_future(work) for work in works]
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in tasks if task.done()]
    for task in (stop, *tasks):
        task.cancel()
    await asyncio.gather(stop, *tasks, return_exceptions=True)
    for task in ended:
        task.result()
