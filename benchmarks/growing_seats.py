"""What a seat decision costs amid many showtimes, and in a sale that knows many fans."""

from collections.abc import Iterator
from itertools import count
from statistics import median
from typing import Final

import msgspec

from allocator import token
from allocator.allocator import group_of, hold_decision
from allocator.catalogue import OnSale
from allocator.geometry import Geometry
from allocator.wishes import Best
from api.library import library
from benchmarks.decision import NOW_MS, Bench
from benchmarks.hall import hall, onsale, sale_fields
from benchmarks.loading import load
from benchmarks.wire import PIPELINE, encode
from store import keys
from store.functions import function_name
from store.version import unfold

SEATS: Final = 800
BATCH: Final = 16
CALLS: Final = 16
SLICES: Final = 5
FANS_A_CALL: Final = 10_000


def amid_showtimes(bench: Bench, shows: int) -> float:
    """CPU microseconds of a decision, the calls going round so many halls of one shard."""
    return median(_slice(bench, shows, 0) for _ in range(SLICES if shows < 1_000 else 2))


def amid_fans(bench: Bench, fans: int) -> float:
    """CPU microseconds of a decision in a sale where so many fans have held seats before."""
    return median(_slice(bench, 1, fans) for _ in range(SLICES if fans < 1_000_000 else 2))


def _slice(bench: Bench, shows: int, fans: int) -> float:
    halls = _fresh(bench, shows, fans)
    numbers = count(1)
    warm = [_call(show, numbers, 1) for show in halls]
    calls = [_call(halls[n % shows], numbers, BATCH) for n in range(max(CALLS, shows))]
    bench.wire.ask(_pipelines(warm))
    (_, cpu_us), replies = bench.meter.timed(lambda: bench.wire.ask(_pipelines(calls)), len(calls) * BATCH)
    for reply in replies:
        told = unfold(reply)
        assert told is not None, "the gate is closed"
        assert all(isinstance(answer, int) for answer in told[-1]), "not all were held as blocks"
    return cpu_us


def _fresh(bench: Bench, shows: int, fans: int) -> list[OnSale]:
    """Halls of one sale on one shard, on sale in an empty store."""
    bench.client.flushall()
    bench.client.function_load(library().text, replace=True)
    plan = hall(SEATS)
    geometry = Geometry(plan)
    first = onsale(plan, geometry, "show-0", 0)
    key, fields = sale_fields(first)
    bench.client.hset(key, mapping=fields)
    halls = []
    for n in range(shows):
        showtime = msgspec.structs.replace(first.showtime, id=f"show-{n}", serial=n + 1)
        halls.append(OnSale(first.sale, showtime, plan, geometry))
        load(bench.client, halls[-1], NOW_MS)
    at = keys.fans(0, first.sale.id)
    for start in range(0, fans, FANS_A_CALL):
        known = {f"f-{n:024x}": 1026 for n in range(start, min(fans, start + FANS_A_CALL))}
        bench.client.hset(at, mapping=known)
    return halls


def _call(show: OnSale, numbers: Iterator[int], decisions: int) -> bytes:
    """One call of so many couples, each a new fan."""
    rows = []
    for _ in range(decisions):
        number = next(numbers)
        name = token.mint(show.showtime.serial, f"{number:020x}")
        rows.append([0, *(hold_decision(show, f"g-{number:024x}", number, name, Best(2, None)) or ())])
    own = [keys.shard(show.sale.shard), *group_of(show)]
    batch = msgspec.msgpack.encode(list(zip(*rows, strict=True)))
    return encode("FCALL", function_name("hold"), len(own), *own, NOW_MS, batch)


def _pipelines(calls: list[bytes]) -> list[tuple[bytes, int]]:
    return [
        (b"".join(calls[at : at + PIPELINE]), len(calls[at : at + PIPELINE]))
        for at in range(0, len(calls), PIPELINE)
    ]
