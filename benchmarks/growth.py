"""How costs grow over three decades: the exponent is the slope of log(cost) over log(size), by least squares.

Costs are measured bare, where no constant hides growth: a place check inside its process, a tick of the batch
clock by the CPU time of clock and server together, a decision by the server's CPU time.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, Final

import msgspec
import redis

from allocator.sale import Sale
from api.library import library
from benchmarks.cores import cores, pin
from benchmarks.decision import Bench, Case, running
from benchmarks.finding import Finding, Mark, Reading
from benchmarks.growing_seats import amid_fans, amid_showtimes
from benchmarks.line import join_guests
from benchmarks.measure import Meter
from benchmarks.memory import put
from store.connection import Store
from waiting_room.batch_clock import BatchClock
from waiting_room.draw import Draw
from waiting_room.place import Place
from waiting_room.waiting_room import WaitingRoom

SECRET: Final = b"a secret of thirty-two bytes or more"
CHECKS: Final = 20_000
TICKS: Final = 40
INVITED_A_TICK: Final = 25
Points = list[tuple[float, float]]


class Listed:
    """A catalogue of one sale."""

    def __init__(self, sale: Sale) -> None:
        self._sale = sale

    def sales(self) -> list[Sale]:
        return [self._sale]


def findings(quick: bool = False) -> list[Finding]:
    pin(0, *cores())
    decades = (100, 1_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    with running() as bench:
        url = f"unix://{bench.client.connection_pool.connection_kwargs['path']}"
        line = [asyncio.run(_line(url, bench.meter, fans, quick)) for fans in decades]
        bench.client.flushall()
        halls = (90, 900) if quick else (90, 900, 9_000, 90_000)
        shows = (1, 10) if quick else (1, 10, 100, 1_000)
        return [
            grown(
                "place check",
                "fans waiting",
                [(fans, place) for fans, (place, _) in zip(decades, line, strict=True)],
            ),
            grown(
                "tick", "fans waiting", [(fans, tick) for fans, (_, tick) in zip(decades, line, strict=True)]
            ),
            grown(
                "decision", "seats of the hall", [(seats, _in_hall(bench, seats, quick)) for seats in halls]
            ),
            grown("decision", "showtimes", [(count, amid_showtimes(bench, count)) for count in shows]),
            grown("decision", "fans known to the sale", [(fans, amid_fans(bench, fans)) for fans in decades]),
        ]


def grown(what: str, over: str, points: Points) -> Finding:
    slope = exponent(points)
    sides = tuple(Reading(f"{what}, {size:,.0f} {over}", "us", cost, cost, cost) for size, cost in points)
    steps = [exponent(pair) for pair in pairwise(points)]
    return Finding(
        name=f"growth of a {what} with {over}",
        ratio=slope,
        unit="exponent",
        sides=sides,
        spread=(min(steps), max(steps)),
        mark=Mark(0.1, at_most=True),
        note="spread: between neighbouring sizes",
        points=tuple(points),
    )


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the line through (log size, log cost); (10, 2) and (1000, 4) give 0.15."""
    xs, ys = [math.log(size) for size, _ in points], [math.log(cost) for _, cost in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


async def _line(url: str, meter: Meter, fans: int, quick: bool) -> tuple[float, float]:
    """Microseconds of a place check and of a tick while so many fans wait."""
    sale = await asyncio.to_thread(lambda: asyncio.run(put(url, capacity=0)))
    with redis.Redis.from_url(url) as client:
        join_guests(client, sale, fans)
    store = await Store.connect(url, library=library())
    try:
        room = WaitingRoom(store, SECRET)
        await room.move(sale, "open")
        await room.mirror.refresh(sale)
        place = _checked(room, sale, fans, 500 if quick else CHECKS)
        return place, await _ticked(store, sale, meter, 2 if quick else TICKS)
    finally:
        await store.close()


def _checked(room: WaitingRoom, sale: Sale, fans: int, checks: int) -> float:
    """Median of five rounds over fans picked at random; each round starts with a new second's estimates."""
    draw, dice, view = Draw(sale.seed, fans), random.Random(7), room.mirror.view(sale)  # noqa: S311 - whom to ask
    tokens = []
    for _ in range(checks):
        entry = dice.randrange(fans)
        tokens.append(room.sign(Place(sale.serial, entry, draw.rank(entry), _FAN)))
    rounds = []
    for _ in range(5):
        view.estimate(0.0)
        began = time.process_time()
        for token in tokens:
            assert isinstance(room.status_json(sale, token), bytes)
        rounds.append((time.process_time() - began) * 1e6 / checks)
    return median(rounds)


async def _ticked(store: Store, sale: Sale, meter: Meter, ticks: int) -> float:
    """CPU time of ticks that each invite a batch of present fans."""
    clock, room = BatchClock(store, Listed(sale)), WaitingRoom(store, SECRET)
    for _ in range(200):
        if await clock.tick(sale) != "STILL":
            break
        await asyncio.sleep(0.05)
    spent = []
    for number in range(ticks):
        await room.put_sale(msgspec.structs.replace(sale, capacity=(number + 1) * INVITED_A_TICK))
        before = meter.cpu_s() + time.process_time()
        word = await clock.tick(sale)
        spent.append(time.process_time() + meter.cpu_s() - before)
        assert word == "FULL", word
    return median(spent) * 1e6


def _in_hall(bench: Bench, seats: int, quick: bool) -> float:
    """CPU of a decision in a hall of so many seats: few decisions, as a small hall has room for."""
    case = Case(seats=seats, batch=8, calls=1, warm=1)
    return _median(lambda: bench.holds(case)[1], 1 if quick else 9)


def _median(measure: Callable[[], float], times: int) -> float:
    return median(measure() for _ in range(times))


_FAN: Any = bytes(8)
