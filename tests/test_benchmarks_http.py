"""The benchmarks over HTTP still run, tiny; outcomes are asserted by the benchmarks themselves."""

from collections.abc import Iterator

import pytest

from benchmarks import hold, join, orders, place
from benchmarks.crowd import body_of, request, run, status_of
from benchmarks.finding import Finding
from benchmarks.orders import Peer, peer
from benchmarks.stack import Server, Stack, bare, running


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
    told(place.measured(stack, echo, quick=True), "place check / raw hello")


def test_hold(stack: Stack, echo: Server) -> None:
    names = ("hold", "hold without key", "hold, pass known, without key")
    told(hold.measured(stack, echo, quick=True), *(f"{name} / raw echo" for name in names))


def test_join(stack: Stack, echo: Server) -> None:
    told(join.measured(stack, echo, quick=True), "join / raw echo", "join without key / raw echo")


def test_orders(stack: Stack, skip_locked: Peer) -> None:
    names = ("one hot show", "8 shows")
    found = orders.measured(stack, skip_locked, quick=True)
    told(found, *(f"durable orders, {name} / SKIP LOCKED" for name in names))


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
