"""Every function of the line answers every word of its header; a refusal changes nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from store import keys
from tests.queueing import SALE, Queue, queue
from waiting_room.line import GateClosed, Line
from waiting_room.place import RANK_UNKNOWN, FanId

FAN = FanId(b"\x01\x02abcdef")
Setup = Callable[[Queue], Awaitable[object]]


@pytest.fixture
async def q(valkey_url: str) -> AsyncIterator[Queue]:
    """Here the sale is not put yet."""
    async with queue(valkey_url) as opened:
        yield opened


async def nothing(q: Queue) -> None: ...


async def scheduled(q: Queue) -> None:
    await q.put()


async def opened(q: Queue) -> None:
    """Four fans joined before the open, entries 0..3; nobody is called yet."""
    await q.put()
    for _ in range(4):
        await q.join()
    await q.room.move(q.sale, "open")


async def ticked(q: Queue) -> None:
    """Three of the four are invited."""
    await opened(q)
    await q.tick()


async def inside(q: Queue) -> None:
    """Entries 0..3 in line, the one of rank 0 inside."""
    await ticked(q)
    await Line(q.store).claim(q.sale, first(q))


async def paused(q: Queue) -> None:
    await inside(q)
    await q.room.move(q.sale, "pause", "the projector")


async def closed(q: Queue) -> None:
    await inside(q)
    await q.room.move(q.sale, "close")


async def bought(q: Queue) -> None:
    await inside(q)
    await Line(q.store).finish(q.sale, first(q))


async def account_joined(q: Queue) -> None:
    await scheduled(q)
    await Line(q.store).join(q.sale, FAN)


async def account_left(q: Queue) -> None:
    await account_joined(q)
    await Line(q.store).leave(q.sale, 0, FAN.hex())


def by_rank(q: Queue, rank: int) -> int:
    view = q.room.mirror.view(q.sale)
    return next(entry for entry in range(4) if view.rank_of(entry) == rank)


def first(q: Queue) -> int:
    return by_rank(q, 0)


def last(q: Queue) -> int:
    return by_rank(q, 3)


async def everything(q: Queue) -> dict[object, object]:
    """All keys of the sale with their contents, apart from the clock's high-water mark."""
    client = q.store.client
    return {key: await client.dump(key) for key in sorted(await client.keys("*:sale:*"))}


MOVES: list[tuple[str, Setup, str, list[object]]] = [
    ("no sale", nothing, "open", ["UNKNOWN_SALE"]),
    ("scheduled", scheduled, "open", ["MOVED", "open"]),
    ("scheduled", scheduled, "close", ["MOVED", "closed"]),
    ("scheduled", scheduled, "pause", ["CANNOT_MOVE", "scheduled"]),
    ("scheduled", scheduled, "resume", ["CANNOT_MOVE", "scheduled"]),
    ("open", opened, "open", ["STANDS", "open"]),
    ("open", opened, "resume", ["STANDS", "open"]),
    ("open", opened, "pause", ["MOVED", "paused"]),
    ("open", opened, "close", ["MOVED", "closed"]),
    ("paused", paused, "pause", ["STANDS", "paused"]),
    ("paused", paused, "open", ["CANNOT_MOVE", "paused"]),
    ("paused", paused, "resume", ["MOVED", "open"]),
    ("paused", paused, "close", ["MOVED", "closed"]),
    ("closed", closed, "close", ["STANDS", "closed"]),
    ("closed", closed, "open", ["CANNOT_MOVE", "closed"]),
    ("closed", closed, "pause", ["CANNOT_MOVE", "closed"]),
    ("closed", closed, "resume", ["CANNOT_MOVE", "closed"]),
]


@pytest.mark.parametrize(("state", "setup", "verb", "expected"), MOVES)
async def test_move(q: Queue, state: str, setup: Setup, verb: str, expected: list[object]) -> None:
    await setup(q)
    before = await everything(q)
    assert await Line(q.store).move(q.sale, verb, "why") == expected
    changed = await everything(q) != before
    assert changed == (expected[0] == "MOVED")


