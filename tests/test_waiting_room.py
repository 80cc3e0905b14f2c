"""The room as the doors use it: what fans are told, also while the store is away."""

import json
from typing import Any

import msgspec
import pytest

from api.library import library
from store import keys
from store.connection import Store
from store.unavailable import StoreUnavailable
from tests.proxy import LossyProxy
from tests.queueing import NOON_MS, SALE, SECRET, Listed, Queue
from waiting_room.answers import (
    Admitted,
    BadToken,
    CannotMove,
    ExpiredPass,
    Joined,
    Left,
    Moved,
    NotYourTurn,
    PlaceStatus,
    UnknownSale,
    WrongSale,
)
from waiting_room.draw import commitment
from waiting_room.passes import Pass
from waiting_room.place import RANK_UNKNOWN, Place
from waiting_room.view import AWAY, CHECKING
from waiting_room.waiting_room import WaitingRoom


async def opened(q: Queue, fans: int) -> list[Place]:
    """So many fans in the order of their ranks, the first three invited."""
    places = [await q.join() for _ in range(fans)]
    await q.room.move(q.sale, "open")
    await q.tick()
    view = q.room.mirror.view(q.sale)
    return sorted(places, key=lambda place: view.rank_of(place.entry) or 0)


def status(q: Queue, place: Place) -> PlaceStatus:
    found = q.room.status(q.sale, q.token(place))
    assert isinstance(found, PlaceStatus)
    return found


async def test_a_fan_from_joining_to_buying(q: Queue) -> None:
    fans = await opened(q, 5)
    assert status(q, fans[4]).state == "waiting"
    assert await q.room.claim(q.sale, fans[4]) == NotYourTurn("waiting")
    assert status(q, fans[0]).claim_by == "2027-01-15T08:00:10Z"
    admitted = await q.room.claim(q.sale, fans[0])
    assert isinstance(admitted, Admitted)
    assert status(q, fans[0]).expires_at == "2027-01-15T08:01:00Z", "at once, before any mirror round"
    assert await q.room.claim(q.sale, fans[0]) == msgspec.structs.replace(admitted, again=True)
    granted = q.room.read_pass(admitted.text, q.sale)
    assert isinstance(granted, Pass)
    assert (granted.fan, granted.entry) == (fans[0].fan_text, fans[0].entry)
    await q.room.finish(q.sale, fans[0].entry)
    await q.room.mirror.refresh(q.sale)
    assert status(q, fans[0]) == PlaceStatus(state="done", why="bought")
    assert isinstance(q.room.read_pass(admitted.text, q.sale), Pass), "the allocator says that it is used up"


async def test_a_pass_given_up_is_used_up_in_the_same_call(q: Queue) -> None:
    fans = await opened(q, 2)
    text = await q.admit(fans[0])
    assert await q.room.leave(q.sale, fans[0]) == Left()
    spent = await q.store.client.hget(keys.fans(q.sale.shard, q.sale.id), fans[0].fan_text)
    assert int(spent or 0) // 1024 == 2 * fans[0].entry + 2, "as the allocator's fans.lua reads it"
    q.time.forward(60_000)
    assert q.room.read_pass(text, q.sale) == ExpiredPass()
    assert q.room.read_pass(text, msgspec.structs.replace(SALE, id="sequel")) == WrongSale()


async def test_an_account_has_one_living_place(q: Queue) -> None:
    first = await q.room.join(q.sale, "ada")
    again = await q.room.join(q.sale, "ada")
    assert isinstance(first, Joined)
    assert isinstance(again, Joined)
    assert (again.entry, again.token, again.fan, again.again) == (first.entry, first.token, first.fan, True)
    other = await q.join("bob")
    assert other.fan_text != first.fan
    place = q.room.read_place(first.token, q.sale)
    assert isinstance(place, Place)
    await q.room.leave(q.sale, place)
    back = await q.room.join(q.sale, "ada")
    assert isinstance(back, Joined)
    assert (back.entry, back.fan, back.again) == (2, first.fan, False), "at the end, as the same fan"


async def test_an_account_that_bought_may_join_again_at_the_end(q: Queue) -> None:
    place = await q.join("ada")
    await q.room.move(q.sale, "open")
    await q.tick()
    await q.admit(place)
    assert (await q.join("ada")).entry == place.entry
    await q.room.finish(q.sale, place.entry)
    assert (await q.join("ada")).entry == place.entry + 1


