"""One rush from the first fan to the last proof."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from ledger import pool as ledger_pool
from ledger.pool import Pool
from store import keys
from store.cancellation import end_if_cancelled
from store.nodes import Client, client_of
from usher import rush_evidence as evidence
from usher.rush_crowd import Crowd, Standing
from usher.rush_door import Door
from usher.rush_facts import Facts, Waiting
from usher.rush_refunds import give_back
from usher.rush_report import Measured, Report, counted, report_of
from usher.rush_sale import CannotDelegate, PlanFile, close_if_there, delegate, move, terms_of
from usher.rush_scene import Scene, Terms, Till
from usher.rush_stack import Target
from usher.rush_tape import Tape
from usher.rush_temper import Temper, chance, draw_crowd
from usher.rush_watch import FAULTS, Watch, bytes_per_fan
from waiting_room.draw import commitment

STORE_TIMEOUT_S: Final = 5.0
JOINED_TIMEOUT_S: Final = 120.0
BREAK_OFF_TIMEOUT_S: Final = 8.0
OPENS_IN_S: Final = 3600.0
FOLLOW_EVERY_S: Final = 0.25
SKEWS_KEPT: Final = 8
"""Whoever is ahead of the store says so once a second, so that the latest word may be that old."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked for."""

    fans: int
    showtimes: int
    plan: PlanFile
    seed: int
    capacity: int | None
    minutes_max: float


