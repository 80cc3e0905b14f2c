"""A seat decision with all rules on, against an empty function call on the same server.

    python -m benchmarks.decision [--quick]

Side a: `usher_hold` for the best seats together, parties of 1 to 4, one fan each, a hall on each of 16
shards, after one call that reads the plan. Side b: a function that does nothing. Both pipelined by 16,
all calls encoded beforehand.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import redis

from allocator import token
from allocator.allocator import group_of, hold_decision
from allocator.catalogue import OnSale
from allocator.geometry import Geometry
from allocator.plan import SeatName
from allocator.wishes import Best
from api.library import library
from benchmarks.hall import hall, onsale, sale_fields
from benchmarks.loading import load
from benchmarks.measure import Meter, Ratio, Side, Slice, abba
from benchmarks.wire import PIPELINE, Wire, encode
from store import keys
from store.functions import function_name
from usher.engine import start_and_wait
from usher.process import end
from usher.valkey_engine import ValkeyEngine

EMPTY: Final = (
    "#!lua name=bench\nredis.register_function{function_name='bench_empty', "
    "callback=function(KEYS, ARGV) return 1 end}"
)
NOW_MS: Final = 1_800_000_000_000
PARTIES: Final = (2, 4, 2, 1, 2, 2, 3, 2, 2, 4, 2)
"""Mostly couples; 2.4 seats a decision."""
Pipelines = list[tuple[bytes, int]]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` calls of `batch` decisions to each of 16 halls of `seats` seats; `warm` calls before the clock.

    `pairs`: so many pairs of seats are free in a hall that is otherwise sold; None for an empty hall.
    """

    seats: int
    batch: int
    calls: int
    warm: int = 0
    pairs: int | None = None


