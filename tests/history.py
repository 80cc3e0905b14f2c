"""A history of many concurrent decisions, recorded and checked: `python -m tests.history [operations]`.

A Valkey of its own is killed again and again while 64 clients in several processes hold, order, pay, release
and sweep; then every answer is replayed in the order of its version against a small model.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from allocator.allocator import Allocator
from api.library import library
from store import keys
from store.connection import Store
from store.gate import gate_state
from store.version import heard
from tests.history_check import check
from tests.history_crowd import LOSSES, Counter, Task, shop
from tests.history_evidence import evidence
from tests.history_night import SHARDS, Night, night
from tests.history_op import UNKNOWN, Op, Tape, read
from tests.history_traces import Evidence
from tests.history_verdict import Verdict
from tests.history_words import Told, told_reclaim
from usher.engine import start_and_wait
from usher.process import end
from usher.valkey_engine import ValkeyEngine

CLIENTS: Final = 64
PROCESSES: Final = 4
PER_NIGHT: Final = 10_000
KILLS: Final = 12
TOLD_EVERY_S: Final = 5
LOOK_EVERY_S: Final = 0.05


A = TypeVar("A")
Telling = Callable[[A], Told]


class Plan(msgspec.Struct, frozen=True):
    """`operations` answers in all, at least; the store is killed `kills` times meanwhile."""

    operations: int
    kills: int
    clients: int = CLIENTS
    processes: int = PROCESSES
    per_night: int = PER_NIGHT
    seed: int = 1
    losses: float = LOSSES

    @property
    def nights(self) -> list[Night]:
        return [night(number, self.per_night) for number in range(-(-self.operations // self.per_night))]


class History(msgspec.Struct, kw_only=True):
    """What came of a plan."""

    recorded_s: float
    checked_s: float
    kills: int
    verdicts: dict[int, Verdict]

    def count(self, field: str) -> int:
        return sum(getattr(verdict, field) for verdict in self.verdicts.values())

    @property
    def differences(self) -> dict[int, str]:
        return {s: str(verdict.difference) for s, verdict in self.verdicts.items() if verdict.difference}

    def __str__(self) -> str:
        checked, unknown, resolved = (self.count(field) for field in ("checked", "unknown", "resolved"))
        return (
            f"{checked:,} operations: {self.recorded_s:.1f} s recording, {self.checked_s:.1f} s checking, "
            f"{self.kills} kills, {unknown:,} unknown outcomes, {resolved:,} unheard decisions found, "
            f"{len(self.differences)} differences"
        )


class Stage:
    """The store to be killed, and how its nights begin and end."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        run = folder / "run"
        run.mkdir()
        self.engine = ValkeyEngine(folder / "valkey", run, folder / "log")
        self.child = start_and_wait(self.engine)

    async def begin(self) -> None:
        store = await self.connect()
        client: Any = store.client
        tape = Tape(self.folder, "begin")
        await self._open(store)
        for one in self.plan.nights:
            sale = {"state": "open", "reason": "", "seats_per_fan": str(one.limit)}
            await client.hset(keys.sale(one.shard, one.show.sale.id), mapping=sale)
            await self._note(tape, one, "load", Allocator(store).load(one.show), lambda _: ("LOADED", []))
        tape.close()
        await store.close()

    async def kill(self) -> None:
        """With -9, and start again."""
        self.child.kill()
        self.child.wait()
        self.child = start_and_wait(self.engine)
        store = await self.connect()
        await self._open(store)
        await store.close()

    async def finish(self) -> dict[int, Evidence]:
        """Reclaims every night for good and reads what the store holds."""
        store, tape = await self.connect(), Tape(self.folder, "end")
        for one in self.plan.nights:
            await self._note(tape, one, "reclaim", Allocator(store).reclaim(one.show), told_reclaim)
        tape.close()
        found = {}
        for shard in range(SHARDS):
            unknown = [op for op in read(self.folder, shard) if op.word == UNKNOWN]
            found[shard] = await evidence(store, shard, self.plan.nights, unknown)
        await store.close()
        return found

    async def _note(self, tape: Tape, one: Night, verb: str, call: Awaitable[A], told: Telling[A]) -> None:
        """A call of this process goes onto the tape too, for its turn must not be missing."""
        began_ns = time.monotonic_ns()
        word, fields = told(await call)
        version = heard.get()
        assert version is not None, "an answer without a version"
        ended_ns = time.monotonic_ns()
        tape.write(one.shard, Op(began_ns, ended_ns, one.number, verb, 0, [], word, fields, *version[1:5]))

    async def connect(self) -> Store:
        return await Store.connect(self.engine.url, library=library())

    async def _open(self, store: Store) -> None:
        """There is no ledger to compare with: the shard's own word is taken."""
        for shard in range(SHARDS):
            await store.open_gate(shard, (await gate_state(store, shard)).version)


