"""A hold over HTTP with all checks on, against a raw ASGI echo of the same POST.

Pass verified, pace of the fan, limit per fan, best two seats together, no single seat left, journalled before
the reply, and an Idempotency-Key as the pages send one. The marked row has a fan and a pass that the worker
never saw; the others say what the pass's signature and the key cost. One uvicorn worker on a core of its own
on both sides; client, Valkey and Postgres on the other core.
"""

from collections.abc import Iterator
from itertools import count, islice
from typing import Final

import msgspec

from benchmarks.crowd import request
from benchmarks.finding import Finding, speeds
from benchmarks.http import send
from benchmarks.measure import Slice, abba
from benchmarks.scene import check_held, delegate, passes, wishes
from benchmarks.stack import Server, Stack, bare, running

SEATS: Final = 800
ECHOES_PER_HOLD: Final = 3


class Holds:
    """Slices of holds, each in a sale of its own whose halls are new."""

    def __init__(self, stack: Stack, requests: int) -> None:
        self._stack = stack
        self._requests = requests
        self._numbers = count()

    def fresh(self) -> Slice:
        """Passes never seen before, each request with its key."""
        return send(self._stack.door, self.prepared(), check_held)

    def keyless(self) -> Slice:
        """Passes never seen before, no Idempotency-Key."""
        return send(self._stack.door, self.prepared(keyed=False), check_held)

    def known(self) -> Slice:
        """The worker has verified each pass before, at a hold of its fan; no Idempotency-Key."""
        first = self.prepared(keyed=False, twice=True)
        send(self._stack.door, first[0::2], check_held)
        return send(self._stack.door, first[1::2], check_held)

    def prepared(self, *, keyed: bool = True, twice: bool = False) -> list[bytes]:
        """The requests; with `twice` two in a row of each fan."""
        sale = f"hold-{next(self._numbers)}"
        wanted = self._requests * (2 if twice else 1)
        shows = delegate(self._stack, sale, shows=-(-wanted // 240), seats=SEATS)
        fans: Iterator[tuple[str, str]] = passes(self._stack, sale)
        made: list[bytes] = []
        for number, (show, category) in enumerate(islice(wishes(shows), wanted)):
            if number % 2 == 0 or not twice:
                _, text = next(fans)
            body = msgspec.json.encode({"best": {"count": 2, "category": category}})
            key = f"{sale}-{number:024x}" if keyed else ""
            made.append(request("POST", f"/v1/showtimes/{show}/holds", bearer=text, key=key, body=body))
        assert len(made) == wanted
        return made


def findings(quick: bool = False) -> list[Finding]:
    with running() as stack, bare("echo") as echo:
        return measured(stack, echo, quick)


def measured(stack: Stack, echo: Server, quick: bool) -> list[Finding]:
    requests, rounds = (100, 1) if quick else (2_400, 2)
    holds = Holds(stack, requests)
    asked = holds.prepared()
    send(stack.door, asked[:200], check_held)

    def echoes() -> Slice:
        return send(echo, asked * ECHOES_PER_HOLD, lambda replies: None)

    rows = (
        ("hold / raw echo", "hold", holds.fresh, 0.35, rounds),
        ("hold without key / raw echo", "hold, no key", holds.keyless, None, 1),
        ("hold, pass known, without key / raw echo", "hold, pass known, no key", holds.known, None, 1),
    )
    return [
        speeds(name, abba(name, ours, echoes, times), what, "raw echo", mark)
        for name, what, ours, mark, times in rows
    ]
