"""Random lives of a small hall: the real functions and the model must agree at every step."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Final

import pytest

from allocator import token as tokens
from allocator.answers import Held, HoldAnswer, LeavesSingle
from allocator.outbox import Token
from allocator.plan import SeatName
from allocator.showtime import Orphans
from allocator.wishes import Best, Exact, Want
from tests.allocator_model import Model
from tests.allocator_stage import SALE, Stage, drawn, onsale

STEPS: Final = 120
FANS: Final = 8
HALLS: Final = (drawn("aaaaaa_aaa", "aabbbbaaa"), drawn("aaaaaaaaaaaa"), drawn("ab_ba", "aabb", "bbbbbbb"))
MODES: Final[tuple[Orphans, ...]] = ("strict", "prefer", "off")


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


class Life:
    """One seeded life; `log` tells what happened when it ends badly."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.draw = random.Random(seed)
        self.stage = stage
        self.plan = HALLS[seed % len(HALLS)]
        self.show = onsale(self.plan, orphans=MODES[seed // 3 % 3], sold=(SeatName("A-1"),))
        self.log: list[str] = [f"seed {seed}, {self.show.showtime.orphans}"]
        self.known: list[Token] = []
        self.model = Model(self.show, "", 0)

    async def begin(self) -> None:
        await self.stage.load(self.show)
        limit = self.draw.choice([2, 4, 20])
        await self.stage.sale("open", seats_per_fan=limit)
        self.model = Model(self.show, await self.stage.seats(self.show), limit)

    def now_ms(self) -> int:
        return self.stage.store.clock.now_ms()

    def token(self) -> Token:
        """Mostly a new one, sometimes one of before."""
        if self.known and self.draw.random() < 0.1:
            return self.draw.choice(self.known)
        self.known.append(tokens.mint(7, f"{len(self.known):020x}"))
        return self.known[-1]

    def want(self) -> Want:
        draw, count = self.draw, self.draw.randint(1, 4)
        if draw.random() < 0.5:
            return Best(count, draw.choice(self.show.geometry.categories), draw.random() < 0.2)
        # Hot seats: everybody wants the first ones.
        first = min(int(draw.expovariate(0.2)), len(self.show.geometry) - count)
        return Exact(self.show.geometry.names[first : first + count])

    async def holds(self) -> None:
        """A few holds that travel in one batch."""
        asked = [
            (self.token(), f"fan-{self.draw.randrange(FANS)}", self.draw.randrange(3), self.want())
            for _ in range(self.draw.randint(1, 5))
        ]
        allocator = self.stage.allocator
        answers = await asyncio.gather(
            *(allocator.hold(self.show, fan, entry, token, want) for token, fan, entry, want in asked)
        )
        for question, answer in zip(asked, answers, strict=True):
            self.judge_hold(*question, answer)

    def judge_hold(self, token: Token, fan: str, entry: int, want: Want, answer: HoldAnswer) -> None:
        model = self.model
        if isinstance(want, Exact):
            expected = model.exact(token, fan, entry, self.show.geometry.indices(want.seats))
        else:
            expected = model.best(token, fan, entry, want.count, want.category or "", want.split)
        told = "Replayed" if isinstance(answer, Held) and answer.replayed else type(answer).__name__
        self.log.append(f"hold {token} {fan}/{entry} {want}: {answer}")
        if isinstance(answer, LeavesSingle):
            assert (expected, self.show.showtime.orphans) == ("Held", "strict"), self.said(expected)
            instead = self.show.geometry.indices(answer.instead)
            assert isinstance(want, Exact)
            assert model.are_free(instead), self.said("free seats instead")
            assert len(set(instead)) == len(want.seats), self.said("as many instead")
            return
        assert told == expected, self.said(expected)
        if told == "Held":
            assert isinstance(answer, Held)
            count = len(want.seats) if isinstance(want, Exact) else want.count
            assert len(set(answer.indices)) == count, self.said("as many seats as asked for")
            model.took(token, fan, entry, answer.indices, self.now_ms())

    async def orders(self) -> None:
        token = self.some()
        self.expect(await self.stage.order(self.show, token), self.model.order(token, self.now_ms()), token)

    async def pays(self) -> None:
        token, reference, right = self.some(), f"r{self.draw.randrange(3)}", self.draw.random() < 0.9
        answer = await self.stage.pay(self.show, token, reference, amount=None if right else 1)
        self.expect(answer, self.model.pay(token, reference, right=right), f"{token} {reference}")

    async def releases(self) -> None:
        token = self.some()
        answer = await self.stage.allocator.release(self.show, token)
        self.expect(answer, self.model.release(token, self.now_ms()), token)

    async def waits(self) -> None:
        self.stage.ticks.ms += self.draw.choice([1, SALE.hold_ms // 3, SALE.hold_ms])
        self.model.lapse(self.now_ms())
        await self.stage.allocator.sweep(self.show)
        self.log.append("waited")

    async def reclaims(self) -> None:
        if self.draw.random() < 0.1:
            await self.stage.allocator.reclaim(self.show)
            self.model.reclaim(self.now_ms())
            self.log.append("reclaimed")

    def some(self) -> Token:
        """A recent token, for those are alive."""
        return self.draw.choice(self.known[-8:] or [Token("7-0000000000000000")])

    def expect(self, answer: object, expected: str, what: str) -> None:
        self.log.append(f"{what}: {answer}")
        assert type(answer).__name__ == expected, self.said(expected)

    def said(self, expected: str) -> str:
        return "\n".join([*self.log[:1], *self.log[-12:], f"expected {expected}"])

    async def end(self) -> None:
        assert await self.stage.seats(self.show) == "".join(self.model.seats), self.said("other seats")
        kinds = [kind for kind, _ in await self.stage.outbox() if kind != b"reclaimed"]
        assert len(kinds) == self.model.records_for_the_ledger(), self.said("other records")


@pytest.mark.parametrize("seed", range(36))
async def test_a_life_of_a_hall(stage: Stage, seed: int) -> None:
    life = Life(stage, seed)
    await life.begin()
    deeds = [life.holds, life.orders, life.pays, life.releases, life.waits, life.reclaims]
    for _ in range(STEPS):
        (deed,) = life.draw.choices(deeds, weights=[6, 5, 5, 2, 1, 0.2])
        await deed()
        assert await stage.seats(life.show) == "".join(life.model.seats), life.said("other seats")
    await life.end()