async def test_accounts_are_found_as_the_crowd_grows(q: Queue) -> None:
    places = {name: await q.join(name) for name in ("ada", "bob")}
    for joined in (6_399, 6_400, 102_400):
        await q.store.client.hset(keys.sale(SALE.shard, SALE.id), "joined", joined)
        places[f"at {joined}"] = await q.join(f"at {joined}")
    for name, place in places.items():
        assert (await q.join(name)).entry == place.entry
    buckets = await q.store.client.keys("*:accounts:*")
    numbers = sorted(int(str(key).strip("'").rpartition(":")[2]) for key in buckets)
    assert numbers[0] < 64
    assert 64 <= numbers[-2] < 1088
    assert 1088 <= numbers[-1] < 17_472


async def test_both_answers_about_a_place_say_the_same(q: Queue) -> None:
    fans = await opened(q, 300)
    for place in fans:
        known = msgspec.structs.replace(place, rank=q.room.mirror.view(q.sale).rank_of(place.entry))
        for asked in (place, known):
            raw = q.room.status_json(q.sale, q.token(asked))
            assert isinstance(raw, bytes)
            assert msgspec.json.decode(raw, type=PlaceStatus) == status(q, asked)
    ahead = [status(q, place).ahead for place in fans[3:]]
    assert ahead == list(range(297))


async def test_the_token_learns_the_rank(q: Queue) -> None:
    fans = await opened(q, 6)
    assert fans[5].rank == RANK_UNKNOWN
    fresh = status(q, fans[5]).place
    assert fresh is not None
    place = q.room.read_place(fresh, q.sale)
    assert place == msgspec.structs.replace(fans[5], rank=5)
    assert status(q, place).place is None


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", BadToken()),
        ("nonsense", BadToken()),
        ("Ünsinn" * 9, BadToken()),
        (WaitingRoom, WrongSale()),
    ],
    ids=["empty", "nonsense", "beyond ASCII", "another sale"],
)
async def test_tokens_that_are_no_place_here(q: Queue, token: object, expected: object) -> None:
    if not isinstance(token, str):
        token = q.room.sign(Place(8, 0, 0, (await q.join()).fan)).decode()
    assert q.room.status(q.sale, token) == expected
    assert q.room.status_json(q.sale, token.encode()) == expected
    assert q.room.read_place(token, q.sale) == expected


async def test_moves_are_told(q: Queue) -> None:
    fans = await opened(q, 5)
    assert await q.room.move(q.sale, "pause", "a broken lamp") == Moved("paused")
    paused = status(q, fans[4])
    assert (paused.state, paused.message, paused.wait_s) == ("waiting", "a broken lamp", None)
    assert status(q, fans[0]).message == "a broken lamp"
    assert json.loads(q.room.pulse(q.sale))["message"] == "a broken lamp"
    assert await q.room.move(q.sale, "close", "sold out") == Moved("closed")
    assert status(q, fans[4]) == PlaceStatus(state="closed", message="sold out")
    assert await q.room.move(q.sale, "open") == CannotMove("closed")
    unknown = msgspec.structs.replace(SALE, id="unknown")
    assert await q.room.move(unknown, "open") == UnknownSale()
    assert await q.room.join(unknown) == UnknownSale()


async def test_the_pulse_promises_the_draw_and_then_proves_it(q: Queue) -> None:
    await q.join()
    before = json.loads(q.room.pulse(q.sale))
    assert (before["state"], before["seed_sha256"]) == ("scheduled", commitment(SALE.seed))
    assert "seed" not in before
    await q.room.move(q.sale, "open")
    await q.tick()
    after = json.loads(q.room.pulse(q.sale))
    assert (after["state"], after["serving"], after["waiting"]) == ("open", 1, 0)
    assert (after["seed"], after["drawn"]) == (SALE.seed, 1)


