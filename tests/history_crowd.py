"""Clients that hold, order, pay, release and sweep at once, and write down every call and its answer.

Some replies are lost on purpose, after the store has decided: the store's client then asks again, or gives
up, and the tape says that nobody knows.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import msgspec
from redis.exceptions import ConnectionError as LostConnection

from allocator.allocator import Allocator
from allocator.answers import Held, Ordered
from allocator.outbox import PaymentBlob
from allocator.plan import SeatName
from allocator.wishes import Best, Exact, Want
from api.library import library
from store.connection import Store
from store.gate import gate_state
from store.unavailable import StoreUnavailable
from store.version import heard
from tests.allocator_stage import blob
from tests.history_night import SEAT_COSTS, Night, night
from tests.history_op import Op, Tape
from tests.history_words import Told, told_hold, told_order, told_pay, told_reclaim, told_release
from tests.soon import become_true

LOSSES: Final = 1 / 400
"""Of replies."""
REMEMBERED: Final = 250
RECENT: Final = 24
ENTRIES: Final = 4
PAUSE_S: Final = 0.02
BEGINS_S: Final = 30.0
A = TypeVar("A")


class Counter(Protocol):
    """A number that the parent reads."""

    value: int


class Task(msgspec.Struct, frozen=True):
    """What one process does: its `clients` each make `calls` calls in each of `nights` nights."""

    name: str
    number: int
    url: str
    folder: str
    clients: int
    nights: int
    calls: int
    per_night: int
    seed: int
    losses: float


class LosingStore(Store):
    """A store that loses some replies on the way back."""

    draw = random.Random()
    losses = 0.0

    async def _fcall(self, verb: str, keys: Any, args: Any, **how: Any) -> Any:
        reply = await super()._fcall(verb, keys, args, **how)
        if self.draw.random() < self.losses:
            raise LostConnection("the reply was lost")
        return reply


class Wish(msgspec.Struct):
    """A hold as it was asked for, to be asked for again."""

    token: int
    fan: int
    entry: int
    want: Want
    seats: int


class Crowd:
    """The clients of one process, who share what they hold."""

    def __init__(self, task: Task, store: Store, answered: Counter) -> None:
        self.task = task
        self.store = store
        self.allocator = Allocator(store)
        self.answered = answered
        self.draw = random.Random(task.seed)
        self.tape = Tape(Path(task.folder), task.name)
        self.wishes: deque[Wish] = deque(maxlen=REMEMBERED)
        self.orders: deque[Wish] = deque(maxlen=REMEMBERED)
        self.tokens = task.number << 32

    async def run(self) -> None:
        for number in range(self.task.nights):
            tonight = night(number, self.task.per_night)
            self.wishes.clear()
            self.orders.clear()
            await asyncio.gather(*(self.client(tonight) for _ in range(self.task.clients)))
            if self.task.number == 0:
                await self.reclaim(tonight)
        self.tape.close()

    async def client(self, tonight: Night) -> None:
        deeds = (self.hold, self.order, self.pay, self.release, self.sweep)
        done = 0
        while done < self.task.calls:
            (deed,) = self.draw.choices(deeds, weights=(52, 20, 10, 15, 3))
            done += await deed(tonight)

    async def hold(self, tonight: Night) -> bool:
        wish = (self.some(self.wishes) if self.draw.random() < 0.06 else None) or self.wish(tonight)
        want, geometry = wish.want, tonight.show.geometry
        if isinstance(want, Exact):
            asked = [wish.fan, wish.entry, len(want.seats), None, False, list(geometry.indices(want.seats))]
        else:
            asked = [wish.fan, wish.entry, want.count, want.category, want.split, None]
        token, fan = tonight.token(wish.token), f"fan-{wish.fan}"
        call = self.allocator.hold(tonight.show, fan, wish.entry, token, want)
        answer = await self.ask("hold", tonight, wish.token, asked, call, lambda a: told_hold(tonight, a))
        if answer is None or isinstance(answer, Held):
            wish.seats = len(answer.indices) if answer else wish.seats
            self.wishes.append(wish)
        return answer is not None

    async def order(self, tonight: Night) -> bool:
        wish = self.some(self.wishes) or self.wish(tonight)
        token = tonight.token(wish.token)
        told = blob(tonight.show, token, tuple(range(wish.seats)), f"fan-{wish.fan}")
        call = self.allocator.order(tonight.show, token, told)
        answer = await self.ask("order", tonight, wish.token, [told.amount], call, told_order)
        if answer is None or isinstance(answer, Ordered):
            self.orders.append(wish)
        return answer is not None

    async def pay(self, tonight: Night) -> bool:
        wish = self.some(self.orders) or self.wish(tonight)
        reference = wish.token * 2 + (self.draw.random() < 0.1)
        amount = wish.seats * SEAT_COSTS - (self.draw.random() < 0.08)
        payment = PaymentBlob("storefront", "card", str(reference), amount, "CNY")
        call = self.allocator.confirm(tonight.show, tonight.token(wish.token), payment)
        answer = await self.ask("pay", tonight, wish.token, [reference, amount], call, told_pay)
        return answer is not None

    async def release(self, tonight: Night) -> bool:
        wish = self.some(self.wishes) or self.wish(tonight)
        call = self.allocator.release(tonight.show, tonight.token(wish.token))
        return await self.ask("release", tonight, wish.token, [], call, told_release) is not None

    async def sweep(self, tonight: Night) -> bool:
        call = self.allocator.sweep(tonight.show)
        return await self.ask("sweep", tonight, 0, [], call, lambda lapsed: ("SWEPT", [lapsed])) is not None

    async def reclaim(self, tonight: Night) -> None:
        """Some of the others still shop."""
        answer = None
        while answer is None:
            call = self.allocator.reclaim(tonight.show)
            answer = await self.ask("reclaim", tonight, 0, [], call, told_reclaim)

    async def ask(
        self, verb: str, tonight: Night, token: int, asked: list[Any], call: Awaitable[A], told: Any
    ) -> A | None:
        """The answer, written down; None when nobody knows what became of the call."""
        began_ns = time.monotonic_ns()
        op = Op(began_ns, 0, tonight.number, verb, token, asked)
        answer: A | None = None
        with suppress(StoreUnavailable):
            answer = await call
        op.ended_ns = time.monotonic_ns()
        if answer is not None:
            version = heard.get()
            assert version is not None, "an answer without a version"
            word: Told = told(answer)
            op.word, op.told = word
            _, op.epoch, op.turn, op.place, op.at_ms, _ = version
            self.answered.value += 1
        self.tape.write(tonight.shard, op)
        if answer is None:
            await self.until_open(tonight.shard)
        return answer

    async def until_open(self, shard: int) -> None:
        while True:
            with suppress(StoreUnavailable):
                if (await gate_state(self.store, shard)).is_open:
                    return
            await asyncio.sleep(PAUSE_S)

    def some(self, wishes: deque[Wish]) -> Any:
        """Mostly a recent one; None when there is none."""
        if not wishes or self.draw.random() < 0.01:
            return None
        reach = RECENT if self.draw.random() < 0.85 else REMEMBERED
        return wishes[-1 - self.draw.randrange(min(reach, len(wishes)))]

    def wish(self, tonight: Night) -> Wish:
        """A new one: the best seats, or those that everybody wants."""
        draw, geometry = self.draw, tonight.show.geometry
        self.tokens += 1
        count = draw.choice((1, 2, 2, 2, 3, 4))
        want: Want
        if draw.random() < 0.65:
            want = Best(count, draw.choice(("a", "b", "b", None)), draw.random() < 0.15)
        else:
            first = min(int(draw.expovariate(6 / len(geometry))), len(geometry) - count)
            names = geometry.names[first : first + count]
            want = Exact((SeatName("Z-99"), *names[1:]) if draw.random() < 0.01 else names)
        return Wish(self.tokens, draw.randrange(tonight.fans), draw.randrange(ENTRIES), want, count)


def shop(task: Task, answered: Counter) -> None:
    """The life of one process."""
    asyncio.run(_shop(task, answered))


async def _shop(task: Task, answered: Counter) -> None:
    LosingStore.draw, LosingStore.losses = random.Random(task.seed + 1), task.losses
    store = await _connected(task.url)
    try:
        await Crowd(task, store, answered).run()
    finally:
        await store.close()


async def _connected(url: str) -> Store:
    """Others may be far enough for the store to be killed while this process begins."""

    async def connected() -> Store | None:
        with suppress(StoreUnavailable):
            return await LosingStore.connect(url, library=library(), load=False)
        return None

    found = await become_true(connected, BEGINS_S)
    assert isinstance(found, Store)
    return found
