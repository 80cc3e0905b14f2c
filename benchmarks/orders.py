"""Durable orders over HTTP: hold, order, payment, until the row is in Postgres; Usher against SKIP LOCKED.

The same crowd asks the same calls with the same bodies on both sides: 48 connections, a new fan for each
order of two seats. The clock runs until the last row is committed. Both cores are there for everything, the
crowd included, as the kernel likes: the peer's work is in Postgres, ours is in the doors.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import asyncpg
import msgspec

from benchmarks.crowd import LINES, body_of, request, run, status_of
from benchmarks.finding import Finding, Mark, reading, share
from benchmarks.hall import CATEGORIES
from benchmarks.scene import Show, delegate, passes, wishes
from benchmarks.skip_locked import KEY, SALE, TunedPostgres
from benchmarks.stack import Server, Stack, bare, running
from usher.engine import start_and_wait
from usher.process import end
from waiting_room.place import Place, PlaceSigner

DOORS: Final = 2
"""Processes of doors on either side, one a core as `usher up` starts them."""
ROWS_TIMEOUT_S: Final = 60.0
SCHEMA: Final = Path(__file__).with_name("skip_locked.sql")
Wish = tuple[str, str, str]
"""Bearer token, showtime, category."""


class Buyers:
    """Each line buys one order after the other: hold, order, payment."""

    def __init__(self, wishes: list[Wish], storefront_key: str, tag: str) -> None:
        self.confirmed = 0
        self.seats: set[tuple[str, str]] = set()
        self.held: list[bytes] = []
        self._wishes = iter(enumerate(wishes))
        self._storefront_key = storefront_key
        self._tag = tag
        self._at: dict[int, tuple[int, Wish]] = {}

    def follow(self, line: int, reply: bytes) -> bytes | None:
        if not reply:
            return self._hold(line)
        assert status_of(reply) == 201, reply[:600]
        number, (bearer, _, _) = self._at[line]
        at = reply.find(b'"hold":"')
        if at >= 0:
            self.held.append(reply)
            hold = reply[at + 8 : reply.find(b'"', at + 8)]
            body = b'{"hold":"%b"}' % hold
            return request("POST", "/v1/orders", bearer=bearer, key=f"{self._tag}-o-{number:020}", body=body)
        if b'"confirmed"' not in reply:
            return self._pay(number, reply)
        self.confirmed += 1
        return self._hold(line)

    def _hold(self, line: int) -> bytes | None:
        wish = next(self._wishes, None)
        if wish is None:
            return None
        self._at[line] = wish
        number, (bearer, show, category) = wish
        body = b'{"best":{"count":2,"category":"%b"}}' % category.encode()
        key = f"{self._tag}-h-{number:020}"
        return request("POST", f"/v1/showtimes/{show}/holds", bearer=bearer, key=key, body=body)

    def _pay(self, number: int, reply: bytes) -> bytes:
        at, sum_at = reply.find(b'"order":"') + 9, reply.find(b'"amount":') + 9
        order = reply[at : reply.find(b'"', at)].decode()
        amount = reply[sum_at : reply.find(b",", sum_at)]
        reference = f"{self._tag}-p-{number:020}"
        body = b'{"amount":%b,"currency":"CNY","method":"card","reference":"%b"}' % (
            amount,
            reference.encode(),
        )
        path = f"/v1/orders/{order}/payments"
        return request("POST", path, bearer=self._storefront_key, key=reference, body=body)

    def check(self) -> None:
        """No seat was given twice."""
        for reply in self.held:
            held = msgspec.json.decode(body_of(reply))
            show = held["hold"].rpartition("-")[0]
            seats = {(show, seat["seat"]) for seat in held["seats"]}
            assert len(seats) == 2, held
            assert not seats & self.seats, "a seat was sold twice"
            self.seats |= seats


class Usher:
    """Our side: a sale of its own for each slice."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._numbers = count()

    def slice(self, orders: int, shows: int, seats: int) -> float:
        sale = f"orders-{next(self._numbers)}"
        found = delegate(self._stack, sale, shows=shows, seats=seats)
        wished = zip(passes(self._stack, sale), wishes(found), strict=False)
        wanted = [(text, show, category) for (_, text), (show, category) in islice(wished, orders)]
        buyers = Buyers(wanted, self._stack.settings.storefront_key, sale)
        rows = "SELECT count(*) FROM orders o JOIN sales s ON s.serial = o.sale WHERE s.id = $1"
        return _per_s(self._stack.door, buyers, len(wanted), self._stack.settings.postgres_url, rows, sale)


