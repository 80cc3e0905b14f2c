"""What an open loop plays: fans who look where they stand, fans who join, fans who buy two seats."""

import random
from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Final

import msgspec

from benchmarks.crowd import body_of, request
from benchmarks.hall import CATEGORIES
from benchmarks.place import checks, waiting
from benchmarks.scene import delegate, passes
from benchmarks.stack import Stack
from loadtests.open_loop import Call
from store.keys import shard_of

SHARES: Final = {"check": 2, "join": 2, "hold": 6}
"""Of ten arrivals. A hold that is answered goes on to its order and its payment.

A look costs a door less than it costs our sender to ask, so of looks alone nobody here could send five times
what a door takes.
"""
SOAK_SHARES: Final = {"check": 6, "join": 3, "hold": 1}
"""For hours: fewer seats are sold, so that seldom a new sale has to be opened."""
SHOWS: Final = 64
SEATS: Final = 2_000
SOLD_MOST: Final = 0.6
SHARD: Final = 7
LINE_FANS: Final = 10_000
CHECKS: Final = 4_000


class _Made(msgspec.Struct, frozen=True):
    """What is read of an answer."""

    hold: str = ""
    order: str = ""
    amount: int = 0


_read: Final = msgspec.json.Decoder(_Made).decode


class Mix:
    """Plays on sales of its own. `shares`: kind -> weight among the arrivals."""

    def __init__(self, stack: Stack, shares: dict[str, int] | None = None, *, quick: bool = False) -> None:
        self._stack = stack
        self._shows = 2 if quick else SHOWS
        self._sales = count(1)
        self._open()
        delegate(stack, "overload-line", shows=1, seats=200, open_=False)
        fans = 500 if quick else LINE_FANS
        self._checks = cycle(checks(stack, waiting(stack, fans), fans, 500 if quick else CHECKS))
        self._key = stack.settings.storefront_key
        self._numbers = count()
        self._dice = random.Random(1)  # noqa: S311 - who comes next is no secret
        self.play(shares or SHARES)

    def _open(self) -> None:
        """A sale with seats enough for a while, always on the same shard.

        The writer keeps a connection for each shard that sells, which is no leak and must hide none.
        """
        names = (f"overload-{number}" for number in self._sales)
        self._sale = next(name for name in names if shard_of(name) == SHARD)
        shows = delegate(self._stack, self._sale, shows=self._shows, seats=SEATS)
        self._passes: Iterator[tuple[str, str]] = passes(self._stack, self._sale)
        self._wishes = cycle([(show.id, category) for category in CATEGORIES for show in shows])
        self._bought = 0

    def renew(self) -> None:
        """Closes the sale and opens a new one when most pairs are sold; to be called while nobody buys."""
        if self._bought > self._shows * SEATS * SOLD_MOST / 2:
            over = self._sale
            self._open()
            self._stack.call("POST", f"/v1/sales/{over}/close", {}, key=self._stack.settings.operator_key)

    def counts(self) -> dict[str, float]:
        """How the sale stands; nothing while the doors are too busy to say."""
        try:
            told = self._stack.call("GET", f"/v1/sales/{self._sale}")
            line = self._stack.call("GET", "/v1/sales/overload-line")
        except (AssertionError, OSError):
            return {}
        return {"waiting": line["waiting"], "held": told["held"], "sold": told["sold"], "free": told["free"]}

    def play(self, shares: dict[str, int]) -> None:
        """From now on, arrivals of these kinds."""
        made: dict[str, Callable[[], Call]] = {"check": self._check, "join": self._join, "hold": self._hold}
        self._arrivals = [made[kind] for kind, weight in shares.items() for _ in range(weight)]

    def arrive(self) -> Call:
        return self._dice.choice(self._arrivals)()

    def follow(self, call: Call, reply: bytes) -> Call | None:
        if call.kind == "hold":
            self._bought += 1
            body = b'{"hold":"%b"}' % _read(body_of(reply)).hold.encode()
            key = f"order-{call.story[0]:026}"
            return Call(
                "order", request("POST", "/v1/orders", bearer=call.story[1], key=key, body=body), call.story
            )
        if call.kind == "order":
            return self._pay(call, _read(body_of(reply)))
        return None

    def _check(self) -> Call:
        return Call("check", next(self._checks))

    def _join(self) -> Call:
        key = f"join-{next(self._numbers):027}"
        return Call("join", request("POST", "/v1/sales/overload-line/places", key=key, body=b"{}"))

    def _hold(self) -> Call:
        number, (_, pass_), (show, category) = next(self._numbers), next(self._passes), next(self._wishes)
        body = b'{"best":{"count":2,"category":"%b"}}' % category.encode()
        asked = request(
            "POST", f"/v1/showtimes/{show}/holds", bearer=pass_, key=f"hold-{number:027}", body=body
        )
        return Call("hold", asked, (number, pass_))

    def _pay(self, call: Call, ordered: _Made) -> Call:
        reference = f"pay-{call.story[0]:028}"
        body = b'{"amount":%d,"currency":"CNY","method":"card","reference":"%b"}' % (
            ordered.amount,
            reference.encode(),
        )
        path = f"/v1/orders/{ordered.order}/payments"
        return Call("pay", request("POST", path, bearer=self._key, key=reference, body=body), call.story)
