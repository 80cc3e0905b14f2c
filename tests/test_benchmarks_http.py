"""The benchmarks over HTTP still run, tiny; outcomes are asserted by the benchmarks themselves."""

from collections.abc import Iterator

import pytest

from benchmarks import hold, join, orders, place
from benchmarks.crowd import Listed, body_of, request, run, status_of
from benchmarks.finding import Finding
from benchmarks.orders import Peer, peer
from benchmarks.skip_locked import KEY, SALE
from benchmarks.stack import Server, Stack, bare, running
from waiting_room.place import FanId, Place, PlaceSigner


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running(pinned=False) as started:
        yield started


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with bare("echo", pinned=False) as started:
        yield started


@pytest.fixture(scope="module")
def skip_locked() -> Iterator[Peer]:
    with peer() as started:
        yield started


def test_place(stack: Stack, echo: Server) -> None:
    told(place.measured(stack, echo, quick=True), "place check / raw hello", "taken seats / raw hello")


def test_hold(stack: Stack, echo: Server) -> None:
    names = ("hold", "hold without key", "hold, pass known, without key")
    told(hold.measured(stack, echo, quick=True), *(f"{name} / raw echo" for name in names))


def test_join(stack: Stack, echo: Server) -> None:
    told(join.measured(stack, echo, quick=True), "join / raw echo", "join without key / raw echo")


def test_orders(stack: Stack, skip_locked: Peer) -> None:
    names = ("one hot show", "8 shows")
    found = orders.measured(stack, skip_locked, quick=True)
    told(found, *(f"durable orders, {name} / SKIP LOCKED" for name in names))


def test_the_peer_keeps_the_promises_that_count(skip_locked: Peer) -> None:
    """The same request again gets the same answer, and no fan holds more than six seats."""
    skip_locked.slice(30, 1, 800)
    fan = PlaceSigner(KEY, KEY).sign(Place(SALE, 1, 1, FanId(b"somebody"))).decode()
    path, body = "/v1/showtimes/peer-0/holds", b'{"best":{"count":2,"category":"front"}}'
    asked = [request("POST", path, bearer=fan, key=key, body=body) for key in ("a", "a", "b", "c", "d")]
    script = Listed(asked)
    run(skip_locked.door.port, script, lines=1)
    assert [status_of(reply) for reply in script.replies] == [201, 201, 201, 201, 409]
    seats = [body_of(reply) for reply in script.replies[:4]]
    assert seats[0] == seats[1]
    assert len(set(seats)) == 3


def told(found: list[Finding], *names: str) -> None:
    assert [one.name for one in found] == [*names]
    assert all(one.ratio > 0 for one in found)


class Parrot:
    """Says each of its words on every line and keeps what comes back."""

    def __init__(self, words: list[bytes]) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self._words = words
        self._said: dict[int, int] = {}

    def follow(self, line: int, reply: bytes) -> bytes | None:
        if reply:
            self.heard.append((status_of(reply), body_of(reply)))
        said = self._said.get(line, 0)
        self._said[line] = said + 1
        return request("POST", "/", body=self._words[said]) if said < len(self._words) else None


def test_the_crowd_reads_whole_replies(echo: Server) -> None:
    """Large bodies come in pieces; an empty one is a whole reply too."""
    words = [b"a", b"b" * 300_000, b""]
    parrot = Parrot(words)
    run(echo.port, parrot, lines=3)
    assert sorted(parrot.heard) == sorted([(200, word) for word in words] * 3)