JOINS: list[tuple[str, Setup, FanId | None, list[object]]] = [
    ("no sale", nothing, None, ["UNKNOWN_SALE"]),
    ("closed", closed, None, ["SALE_CLOSED"]),
    ("closed, with an account", closed, FAN, ["SALE_CLOSED"]),
    ("the account waits", account_joined, FAN, ["AGAIN", 0, -1]),
    ("the account left", account_left, FAN, ["JOINED", 1, -1]),
    ("a guest beside the account", account_joined, None, ["JOINED", 1, -1]),
    ("another account", account_joined, FanId(b"\x01\x02abcdeg"), ["JOINED", 1, -1]),
    ("the same name in another bucket", account_joined, FanId(b"\x01\x03abcdef"), ["JOINED", 1, -1]),
    ("before the open", scheduled, None, ["JOINED", 0, -1]),
    ("after the open", opened, None, ["JOINED", 4, 4]),
    ("during a pause", paused, None, ["JOINED", 4, 4]),
]


@pytest.mark.parametrize(("case", "setup", "fan", "expected"), JOINS, ids=[row[0] for row in JOINS])
async def test_join(q: Queue, case: str, setup: Setup, fan: FanId | None, expected: list[object]) -> None:
    await setup(q)
    before = await everything(q)
    assert await Line(q.store).join(q.sale, fan) == expected
    assert (await everything(q) != before) == (expected[0] == "JOINED")


CLAIMS: list[tuple[str, Setup, Callable[[Queue], int], int, str]] = [
    ("no sale", nothing, lambda _: 0, 0, "UNKNOWN_SALE"),
    ("claimed before", inside, first, 0, "INSIDE"),
    ("claimed before a pause that outlasts the pass", paused, first, 600_000, "INSIDE"),
    ("claimed before, the pass is over", inside, first, 61_000, "NOT_YOUR_TURN"),
    ("invited, closed", closed, lambda q: by_rank(q, 1), 0, "SALE_CLOSED"),
    ("invited, paused", paused, lambda q: by_rank(q, 1), 0, "SALE_PAUSED"),
    ("waiting, paused", paused, last, 0, "SALE_PAUSED"),
    ("scheduled", scheduled, lambda _: 0, 0, "NOT_YOUR_TURN"),
    ("waiting", ticked, last, 0, "NOT_YOUR_TURN"),
    ("never joined", ticked, lambda _: 99, 0, "NOT_YOUR_TURN"),
    ("bought", bought, first, 0, "NOT_YOUR_TURN"),
    ("at the deadline", ticked, first, 10_000, "NOT_YOUR_TURN"),
    ("just before the deadline", ticked, first, 9_999, "ADMITTED"),
    ("invited", ticked, first, 0, "ADMITTED"),
]


@pytest.mark.parametrize(
    ("case", "setup", "entry", "after_ms", "expected"), CLAIMS, ids=[row[0] for row in CLAIMS]
)
async def test_claim(
    q: Queue, case: str, setup: Setup, entry: Callable[[Queue], int], after_ms: int, expected: str
) -> None:
    await setup(q)
    q.time.forward(after_ms)
    before = await everything(q)
    answer = await Line(q.store).claim(q.sale, entry(q))
    assert answer[0] == expected
    assert (await everything(q) != before) == (expected == "ADMITTED")
    if expected == "ADMITTED":
        assert answer[1] % 1000 == 0
        assert 60_000 <= answer[1] - q.time.now_ms < 61_000
    if expected == "SALE_PAUSED":
        assert answer[1] == "the projector"


ENDS: list[tuple[str, str, Setup, Callable[[Queue], int], str]] = [
    ("finish", "inside", inside, first, "FINISHED"),
    ("finish", "invited", inside, lambda q: by_rank(q, 1), "FINISHED"),
    ("finish", "bought before", bought, first, "GONE"),
    ("finish", "waiting", inside, last, "GONE"),
    ("finish", "no sale", nothing, lambda _: 0, "GONE"),
    ("leave", "inside", inside, first, "LEFT"),
    ("leave", "invited", inside, lambda q: by_rank(q, 1), "LEFT"),
    ("leave", "waiting", inside, last, "LEFT"),
    ("leave", "waiting before the open", account_joined, lambda _: 0, "LEFT"),
    ("leave", "left before", account_left, lambda _: 0, "GONE"),
    ("leave", "bought", bought, first, "GONE"),
    ("leave", "never joined", inside, lambda _: 4, "GONE"),
    ("leave", "no sale", nothing, lambda _: 0, "GONE"),
]