class Peer:
    """The other side: a new table of seats for each slice."""

    def __init__(self, door: Server, url: str) -> None:
        self.door = door
        self._url = url
        self._numbers = count()

    def slice(self, orders: int, shows: int, seats: int) -> float:
        asyncio.run(_filled(self._url, shows, seats))
        signer, number = PlaceSigner(KEY, KEY), next(self._numbers)
        found = [Show(f"peer-{n}", seats // len(CATEGORIES) * 2 // 5) for n in range(shows)]
        wanted = []
        for entry, (show, category) in enumerate(islice(wishes(found), orders)):
            place = Place(SALE, entry, entry, signer.guest_fan(number, entry))
            wanted.append((signer.sign(place).decode(), show, category))
        buyers = Buyers(wanted, "storefront", f"peer-{number}")
        return _per_s(
            self.door, buyers, len(wanted), self._url, "SELECT count(*) FROM orders WHERE state = 3"
        )


def findings(quick: bool = False) -> list[Finding]:
    with running(pinned=False, doors=DOORS) as stack, peer() as other:
        return measured(stack, other, quick)


def measured(stack: Stack, other: Peer, quick: bool) -> list[Finding]:
    orders, spread, ours = 60 if quick else 1_500, 8 if quick else 200, Usher(stack)
    ours.slice(60, 1, 800)
    other.slice(60, 1, 800)
    return [
        _compared("one hot show", ours, other, (orders, 1, 800 if quick else 8_000), 10.0),
        _compared(f"{spread} shows", ours, other, (orders, spread, 200), 2.5),
    ]


def _compared(
    name: str, usher: "Usher | Peer", other: "Usher | Peer", load: tuple[int, int, int], mark: float
) -> Finding:
    first, second, third, fourth = (side.slice(*load) for side in (usher, other, other, usher))
    ours = reading("Usher", "orders/s", (first, fourth))
    peers = reading("SKIP LOCKED", "orders/s", (second, third))
    return share(f"durable orders, {name} / SKIP LOCKED", ours, peers, Mark(mark), "by the clock")


@contextmanager
def peer(doors: int = DOORS) -> Iterator[Peer]:
    """The peer with a Postgres of its own."""
    with TemporaryDirectory(prefix="usher-bench-") as name:
        folder = Path(name)
        (folder / "run").mkdir(mode=0o700)
        engine = TunedPostgres(folder / "postgres", folder / "run", folder / "log")
        child = start_and_wait(engine)
        try:
            asyncio.run(_filled(engine.url, 0, 0, SCHEMA.read_text("utf-8")))
            environment = {"BENCH_PEER_POSTGRES_URL": engine.url}
            with bare(
                "benchmarks.skip_locked:app", pinned=False, doors=doors, environment=environment
            ) as door:
                yield Peer(door, engine.url)
        finally:
            end(child, engine.program().stop, 20)


async def _filled(url: str, shows: int, seats: int, schema: str = "") -> None:
    """New halls, statistics fresh, everything written out, so that the clock meets a Postgres at rest."""
    db = await asyncpg.connect(url)
    try:
        if schema:
            await db.execute(schema)
        await db.execute("TRUNCATE seats, fans, orders, payments")
        await db.execute(
            "INSERT INTO seats (show, category, rank, seat) "
            "SELECT show, rank % 3, rank, format('R%s-%s', rank / 45, rank % 45) "
            "FROM generate_series(0, $1 - 1) show, generate_series(0, $2 - 1) rank",
            shows,
            seats,
        )
        await db.execute("VACUUM ANALYZE seats, fans, orders, payments")
        await db.execute("CHECKPOINT")
    finally:
        await db.close()


def _per_s(door: Server, buyers: Buyers, wanted: int, url: str, rows: str, *of: str) -> float:
    """Orders a second until all rows are committed."""
    with asyncio.Runner() as runner:
        db = runner.run(asyncpg.connect(url))
        runner.run(db.fetchval(rows, *of))
        started = time.perf_counter()
        run(door.port, buyers, LINES)
        runner.run(_all_there(db, wanted, rows, *of))
        seconds = time.perf_counter() - started
        runner.run(db.close())
    assert buyers.confirmed == wanted, (buyers.confirmed, wanted)
    buyers.check()
    return wanted / seconds


async def _all_there(db: Any, wanted: int, rows: str, *of: str) -> None:
    until = time.monotonic() + ROWS_TIMEOUT_S
    while (found := await db.fetchval(rows, *of)) < wanted:
        assert time.monotonic() < until, f"{found} of {wanted} orders are in Postgres"
        await asyncio.sleep(0.005)
