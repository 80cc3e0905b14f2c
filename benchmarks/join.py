"""Joining a line before its open, against a raw ASGI echo of the same POST.

Guests, each with an Idempotency-Key as the pages send one (a lost answer then gives the same place again);
the unmarked row is without. Placed as in `hold`.
"""

from itertools import count

import msgspec

from benchmarks.crowd import body_of, request, status_of
from benchmarks.finding import Finding, speeds
from benchmarks.http import send
from benchmarks.measure import Slice, abba
from benchmarks.scene import delegate
from benchmarks.stack import Server, Stack, bare, running

ECHOES_PER_JOIN = 3


def findings(quick: bool = False) -> list[Finding]:
    with running() as stack, bare("echo") as echo:
        return measured(stack, echo, quick)


def measured(stack: Stack, echo: Server, quick: bool) -> list[Finding]:
    requests, rounds = (100, 1) if quick else (4_000, 2)
    numbers = count()
    delegate(stack, "join", shows=1, seats=200, open_=False)

    def asked(keyed: bool) -> list[bytes]:
        named = [f"{next(numbers):032x}" if keyed else "" for _ in range(requests)]
        return [request("POST", "/v1/sales/join/places", key=key, body=b"{}") for key in named]

    def echoes() -> Slice:
        return send(echo, asked(True) * ECHOES_PER_JOIN, lambda replies: None)

    def keyed() -> Slice:
        return send(stack.door, asked(True), _check)

    def keyless() -> Slice:
        return send(stack.door, asked(False), _check)

    send(stack.door, asked(True)[:200], _check)
    with_key, without = abba("join", keyed, echoes, rounds), abba("join", keyless, echoes, 1)
    return [
        speeds("join / raw echo", with_key, "join", "raw echo", 0.35),
        speeds("join without key / raw echo", without, "join, no key", "raw echo"),
    ]


def _check(replies: list[bytes]) -> None:
    """Every reply is a new place."""
    bad = [reply for reply in replies if status_of(reply) != 201]
    assert not bad, (len(bad), bad[0])
    assert len({msgspec.json.decode(body_of(reply))["place"] for reply in replies}) == len(replies)
