"""The batch clock: every quarter second it calls the next present fans of every sale in.

It only says who comes next by rank; whether a fan is present, and how many there is room for, is looked up by
the same store call that invites. So nothing can change between looking and inviting, the process may die at
any moment, another one goes on from what the store knows, and several at once do no harm:

    clock A reads serving 10            clock B reads serving 10
    A admits ranks 10..12, serving 13   B sends the line from 10: told MOVED 13, nobody of it is invited
"""

import asyncio
import struct
from typing import Final

import structlog

from allocator.sale import Sale, SaleId
from store.cancellation import end_if_cancelled
from store.connection import Store
from store.unavailable import StoreUnavailable
from waiting_room.draw import Draw
from waiting_room.line import Answer, Line
from waiting_room.mirror import Sales

TICK_S: Final = 0.25
RANKS_FIRST: Final = 250
RANKS_PER_CALL_MAX: Final = 1000
CALLS_PER_TICK_MAX: Final = 12
"""A tick looks at about 11,000 ranks at most, some 30 ms, and goes on from there at the next one."""
SALES_AT_ONCE_MAX: Final = 16
CLOSED_EVERY: Final = 40
"""A closed sale has nothing but stays that lapse: it is ticked once in so many rounds."""
log = structlog.get_logger("usher.batch_clock")


class Head:
    """Where a line stood when the store last answered; a new clock knows nothing and is told at its first
    tick."""

    def __init__(self) -> None:
        self.state = "scheduled"
        self.drawn = -1
        self.serving = self.joined = 0
        self._draw: Draw | None = None

    def learn(self, answer: Answer, seed: str) -> None:
        _, self.state, self.serving, drawn, self.joined, _, _ = answer
        if drawn != self.drawn:
            self.drawn = drawn
            self._draw = Draw(seed, drawn) if drawn >= 0 else None

    def next_entries(self, count: int) -> bytes:
        """The entries of the next `count` ranks as far as anyone has joined, packed for `usher_admit`."""
        if self._draw is None:
            return b""
        last = min(self.serving + count, self.joined)
        drawn = [self._draw.entry(rank) for rank in range(self.serving, min(last, self.drawn))]
        entries = [*drawn, *range(max(self.serving, self.drawn), last)]
        return struct.pack(f">{len(entries)}I", *entries)


class BatchClock:
    """Ticks every sale of the catalogue. Any number may run; one is enough."""

    def __init__(self, store: Store, catalogue: Sales) -> None:
        self._line = Line(store)
        self._catalogue = catalogue
        self._heads: dict[SaleId, Head] = {}
        self._at_once = asyncio.Semaphore(SALES_AT_ONCE_MAX)
        self._rounds = 0

    async def run(self) -> None:
        """Rounds for ever, TICK_S apart as long as the store answers in that time."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            end_if_cancelled()
            try:
                await self.round()
            except Exception:  # the clock must outlive the fault of one round
                log.exception("batch clock round failed")
            await asyncio.sleep(max(0.0, began + TICK_S - loop.time()))

    async def round(self) -> None:
        """One tick of every sale; a store that is away is met again at the next."""
        self._rounds += 1
        await asyncio.gather(*(self._tick_quietly(sale) for sale in self._catalogue.sales()))

    async def tick(self, sale: Sale) -> str:
        """One tick of one sale, until its room is full, its line is at an end or the tick's bound is reached.

        Answers the last word of `usher_admit`. A fan that joined since the last tick is in the line as soon
        as the first call has told how many have joined.
        """
        head = self._heads.setdefault(sale.id, Head())
        ranks, word = RANKS_FIRST, ""
        for _ in range(CALLS_PER_TICK_MAX):
            entries = head.next_entries(ranks)
            answer = await self._line.admit(sale, head.drawn, head.serving, entries)
            word = answer[0]
            if word == "UNKNOWN_SALE":
                break
            head.learn(answer, sale.seed)
            if word not in ("MOVED", "SHORT") or (word == "SHORT" and head.serving >= head.joined):
                break
            ranks = RANKS_PER_CALL_MAX if word == "SHORT" and entries else ranks
        return str(word)

    async def _tick_quietly(self, sale: Sale) -> None:
        head = self._heads.get(sale.id)
        if head and head.state == "closed" and self._rounds % CLOSED_EVERY:
            return
        async with self._at_once:
            try:
                await self.tick(sale)
            except StoreUnavailable as error:
                log.warning("tick missed", sale=sale.id, why=str(error))