@contextmanager
def staged(plan: Plan) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="usher-history-") as folder:
        stage = Stage(plan, Path(folder))
        try:
            yield stage
        finally:
            end(stage.child, stage.engine.program().stop, 10)


async def record(stage: Stage) -> int:
    """Lets the crowd in and kills the store now and then; the number of kills."""
    plan, context = stage.plan, multiprocessing.get_context("spawn")
    await stage.begin()
    counters: list[Counter] = [context.Value("q", 0, lock=False) for _ in range(plan.processes)]
    crowd = [
        context.Process(target=shop, args=(task(plan, number, stage), counters[number]), daemon=True)
        for number in range(plan.processes)
    ]
    for process in crowd:
        process.start()
    kills = await _watch(stage, crowd, counters)
    for process in crowd:
        process.join()
        assert process.exitcode == 0, f"a process of the crowd ended with {process.exitcode}"
    return kills


async def _watch(stage: Stage, crowd: list[Any], counters: list[Counter]) -> int:
    plan, draw, kills, told_at = stage.plan, random.Random(stage.plan.seed), 0, time.monotonic()
    apart = plan.operations / (plan.kills + 1)
    next_at = apart
    while any(process.is_alive() for process in crowd):
        done = sum(counter.value for counter in counters)
        if kills < plan.kills and done >= next_at:
            await stage.kill()
            kills += 1
            next_at = apart * (kills + 1) + draw.uniform(-0.2, 0.2) * apart
        if time.monotonic() - told_at > TOLD_EVERY_S:
            told_at = time.monotonic()
            print(f"{done:,} of {plan.operations:,} answers, {kills} kills", flush=True)
        await asyncio.sleep(LOOK_EVERY_S)
    return kills


def task(plan: Plan, number: int, stage: Stage) -> Task:
    """The part of one process."""
    clients = plan.clients // plan.processes + (number < plan.clients % plan.processes)
    return Task(
        name=f"crowd-{number}",
        number=number,
        url=stage.engine.url,
        folder=str(stage.folder),
        clients=clients,
        nights=len(plan.nights),
        calls=-(-plan.operations // (plan.clients * len(plan.nights))),
        per_night=plan.per_night,
        seed=plan.seed * 1000 + number * 10,
        losses=plan.losses,
    )


def check_shard(folder: str, shard: int, found: Evidence, per_night: int) -> Verdict:
    return check(list(read(Path(folder), shard)), found, per_night)


def check_all(stage: Stage, found: dict[int, Evidence], processes: int) -> dict[int, Verdict]:
    """Shards are checked apart from each other, each in the memory of one process at a time."""
    folder, per_night = str(stage.folder), stage.plan.per_night
    if processes == 1:
        return {shard: check_shard(folder, shard, one, per_night) for shard, one in found.items()}
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        asked = {s: pool.submit(check_shard, folder, s, one, per_night) for s, one in found.items()}
        return {shard: verdict.result() for shard, verdict in asked.items()}


def run(plan: Plan, *, checkers: int = 2) -> History:
    """Records and checks."""
    with staged(plan) as stage:
        began = time.monotonic()
        kills = asyncio.run(record(stage))
        recorded = time.monotonic()
        found = asyncio.run(stage.finish())
        print(f"recorded in {recorded - began:.1f} s; checking", flush=True)
        checking = time.monotonic()
        verdicts = check_all(stage, found, checkers)
        checked_s = time.monotonic() - checking
    return History(recorded_s=recorded - began, checked_s=checked_s, kills=kills, verdicts=verdicts)


def main() -> None:
    asked = argparse.ArgumentParser(description="Record concurrent decisions and check every answer.")
    asked.add_argument("operations", type=int, nargs="?", default=1_000_000)
    asked.add_argument("--kills", type=int, default=KILLS)
    asked.add_argument("--losses", type=float, default=LOSSES)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    history = run(Plan(given.operations, given.kills, seed=given.seed, losses=given.losses))
    print(history)
    for shard, difference in history.differences.items():
        print(f"shard {shard}: {difference}")
    sys.exit(1 if history.differences or history.count("checked") < given.operations else 0)


if __name__ == "__main__":
    main()
