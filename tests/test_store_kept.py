"""A decision that takes its Idempotency-Key along is decided once, and told again as it was."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from allocator import token as tokens
from allocator.allocator import group_of, hold_decision
from allocator.answers import Held, HoldAnswer, SeatsTaken, ShowtimeReclaimed
from allocator.catalogue import OnSale
from allocator.outbox import Token
from allocator.wishes import Best, Want
from store import keys
from store.kept import DIGEST_BYTES, Once, OtherBody
from store.version import Version, heard
from tests.allocator_stage import SHARD, Stage, best, drawn, exact, onsale
from tests.kept_answers import names

TTL_S = 60


@pytest.fixture(params=["valkey", "redis_7", "cluster"])
async def stage(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[Stage]:
    url = valkey_url if request.param == "valkey" else request.getfixturevalue(request.param).url
    opened = await Stage.at(url)
    yield opened
    await opened.store.client.flushall()
    await opened.store.close()


def once(name: str, body: bytes = b"b") -> Once:
    return Once(name * 32, body * DIGEST_BYTES, TTL_S)


async def ask(
    stage: Stage, show: OnSale, want: Want, key: Once, fan: str = "one"
) -> tuple[HoldAnswer, Version | None]:
    """A hold under the key, as a task of its own hears it."""
    heard.set(None)
    name = tokens.mint(show.showtime.serial, key.request)
    answer = await stage.allocator.hold(show, fan, 0, name, want, once=key)
    return answer, heard.get()


@pytest.mark.parametrize("want", [best(2), exact("A-1", "A-2"), Best(2, None, split=True)], ids=repr)
async def test_the_first_answer_and_its_version(stage: Stage, want: Want) -> None:
    show = await stage.load(onsale(drawn("aaaaaaa")))
    first, version = await ask(stage, show, want, once("a"))
    assert isinstance(first, Held)
    assert version is not None
    await stage.allocator.release(show, first.token)
    stage.ticks.ms += 5_000
    assert await ask(stage, show, want, once("a")) == (first, version._replace(again=True))
    [name] = await names(stage.store)
    assert 0 < await stage.store.client.ttl(name) <= TTL_S


async def test_a_refusal_is_kept_and_not_what_did_nothing(stage: Stage) -> None:
    show = await stage.load(onsale(drawn("aaaaaaa")))
    held = await stage.held(show, exact("A-1"), fan="other")
    refused, _ = await ask(stage, show, exact("A-1"), once("a"))
    assert isinstance(refused, SeatsTaken)
    await stage.allocator.release(show, held.token)
    assert (await ask(stage, show, exact("A-1"), once("a")))[0] == refused
    await stage.allocator.reclaim(show)
    assert (await ask(stage, show, exact("A-2"), once("c")))[0] == ShowtimeReclaimed()
    assert len(await names(stage.store)) == 1


async def test_another_body_decides_nothing(stage: Stage) -> None:
    show = await stage.load(onsale(drawn("aaaaaaa")))
    await ask(stage, show, best(2), once("a"))
    before = await stage.allocator.board(show)
    with pytest.raises(OtherBody):
        await ask(stage, show, best(1), once("a", b"c"))
    with pytest.raises(OtherBody):
        await stage.store.kept(SHARD, once("a", b"c"))
    assert await stage.allocator.board(show) == before


async def test_in_one_batch_the_second_sees_the_first(stage: Stage) -> None:
    """Neighbours without a key, or with another, are decided as ever; each answer has its own place."""
    show, other = onsale(drawn("aaaaaaa")), onsale(drawn("bbb"), "other", serial=8)
    for each in (show, other):
        await stage.load(each)
    asked = [
        ask(stage, show, best(2), once("a")),
        ask(stage, other, best(1, "b"), once("b"), fan="two"),
        ask(stage, show, best(2), once("a")),
        ask(stage, show, best(1), once("a", b"c")),
        ask(stage, show, best(2), once("d"), fan="three"),
    ]
    plain = stage.hold(show, best(1), fan="four")
    *keyed, free = await asyncio.gather(*asked, plain, return_exceptions=True)
    assert isinstance(keyed.pop(3), OtherBody)
    told = [answer for answer in keyed if isinstance(answer, tuple)]
    held = [answer for answer, _ in told if isinstance(answer, Held)]
    versions = [version for _, version in told if version is not None]
    assert isinstance(free, Held)
    assert (held[0], versions[0]._replace(again=True)) == (held[2], versions[2])
    assert [version.place for version in versions] == [0, 1, 0, 4]
    assert len({version.turn for version in versions}) == 1
    assert len({*held[0].indices, *held[3].indices, *free.indices}) == 5


async def test_a_batch_whose_outcome_is_unknown_is_told_the_first_time(stage: Stage) -> None:
    """The same bytes twice, as the store asks them again: the second finds all of the first."""
    show = await stage.load(onsale(drawn("aaaaaaa")))
    decision = hold_decision(show, "one", 0, Token("7-" + "0" * 16), best(2))
    assert decision is not None

    async def decided() -> tuple[object, Version]:
        asked = stage.store.decide(
            "hold",
            shard=SHARD,
            fixed=(keys.shard(SHARD),),
            group=group_of(show),
            decision=decision,
            columns=True,
            once=once("a"),
        )
        return await asked, asked.version

    answer, version = await decided()
    assert await decided() == (answer, version._replace(again=True))