async def test_a_closed_gate_is_told_and_keeps_the_places(q: Queue) -> None:
    fans = await opened(q, 5)
    await q.store.client.hincrby(keys.shard(SALE.shard), "epoch", 1)
    await q.room.mirror.round([q.sale])
    assert (status(q, fans[4]).state, status(q, fans[4]).message) == ("waiting", CHECKING)
    assert status(q, fans[0]).state == "invited"
    assert json.loads(q.room.pulse(q.sale))["state"] == "paused"
    with pytest.raises(StoreUnavailable):
        await q.join()
    await q.store.open_gate(SALE.shard, 0)
    await q.room.mirror.round([q.sale])
    assert status(q, fans[4]).message is None
    assert json.loads(q.room.pulse(q.sale))["state"] == "open"


async def test_a_store_that_is_away_is_told_and_the_polls_are_kept(q: Queue, valkey_url: str) -> None:
    fans = await opened(q, 5)
    proxy = LossyProxy(valkey_url, b"usher_")
    store = await Store.connect(await proxy.start(), library=library(), clock=q.time.clock)
    try:
        await away_and_back(q, proxy, WaitingRoom(store, SECRET), fans)
    finally:
        await store.close()
        await proxy.stop()


async def away_and_back(q: Queue, proxy: LossyProxy, room: WaitingRoom, fans: list[Place]) -> None:
    token = q.token(fans[4])
    unread = room.status(q.sale, token)
    assert isinstance(unread, PlaceStatus)
    assert unread.message == AWAY, "nothing was read yet"
    await room.mirror.round([q.sale])
    proxy.losses = 100
    await room.mirror.round([q.sale])
    found = room.status(q.sale, token)
    assert isinstance(found, PlaceStatus)
    assert (found.state, found.message, found.rank) == ("waiting", AWAY, 4)
    assert json.loads(room.pulse(q.sale))["state"] == "open"
    with pytest.raises(StoreUnavailable):
        await room.join(q.sale)
    room.status(q.sale, q.token(fans[3]))
    assert list(room.mirror.view(q.sale).presence.pending) == [fans[3].entry]
    proxy.losses = 0
    await room.mirror.round([q.sale])
    assert not room.mirror.view(q.sale).presence.pending


async def test_a_new_worker_learns_the_whole_line(q: Queue) -> None:
    fans = await opened(q, 5)
    await q.admit(fans[0])
    await q.room.leave(q.sale, fans[1])
    await q.tick(1000)
    fresh = WaitingRoom(q.store, SECRET)
    await fresh.mirror.round(Listed(q.sale).sales())
    assert fresh.counts(q.sale) == q.room.counts(q.sale)
    for place in fans:
        assert fresh.status(q.sale, q.token(place)) == status(q, place)


async def test_a_rolled_back_log_is_read_anew(q: Queue) -> None:
    await opened(q, 5)
    await q.store.client.set(keys.admissions(SALE.shard, SALE.id), b"")
    await q.room.mirror.refresh(q.sale)
    assert q.room.counts(q.sale).invited == 0


async def test_polls_are_soon_after_the_open(q: Queue) -> None:
    place = await q.join()
    assert (status(q, place).poll_in_s or 0) <= SALE.presence_ms / 3000
    q.time.forward(SALE.opens_at_ms - NOON_MS - 2_000)
    await q.tick()
    assert 2 < (status(q, place).poll_in_s or 0) < SALE.presence_ms / 3000


async def test_after_a_rebuild_the_gap_in_the_entries_is_not_counted(q: Queue) -> None:
    before = [await q.join() for _ in range(2)]
    client: Any = q.store.client
    jumped = {"state": "open", "joined": 1_000, "base": 1_000, "serving": 1_000, "drawn": 0}
    await client.hset(keys.sale(SALE.shard, SALE.id), mapping=jumped)
    await q.tick()
    assert (q.room.counts(q.sale).joined, q.room.counts(q.sale).waiting) == (0, 0)
    fans = [await q.join() for _ in range(4)]
    await q.tick()
    assert (q.room.counts(q.sale).joined, q.room.counts(q.sale).waiting) == (4, 1)
    await q.poll(*before)
    await q.room.mirror.refresh(q.sale)
    assert q.room.counts(q.sale).waiting == 3, "one new, and two who came back"
    await q.room.leave(q.sale, fans[0])
    await q.tick()
    assert q.states(*before) == ["invited", "waiting"]
    assert q.room.counts(q.sale).waiting == 2
