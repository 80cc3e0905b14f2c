"""What the tests of the waiting room share: a clock moved by hand, a sale, and a room with its batch
clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from allocator.sale import Sale, SaleId
from api.library import library
from store.clock import Clock
from store.connection import Store
from store.keys import shard_of
from waiting_room.answers import Admitted, Joined
from waiting_room.batch_clock import BatchClock
from waiting_room.place import Place
from waiting_room.waiting_room import WaitingRoom

NOON_MS = 1_800_000_000_000
SECRET = b"a secret of thirty-two bytes or more"
SALE = Sale(
    id=SaleId("premiere"),
    serial=7,
    shard=shard_of("premiere"),
    title="The Premiere",
    opens_at_ms=NOON_MS + 60_000,
    draw=True,
    capacity=3,
    shopping_ms=60_000,
    seats_per_fan=4,
    identity="guest",
    claim_ms=10_000,
    hold_ms=300_000,
    pay_ms=300_000,
    presence_ms=12_000,
    seed="5e" * 32,
)


class HandTime:
    """Time that moves only when told; `clock` is the store's clock over it."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self._now_ms = now_ms
        self.clock = Clock(lambda: self._now_ms)
        self.clock.sample(now_ms, now_ms)

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def forward(self, ms: int) -> None:
        self._now_ms += ms


class Listed:
    """A catalogue of these sales."""

    def __init__(self, *sales: Sale) -> None:
        self._sales = sales

    def sales(self) -> tuple[Sale, ...]:
        return self._sales


class Queue:
    """One sale with a room, a batch clock and the time in one's own hand."""

    def __init__(self, store: Store, time: HandTime, sale: Sale) -> None:
        self.store, self.time, self.sale = store, time, sale
        self.room = WaitingRoom(store, SECRET)
        self.clock = BatchClock(store, Listed(sale))

    async def put(self, **changes: object) -> Sale:
        """Put the sale with these fields changed."""
        self.sale = msgspec.structs.replace(self.sale, **changes)
        await self.room.put_sale(self.sale)
        return self.sale

    async def join(self, account: str | None = None) -> Place:
        joined = await self.room.join(self.sale, account)
        assert isinstance(joined, Joined), joined
        place = self.room.read_place(joined.token, self.sale)
        assert isinstance(place, Place)
        return place

    async def tick(self, ms: int = 0) -> str:
        """Move the time in steps no longer than a tick is apart in earnest, then tick once more and look."""
        while ms > 0:
            self.time.forward(min(ms, 1000))
            ms -= 1000
            if ms > 0:
                await self.clock.tick(self.sale)
        word = await self.clock.tick(self.sale)
        await self.room.mirror.refresh(self.sale)
        return word

    async def poll(self, *places: Place) -> None:
        """These fans ask how they stand, and the store hears of it."""
        for place in places:
            self.room.status(self.sale, self.token(place))
        await self.room.mirror.flush(self.sale)

    async def admit(self, place: Place) -> str:
        answer = await self.room.claim(self.sale, place)
        assert isinstance(answer, Admitted), answer
        return answer.text

    def token(self, place: Place) -> bytes:
        return self.room.sign(place)

    def states(self, *places: Place) -> list[str]:
        """How these places stand for this worker, without a poll."""
        view = self.room.mirror.view(self.sale)
        return [view.where(place.entry) for place in places]


@asynccontextmanager
async def queue(url: str, sale: Sale = SALE) -> AsyncIterator[Queue]:
    """A queue on an emptied store with the gate open and the sale not put yet."""
    time = HandTime()
    store = await Store.connect(url, library=library(), clock=time.clock)
    try:
        await store.open_gate(sale.shard, 0)
        yield Queue(store, time, sale)
    finally:
        await store.close()


@pytest.fixture
async def q(valkey_url: str) -> AsyncIterator[Queue]:
    """A queue whose sale is put."""
    async with queue(valkey_url) as opened:
        await opened.put()
        yield opened