class Bench:
    """The engine, the wire to it, and the two sides."""

    def __init__(self, engine: ValkeyEngine) -> None:
        self.client: Any = redis.Redis(unix_socket_path=str(engine.socket))
        self.wire = Wire(str(engine.socket))
        self.meter = Meter(self.client)
        self._geometry: dict[int, tuple[Any, Geometry]] = {}
        self.client.function_load(library().text, replace=True)
        self.client.function_load(EMPTY, replace=True)

    def empty(self, calls: int) -> Slice:
        """Side b."""
        pipeline, reply = encode("FCALL", "bench_empty", 0) * PIPELINE, b":1\r\n" * PIPELINE
        spent, _ = self.meter.timed(lambda: self.wire.tell(pipeline, reply, calls // PIPELINE), calls)
        return spent

    def holds(self, case: Case) -> Slice:
        """Side a, on halls that are new."""
        halls = self._fresh(case)
        pipelines = _pipelines(halls, case)
        warm, timed = pipelines[: case.warm], pipelines[case.warm :]
        self.wire.ask(warm)
        spent, replies = self.meter.timed(lambda: self.wire.ask(timed), len(timed) * PIPELINE * case.batch)
        _check(self.client, halls, replies, case)
        return spent

    def close(self) -> None:
        self.wire.close()
        self.client.close()

    def _fresh(self, case: Case) -> list[OnSale]:
        self.client.flushall()
        # A new memory, or the halls of the slice before would be cleared away while the clock runs.
        self.client.function_load(library().text, replace=True)
        if case.seats not in self._geometry:
            plan = hall(case.seats)
            self._geometry[case.seats] = plan, Geometry(plan)
        plan, geometry = self._geometry[case.seats]
        sold = _all_but_pairs(geometry, case.pairs)
        halls = [onsale(plan, geometry, f"show-{n}", n, sold) for n in range(PIPELINE)]
        for show in halls:
            key, fields = sale_fields(show)
            self.client.hset(key, mapping=fields)
            load(self.client, show, NOW_MS)
        return halls


def _all_but_pairs(geometry: Geometry, pairs: int | None) -> tuple[SeatName, ...]:
    """Sold seats: all, but so many pairs of neighbours far apart."""
    if pairs is None:
        return ()
    step = len(geometry.runs) / pairs
    starts = [geometry.runs[int(n * step)][0] + n * 5 % 13 for n in range(pairs)]
    free = {index for start in starts for index in (start, start + 1)}
    return tuple(name for index, name in enumerate(geometry.names) if index not in free)


def _party(case: Case, number: int) -> int:
    """Seats of the decision of that number, counted from 1."""
    return 2 if case.pairs is not None else PARTIES[number % len(PARTIES)]


def _pipelines(halls: Sequence[OnSale], case: Case) -> Pipelines:
    """Each pipeline has one call to each hall, as a lane with few callers has one in flight."""
    number, made = 0, []
    for call in range(case.warm + case.calls):
        calls = []
        for show in halls:
            decisions = []
            for _ in range(case.batch):
                number += 1
                count = _party(case, number)
                digest = hashlib.sha256(str(number).encode()).hexdigest()
                name = token.mint(show.showtime.serial, digest)
                decision = hold_decision(show, f"g-{number:024x}", number, name, Best(count, None))
                decisions.append([0, *(decision or ())])
            shard = show.sale.shard
            own = [keys.shard(shard), *group_of(show)]
            calls.append(
                encode(
                    "FCALL",
                    function_name("hold"),
                    len(own),
                    *own,
                    NOW_MS + call,
                    msgspec.msgpack.encode(list(zip(*decisions, strict=True))),
                )
            )
        made.append((b"".join(calls), PIPELINE))
    return made


def _check(client: Any, halls: Sequence[OnSale], replies: Sequence[bytes], case: Case) -> None:
    """Every decision held seats, no seat twice, and the stored boards say the same."""
    held: list[set[int]] = [set() for _ in halls]
    before = case.warm * PIPELINE
    for call, reply in enumerate(replies, start=before):
        for number, answer in enumerate(msgspec.msgpack.decode(reply)[-1], start=call * case.batch + 1):
            assert isinstance(answer, int), answer
            seats = set(range(answer, answer + _party(case, number)))
            mine = held[call % len(halls)]
            assert not mine & seats, "a seat was held twice"
            mine.update(seats)
    for show, mine in zip(halls, held, strict=True):
        board = client.get(keys.board(show.sale.shard, show.showtime.id))[-len(show.geometry) :]
        assert all(board[index : index + 1] == b"h" for index in mine), "the board says otherwise"


@contextmanager
def running() -> Iterator[Bench]:
    """A Valkey as the product starts it, in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        run = Path(folder) / "run"
        run.mkdir()
        engine = ValkeyEngine(Path(folder) / "valkey", run, Path(folder) / "log")
        child = start_and_wait(engine)
        try:
            bench = Bench(engine)
            yield bench
            bench.close()
        finally:
            end(child, engine.program().stop, 10)


def decision_ratios(bench: Bench, rounds: int) -> list[Ratio]:
    """The decision against the empty call, many and one to a call."""
    many = Case(seats=800, batch=32, calls=8, warm=1)
    single = Case(seats=800, batch=1, calls=64, warm=1)
    return [
        _against_empty(bench, "decision, 32 a call", many, rounds),
        _against_empty(bench, "decision, 1 a call", single, rounds),
    ]


def _against_empty(bench: Bench, name: str, case: Case, rounds: int) -> Ratio:
    return abba(name, lambda: bench.holds(case), lambda: bench.empty(16_384), rounds)


def fullness(bench: Bench, rounds: int) -> Ratio:
    """Side a: a 20,000-seat hall with one seat in a hundred free; side b: the same hall empty."""
    full = Case(seats=20_000, batch=16, calls=4, warm=2, pairs=100)
    empty = Case(seats=20_000, batch=16, calls=4, warm=2)
    return abba("decision, empty / 99 % full", lambda: bench.holds(full), lambda: bench.holds(empty), rounds)


def main() -> None:
    """Prints all of it; `--quick` takes one round."""
    rounds = 1 if "--quick" in sys.argv else 4
    with running() as bench:
        for ratio in [*decision_ratios(bench, rounds), fullness(bench, 1)]:
            print(told(ratio))
        for seats in (200, 2_000, 20_000):
            case = Case(seats=seats, batch=16, calls=2, warm=2)
            slices = [bench.holds(case) for _ in range(2 * rounds + 1)]
            print(f"decision in a hall of {seats:6} seats: {median(cpu for _, cpu in slices):.2f} us of CPU")


def told(ratio: Ratio) -> str:
    a, b = _told(ratio.a), _told(ratio.b)
    return (
        f"{ratio.name}: {ratio.ratio:.2f} by server CPU, {ratio.wall_ratio:.2f} by the clock; {a} against {b}"
    )


def _told(side: Side) -> str:
    (cpu_least, cpu_most), (wall_least, wall_most) = side.cpu_spread_us, side.wall_spread_us
    return (
        f"CPU {side.cpu_us:.2f} us ({cpu_least:.2f}-{cpu_most:.2f}), "
        f"clock {side.wall_us:.2f} us ({wall_least:.2f}-{wall_most:.2f})"
    )


if __name__ == "__main__":
    main()
