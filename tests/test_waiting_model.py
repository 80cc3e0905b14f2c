"""A seeded crowd against the real room: two workers, mirrors that lag, clocks that die."""

from random import Random
from typing import Final

import msgspec
import pytest

from tests.queue_model import QueueModel
from tests.queueing import SALE, SECRET, Listed, Queue, queue
from waiting_room.admissions import read_log
from waiting_room.audit import prove
from waiting_room.batch_clock import BatchClock
from waiting_room.line import Line
from waiting_room.place import RANK_UNKNOWN, Place
from waiting_room.waiting_room import WaitingRoom

STEPS: Final = 250
SILENCE_MS_MAX: Final = 3_500
CHANCES: Final = {
    "join": 20,
    "join_again": 5,
    "poll": 30,
    "look": 10,
    "tick": 40,
    "claim": 30,
    "finish": 25,
    "leave": 4,
    "capacity": 3,
    "pause": 2,
    "resume": 8,
    "new_clock": 3,
    "wait": 20,
    "sleep_or_wake": 15,
}


class Crowd:
    """One run: every step acts on the real room and on the model, and compares."""

    def __init__(self, q: Queue, seed: int) -> None:
        self.q, self.random = q, Random(seed)
        self.model = QueueModel(q.sale)
        self.line = Line(q.store)
        self.workers = [q.room, WaitingRoom(q.store, SECRET)]
        self.clocks = [q.clock, BatchClock(q.store, Listed(q.sale))]
        self.ticked_ms = q.time.now_ms
        self.places: list[Place] = []
        self.asleep: set[int] = set()

    @property
    def now_ms(self) -> int:
        return self.q.time.now_ms

    def rank(self, entry: int) -> int:
        rank = self.q.room.mirror.view(self.q.sale).rank_of(entry)
        assert rank is not None
        return rank

    async def step(self) -> None:
        (name,) = self.random.choices(list(CHANCES), list(CHANCES.values()))
        await getattr(self, name)()

    async def join(self) -> None:
        for _ in range(self.random.randint(1, 6)):
            account = f"account {len(self.places)}" if self.random.random() < 0.7 else None
            place = await self.q.join(account)
            assert place.entry == self.model.join(self.now_ms)
            self.places.append(place)

    async def join_again(self) -> None:
        entry = self.any_entry()
        named = self.places[entry].fan
        if named == self.q.room._signer.guest_fan(SALE.serial, entry):
            return
        word, found, _ = await self.line.join(self.q.sale, named)
        living = [n for n, place in enumerate(self.places) if place.fan == named][-1]
        if self.model.states[living] == "done":
            assert (word, found) == ("JOINED", self.model.join(self.now_ms))
            self.places.append(Place(SALE.serial, found, RANK_UNKNOWN, named))
        else:
            assert (word, found) == ("AGAIN", living)

    async def poll(self) -> None:
        """Some of those awake ask one of the workers, which flushes, knowing less or more of the line."""
        awake = [n for n in range(len(self.places)) if n not in self.asleep]
        room = self.random.choice(self.workers)
        for entry in self.random.sample(awake, self.random.randint(0, len(awake))):
            room.status(self.q.sale, self.q.token(self.places[entry]))
        if self.random.random() < 0.8:
            heard = list(room.mirror.view(self.q.sale).presence.pending)
            await room.mirror.flush(self.q.sale)
            self.model.hear(heard, self.now_ms)

    async def look(self) -> None:
        await self.random.choice(self.workers).mirror.refresh(self.q.sale)

    async def wait(self) -> None:
        """Time passes, but never so long between two ticks that it would count as an outage."""
        self.q.time.forward(self.random.randint(0, SILENCE_MS_MAX - (self.now_ms - self.ticked_ms)))

    async def tick(self) -> None:
        await self.wait()
        await self.random.choice(self.clocks).tick(self.q.sale)
        self.ticked_ms = self.now_ms
        self.model.lapse(self.now_ms)
        room = self.q.room
        await room.mirror.refresh(self.q.sale)
        states = self.q.states(*self.places)
        invited = {n for n, state in enumerate(states) if state == "invited" != self.model.states[n]}
        self.model.invite(invited, self.now_ms, SALE.claim_ms, self.rank)
        assert states == self.model.states

    async def claim(self) -> None:
        entry = self.any_entry("invited")
        expected = self.model.claim(entry, self.now_ms)
        word, *fields = await self.line.claim(self.q.sale, entry)
        assert word == expected
        if word == "ADMITTED":
            self.model.states[entry], self.model.deadlines[entry] = "inside", fields[0]
            assert 0 <= fields[0] - self.now_ms - self.q.sale.shopping_ms < 1000
        if word == "INSIDE":
            assert fields[0] == self.model.deadlines[entry]

    async def finish(self) -> None:
        entry = self.any_entry("inside")
        if self.model.states[entry] == "waiting":
            assert await self.line.finish(self.q.sale, entry) == ["GONE"]
        else:
            assert await self.line.finish(self.q.sale, entry) == [
                "FINISHED" if self.model.end(entry) else "GONE"
            ]

    async def leave(self) -> None:
        entry = self.any_entry()
        assert await self.line.leave(self.q.sale, entry, f"fan{entry}") == [
            "LEFT" if self.model.end(entry) else "GONE"
        ]

    async def capacity(self) -> None:
        self.model.capacity = self.random.randint(1, 12)
        self.q.sale = msgspec.structs.replace(self.q.sale, capacity=self.model.capacity)
        await self.line.put_sale(self.q.sale)

    async def pause(self) -> None:
        self.model.pause(self.now_ms)
        await self.line.move(self.q.sale, "pause", "")

    async def resume(self) -> None:
        self.model.resume(self.now_ms)
        await self.line.move(self.q.sale, "resume", "")

    async def new_clock(self) -> None:
        self.clocks[self.random.randrange(2)] = BatchClock(self.q.store, Listed(self.q.sale))

    async def sleep_or_wake(self) -> None:
        self.asleep ^= {self.any_entry() for _ in range(4)}

    def any_entry(self, state: str | None = None) -> int:
        """A random entry, preferably in this state."""
        wanted = [n for n, found in enumerate(self.model.states) if found == state]
        return self.random.choice(
            wanted if wanted and self.random.random() < 0.9 else range(len(self.places))
        )


@pytest.mark.parametrize("seed", range(16))
async def test_a_crowd_keeps_to_the_rules(valkey_url: str, seed: int) -> None:
    async with queue(valkey_url, msgspec.structs.replace(SALE, capacity=4, shopping_ms=20_000)) as q:
        await q.put()
        crowd = Crowd(q, seed)
        for _ in range(8):
            await crowd.join()
        await q.room.move(q.sale, "open")
        for _ in range(STEPS):
            await crowd.step()
        await crowd.resume()
        await crowd.tick()
        log = await read_log(q.store, q.sale)
        proof = prove(log, crowd.rank)
        assert (proof.overshoot, proof.passed_over, proof.twice) == (0, 0, 0)
        assert proof.invitations > 10, "the crowd did something"
