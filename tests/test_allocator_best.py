"""The best seats are exactly the best, by a search that looks at every block of every run."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from typing import Final

import pytest

from allocator.answers import Held, NoFit, SoldOut
from allocator.catalogue import OnSale
from allocator.geometry import Segment
from allocator.plan import Plan, Point, SeatName
from allocator.showtime import Orphans
from tests.allocator_stage import Stage, best, drawn, onsale

HALLS: Final = (
    drawn("aaaa_aaaa", "aaaaa_aaa", "aaaaaaaaa"),
    drawn("aaabbbbaaa", "aabbbbbbaa_aa", "bbbb_bbbbb"),
    drawn("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aab_baa", focal=Point(3.0, 0.5)),
    drawn("a_aa_aaa_aaaa_aaaaa_aaaaaa", "b"),
)
SEEDS: Final = range(60)


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    opened = await Stage.at(valkey_url)
    yield opened
    await opened.store.close()


def blocks(show: OnSale, seats: str, count: int, category: str | None) -> Iterator[tuple[bool, int, int]]:
    """(leaves a seat alone, distance, first seat) of every free block of one category."""
    for segment in show.geometry.segments:
        if category in (None, show.geometry.categories[segment.category]):
            for first in range(segment.first, segment.first + segment.length - count + 1):
                if seats[first : first + count] == "." * count:
                    near = segment.near[2 * (first - segment.first) + count - 1]
                    yield leaves_single(show, seats, segment, first, count), near, first


def leaves_single(show: OnSale, seats: str, segment: Segment, first: int, count: int) -> bool:
    """A lone free seat stands beside the block once it is taken."""
    start, length = show.geometry.runs[segment.run]
    taken = seats[:first] + "h" * count + seats[first + count :]
    gaps = [sum(1 for _ in run) for letter, run in groupby(taken[start : start + length]) if letter == "."]
    before = [sum(1 for _ in run) for letter, run in groupby(seats[start : start + length]) if letter == "."]
    # A block of one may itself have stood alone before.
    return gaps.count(1) > before.count(1) - (count == 1 and alone(seats, first, start, start + length))


def alone(seats: str, index: int, start: int, end: int) -> bool:
    around = [seats[i] for i in (index - 1, index + 1) if start <= i < end]
    return seats[index] == "." and "." not in around


def some_taken(plan: Plan, draw: random.Random) -> tuple[SeatName, ...]:
    """Seats in small clumps, from an empty hall to a nearly full one."""
    names = [name for name, _, _ in plan.named_seats()]
    share = draw.random()
    return tuple(name for name in names if draw.random() < share)


@pytest.mark.parametrize("orphans", ["strict", "prefer", "off"])
@pytest.mark.parametrize("hall", range(len(HALLS)))
async def test_best_is_the_nearest_of_its_class(stage: Stage, hall: int, orphans: Orphans) -> None:
    for seed in SEEDS:
        draw = random.Random(f"{hall} {orphans} {seed}")
        plan = HALLS[hall]
        sold = some_taken(plan, draw)
        show = await stage.load(onsale(plan, f"show-{seed}", orphans=orphans, sold=sold, serial=seed))
        count, category = draw.randint(1, 4), draw.choice(["a", "b", None] if hall else ["a"])
        seats = await stage.seats(show)
        fitting = sorted(blocks(show, seats, count, category))
        answer = await stage.hold(show, best(count, category), fan=f"fan-{seed}")
        told = f"seed {seed}: {seats} {count} {category} {answer}"
        if not fitting:
            free = {c for c, letter in zip(categories(show), seats, strict=True) if letter == "."}
            assert isinstance(answer, NoFit if free & ({category} if category else free) else SoldOut), told
            assert isinstance(answer, SoldOut) or answer.largest == longest(show, seats, category), told
            continue
        assert isinstance(answer, Held), told
        assert answer.indices == tuple(range(answer.indices[0], answer.indices[0] + count)), told
        chosen = next(block for block in fitting if block[2] == answer.indices[0])
        rank = slice(1, 2) if orphans == "off" else slice(0, 2)
        assert chosen[rank] == min(block[rank] for block in fitting), told


def longest(show: OnSale, seats: str, category: str | None) -> int:
    return max(n for n in range(1, 4) if any(True for _ in blocks(show, seats, n, category)))


SPLITS: Final[tuple[tuple[str, str, int, list[str]], ...]] = (
    # hall, sold, party, pieces expected
    ("aaaa_aaaa", "A-1 A-2 A-7", 3, ["A-3 A-4", "A-6"]),
    ("aaaaaaa", "A-4", 5, ["A-1 A-2 A-3", "A-5 A-6"]),
    ("aaa_aaa_aaa", "A-2 A-6 A-10", 4, ["A-1", "A-3", "A-5", "A-7"]),
    ("aa_aa_aa_aa", "", 4, ["A-4 A-5", "A-7 A-8"]),
    ("aa_aa", "A-1", 4, []),
    ("aabb", "", 3, []),
)


@pytest.mark.parametrize(("hall", "sold", "party", "pieces"), SPLITS)
async def test_a_party_that_may_sit_apart(
    stage: Stage, hall: str, sold: str, party: int, pieces: list[str]
) -> None:
    taken = tuple(SeatName(name) for name in sold.split())
    show = await stage.load(onsale(drawn(hall), sold=taken))
    await stage.sale("open", seats_per_fan=10)
    answer = await stage.hold(show, best(party, "a", split=True))
    if not pieces:
        assert isinstance(answer, NoFit)
        return
    assert isinstance(answer, Held)
    assert not answer.together
    assert sorted(show.geometry.named(answer.indices)) == sorted(" ".join(pieces).split())


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_may_sit_apart_is_refused_only_when_too_few_are_free(stage: Stage, seed: int) -> None:
    draw = random.Random(seed)
    plan = HALLS[seed % len(HALLS)]
    show = await stage.load(onsale(plan, sold=some_taken(plan, draw)))
    seats = await stage.seats(show)
    free = [c for c, letter in zip(categories(show), seats, strict=True) if letter == "."].count("a")
    answer = await stage.hold(show, best(4, "a", split=True))
    assert isinstance(answer, Held) == (free >= 4), seats
    after = await stage.seats(show)
    assert seats.count(".") - after.count(".") == (4 if free >= 4 else 0)


def categories(show: OnSale) -> list[str]:
    return [seat.category for seat in show.geometry.seats]


@pytest.mark.parametrize("seed", range(12))
async def test_decisions_of_one_batch_choose_as_if_they_came_one_by_one(stage: Stage, seed: int) -> None:
    draw = random.Random(seed)
    show = await stage.load(onsale(HALLS[seed % len(HALLS)], orphans="prefer"))
    seats = await stage.seats(show)
    parties = [draw.randint(1, 4) for _ in range(20)]
    answers = await asyncio.gather(
        *(stage.hold(show, best(party), fan=f"fan-{n}") for n, party in enumerate(parties))
    )
    for party, answer in zip(parties, answers, strict=True):
        fitting = sorted(blocks(show, seats, party, "a"))
        assert isinstance(answer, Held) == bool(fitting), f"seed {seed}: {seats} {party} {answer}"
        if isinstance(answer, Held):
            first = answer.indices[0]
            chosen = next(block for block in fitting if block[2] == first)
            assert chosen[:2] == fitting[0][:2], f"seed {seed}: {seats} {party} {answer}"
            seats = seats[:first] + "h" * party + seats[first + party :]