@pytest.mark.parametrize(("verb", "case", "setup", "entry", "expected"), ENDS)
async def test_ends(
    q: Queue, verb: str, case: str, setup: Setup, entry: Callable[[Queue], int], expected: str
) -> None:
    await setup(q)
    before = await everything(q)
    line = Line(q.store)
    answer = await (
        line.finish(q.sale, entry(q)) if verb == "finish" else line.leave(q.sale, entry(q), FAN.hex())
    )
    assert answer == [expected]
    assert (await everything(q) != before) == (expected != "GONE")


MARKS: list[tuple[str, Setup, int, list[tuple[int, int]], list[object]]] = [
    ("no sale", nothing, -1, [(0, RANK_UNKNOWN)], ["UNKNOWN_SALE"]),
    ("opened since", opened, -1, [(0, RANK_UNKNOWN)], ["STALE", 4]),
    ("before the open", account_joined, -1, [(0, RANK_UNKNOWN)], ["MARKED", 0]),
    ("never joined", scheduled, -1, [(5, RANK_UNKNOWN)], ["MARKED", 0]),
    ("not called yet", opened, 4, [(0, 2)], ["MARKED", 0]),
    ("nobody", opened, 4, [], ["MARKED", 0]),
]


@pytest.mark.parametrize(("case", "setup", "drawn", "marks", "expected"), MARKS)
async def test_mark(
    q: Queue,
    case: str,
    setup: Setup,
    drawn: int,
    marks: list[tuple[int, int]],
    expected: list[object],
) -> None:
    await setup(q)
    line = Line(q.store)
    window = line.window(q.sale) + 1
    assert await line.mark(q.sale, drawn, window, marks) == expected
    bits = await q.store.client.bitcount(keys.presence(SALE.shard, SALE.id, window))
    assert bits == sum(expected[0] == "MARKED" and entry < 4 for entry, _ in marks)


async def test_a_closed_gate_stops_every_function(q: Queue) -> None:
    await inside(q)
    await q.store.client.hincrby(keys.shard(SALE.shard), "epoch", 1)
    before = await everything(q)
    line, sale = Line(q.store), q.sale
    for ask in (
        line.put_sale(sale),
        line.move(sale, "pause", ""),
        line.mark(sale, 4, 0, [(0, 0)]),
        line.admit(sale, 4, 3, b""),
        line.view(sale, 0),
    ):
        with pytest.raises(GateClosed):
            await ask
    for decision in (
        line.join(sale, None),
        line.claim(sale, 0),
        line.finish(sale, 0),
        line.leave(sale, 0, FAN.hex()),
    ):
        with pytest.raises(Exception, match="the gate is closed"):
            await decision
    assert await everything(q) == before


async def test_put_changes_only_what_may_change_after_the_open(q: Queue) -> None:
    await scheduled(q)
    await q.put(capacity=5, seats_per_fan=2, seed="aa" * 32, presence_ms=9_000)
    await q.room.move(q.sale, "open")
    await q.put(capacity=9, shopping_ms=1_000, seats_per_fan=1, seed="bb" * 32, presence_ms=1, draw=False)
    fields = ("capacity", "shopping_ms", "seats_per_fan", "seed", "presence_ms", "draw", "state")
    found = await q.store.client.hmget(keys.sale(SALE.shard, SALE.id), fields)
    assert found == [b"9", b"1000", b"2", b"aa" * 32, b"9000", b"1", b"open"]


async def test_view_of_no_sale(q: Queue) -> None:
    assert await Line(q.store).view(q.sale, 0) == (["UNKNOWN_SALE"], b"")
    assert await Line(q.store).admit(q.sale, -1, 0, b"") == ["UNKNOWN_SALE"]