class Rush:
    """`say` takes sentences, `show` the standing of the sale about twice a second."""

    def __init__(
        self, wish: Wish, target: Target, say: Callable[[str], None], show: Callable[[Standing, int], None]
    ) -> None:
        self.wish = wish
        self.target = target
        self._say = say
        self._show = show
        self._seats = 0
        self._commitment = ""
        self._on_sale = False

    async def run(self) -> Report:
        """The report; raises CannotDelegate, NeverCaughtUp or GaveUp when there is nothing to report."""
        wish, settings = self.wish, self.target.settings
        name = f"rush-{int(time.time()):x}-{wish.seed}"
        terms = terms_of(name, wish.fans, wish.showtimes, wish.plan.plan, wish.capacity)
        signing = settings.providers.get("test")
        if signing is None:
            raise CannotDelegate(
                "the crowd pays by the test provider, which is off: set USHER_TEST_PROVIDER=1"
            )
        async with _engines(self.target) as (client, pool):
            shard = keys.shard_of(name, settings.shards)
            watch = Watch(client, shard, name, sum(1 for _ in wish.plan.plan.named_seats()))
            tape = Tape(await skew_ms(client))
            following = asyncio.create_task(follow_time(client, tape))
            door = Door(self.target.base_url, tape, chance(wish.seed, 1 << 40))
            till = Till(
                storefront_key=settings.storefront_key,
                operator_key=settings.operator_key,
                provider="test",
                signing=signing,
            )
            scene = Scene(door, tape, terms, wish.plan.plan, till, watch.peek, watch.versions)
            try:
                return await self._through(scene, watch, client, pool, shard)
            except BaseException:
                await self._break_off(scene, client, pool, shard)
                raise
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                door.close()

    async def _through(self, scene: Scene, watch: Watch, client: Client, pool: Pool, shard: int) -> Report:
        wish, terms, till = self.wish, scene.terms, scene.till
        self._on_sale = True
        opens_in_s = OPENS_IN_S + scene.tape.skew_ms / 1000
        self._commitment = await delegate(scene.door, till.storefront_key, terms, wish.plan, opens_in_s)
        self._seats = await self._seats_for_sale(watch, terms)
        tempers, before_s = draw_crowd(wish.fans, self._seats, terms.seats_per_fan, wish.seed)
        crowd = Crowd(scene, tempers, wish.seed, lambda standing: self._show(standing, self._seats))
        self._say(f"{self._seats:,} seats in {counted(len(terms.showtimes), 'showtime')}.")
        self._say(f"The open is in {before_s:.0f} s; fans come again for what is left until all is sold.")
        try:
            store_bytes, key_bytes = await self._gather(crowd, tempers, watch, before_s)
            await move(scene.door, till.operator_key, terms.sale, "open")
            began = time.monotonic()
            last = await self._sell_out(crowd, watch, scene.tape, began)
            seconds = time.monotonic() - began
        finally:
            crowd.leave()
        self._say("The crowd has gone; waiting for the writer, then the proofs.")
        await evidence.wait_for_writer(client, pool, shard)
        refunds_sent = await give_back(scene.door, till.storefront_key, scene.tape.orders)
        facts = await self._facts(scene, watch, client, pool, shard)
        await move(scene.door, till.operator_key, terms.sale, "close")
        self._on_sale = False
        measured = Measured(
            fans=wish.fans,
            seats=self._seats,
            sold=await self._sold(watch, terms),
            seconds=seconds,
            valkey_bytes_per_fan=store_bytes,
            key_bytes_per_fan=key_bytes,
            worries=await evidence.worries(pool, shard),
            seed=wish.seed,
            own_stack=self.target.own,
            showtimes=len(terms.showtimes),
            refunds_sent=refunds_sent,
            out_of_time=last.at_s > 60 * wish.minutes_max and not last.sold_out,
        )
        return report_of(facts, scene.tape, measured)

    async def _sell_out(self, crowd: Crowd, watch: Watch, tape: Tape, began: float) -> Standing:
        """Sends the late part of the crowd; how the sale stands when it is over."""
        sampling = asyncio.create_task(watch.run(self.target.processes, tape.trouble_now))
        coming = asyncio.create_task(crowd.come(False, began))
        try:
            return await crowd.watch(self.wish.minutes_max)
        finally:
            for task in (coming, sampling):
                task.cancel()
            await asyncio.gather(coming, sampling, return_exceptions=True)

    async def _break_off(self, scene: Scene, client: Client, pool: Pool, shard: int) -> None:
        """Closes the sale of a rush that goes no further; what is owed because of it is given back."""
        sale, till = scene.terms.sale, scene.till
        # Connections of its own: those of the crowd may be waiting for answers.
        door = Door(self.target.base_url, Tape(), chance(self.wish.seed, 1 << 41))
        try:
            async with asyncio.timeout(BREAK_OFF_TIMEOUT_S):
                if self._on_sale and await close_if_there(door, till.operator_key, sale):
                    self._say(f"The sale {sale} is closed.")
                self._on_sale = False
                await evidence.wait_for_writer(client, pool, shard)
                await give_back(door, till.storefront_key, scene.tape.orders)
        except (TimeoutError, CannotDelegate):
            if self._on_sale:
                self._say(f"The sale {sale} could not be closed: an operator has to.")
        finally:
            door.close()

    async def _gather(
        self, crowd: Crowd, tempers: list[Temper], watch: Watch, before_s: float
    ) -> tuple[float | None, float | None]:
        """Lets the early part join; what `bytes_per_fan` says of it, None for a cluster."""
        early = sum(1 for temper in tempers if temper.comes_s < 0)
        before = await watch.memory()
        await crowd.come(True, time.monotonic() + before_s)
        await crowd.all_joined(JOINED_TIMEOUT_S)
        after = await watch.memory()
        if before is None or after is None:
            return None, None
        return bytes_per_fan(before, after, early)

    async def _seats_for_sale(self, watch: Watch, terms: Terms) -> int:
        return await self._count(watch, terms, b".")

    async def _sold(self, watch: Watch, terms: Terms) -> int:
        return await self._count(watch, terms, b"s")

    async def _count(self, watch: Watch, terms: Terms, letter: bytes) -> int:
        """Seats of one letter on the boards as they stand."""
        versions = [(showtime, await watch.peek(showtime)) for showtime in terms.showtimes]
        return sum(watch.boards[at].count(letter) for at in versions)

    async def _facts(self, scene: Scene, watch: Watch, client: Client, pool: Pool, shard: int) -> Facts:
        tape, terms = scene.tape, scene.terms
        log = await evidence.line_log(client, shard, terms.sale)
        entries = {record.entry for record in log if record.kind in "iatdlrm"} | tape.polls_ms.keys()
        seed, ranks = await evidence.draw_ranks(client, shard, terms.sale, entries)
        return Facts(
            capacity=terms.capacity,
            presence_ms=terms.presence_s * 1000,
            receipts=tuple(tape.receipts),
            in_valkey=await evidence.orders_in_valkey(client, shard, terms.showtimes),
            in_postgres=await evidence.orders_in_postgres(pool, terms.sale),
            movements=await evidence.movements(pool, terms.sale),
            refusals=tuple(tape.refusals),
            halls=dict.fromkeys(terms.showtimes, scene.hall),
            boards=watch.boards,
            visits=tuple(tape.visits),
            crowded=watch.crowded,
            waiting=tuple(
                Waiting(entry=entry, told=tape.ranks.get(entry), polls_ms=tuple(polls))
                for entry, polls in tape.polls_ms.items()
            ),
            log=log,
            ranks=ranks,
            committed=commitment(seed) == self._commitment,
            troubles_ms=tape.troubles_ms(),
        )


@asynccontextmanager
async def _engines(target: Target) -> AsyncIterator[tuple[Client, Pool]]:
    """Our own connections to both engines."""
    client = client_of(target.valkey_url, STORE_TIMEOUT_S)
    pool = await ledger_pool.connect(target.postgres_url, size=2, timeout_s=60)
    try:
        yield client, pool
    finally:
        await pool.close()
        await client.aclose()


async def follow_time(client: Client, tape: Tape) -> None:
    """Keeps the tape on the time of the processes, until cancelled."""
    lately: deque[int] = deque(maxlen=SKEWS_KEPT)
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        end_if_cancelled()
        with suppress(*FAULTS):
            lately.append(await skew_ms(client))
            tape.follow(max(lately))


async def skew_ms(client: Client) -> int:
    """The clock of the processes minus ours: the store's, or where they are since it was set back."""
    before = time.time()
    answer: Any = await client.time()
    if not isinstance(client, Redis):
        answer = next(iter(answer.values())) if isinstance(answer, dict) else answer
    seconds, micros = answer
    store_ms = (int(seconds) + int(micros) / 1e6) * 1000
    between_ms = (before + time.time()) / 2 * 1000
    ahead_ms = int(await client.get(keys.AHEAD) or 0)
    return round(max(store_ms, ahead_ms) - between_ms)
