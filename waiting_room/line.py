"""The line as the store keeps it: one method per Lua function, with its keys and the shape of its answer."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from allocator.sale import Sale
from store import keys
from store.batcher import Decision
from store.connection import Store
from store.kept import Once
from store.unavailable import StoreUnavailable
from store.version import GATE_CLOSED, heard, listen
from waiting_room.place import FanId
from waiting_room.presence import Mark, pack_marks

WINDOW_SLACK_MS: Final = 1000
GUEST: Final = -1
SPELT_MAX: Final = 4096
BUCKETS: Final = (64, 1024, 16384)
"""Account hashes for a small, a middle and a large crowd; see `lua/account.lua`."""
Spelt = tuple[Callable[[int, str], str], ...]
Note = tuple[str, float, float]
"""What is kept of a new place beside its numbers: the fan, and when to ask first."""
Answer = list[Any]
"""[WORD, *fields], as the header of the function says."""


class GateClosed(StoreUnavailable):
    """The store answers, but its records are not checked against the ledger yet."""


class Line:
    """Asks the store about one sale at a time. Every method raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def put_sale(self, sale: Sale) -> Answer:
        rules = (sale.opens_at_ms, int(sale.draw), sale.capacity, sale.shopping_ms, sale.claim_ms)
        args = (*rules, sale.presence_ms, sale.seats_per_fan, sale.seed)
        return await self._call("put_sale", sale, (keys.sale, keys.admissions), args)

    async def move(self, sale: Sale, verb: str, reason: str) -> Answer:
        at = (keys.sale, keys.invited, keys.inside, keys.admissions)
        return await self._call("move", sale, at, (verb, reason))

    async def join(
        self, sale: Sale, fan: FanId | None, once: Once | None = None, note: Note | None = None
    ) -> Answer:
        """Joins as this fan, who has at most one living place; None for a guest, who is new every time.

        With `once` a new place is kept with the note; an old one is not kept.
        """
        at = (keys.sale, keys.called, keys.invited, keys.inside)
        window = self.window(sale)
        presence = keys.presence(sale.shard, sale.id, window)
        group = (*_keys(sale, at), presence, *_buckets(sale, fan))
        # As a number, because cmsgpack in Lua does not read msgpack's binary type.
        account = int.from_bytes(fan[2:]) if fan is not None else GUEST
        fields = (account, self._ttl_ms(sale, window))
        return await self._decide("join", sale, group, *fields, *([note] if note else []), once=once)

    async def keep(self, sale: Sale, once: Once, answer: Answer) -> Answer:
        """Keeps the answer to the decision just heard of, unless one is kept: the kept one."""
        version = heard.get()
        assert version is not None, "nothing was decided"
        version, kept = await self.store.keep(sale.shard, once, version, answer)
        heard.set(version)
        return kept

    async def claim(self, sale: Sale, entry: int) -> Answer:
        group = _keys(sale, (keys.sale, keys.invited, keys.inside, keys.admissions))
        return await self._decide("claim", sale, group, entry)

    def finish(self, sale: Sale, entry: int) -> Decision:
        """Asked when this returns, whether or not it is waited for."""
        group = _keys(sale, (keys.sale, keys.invited, keys.inside, keys.admissions))
        # The version that a payer hears is that of the payment, so this one is not told.
        return self._asked("finish", sale, group, entry)

    async def leave(self, sale: Sale, entry: int, fan: str) -> Answer:
        """`fan` as it stands in orders, see `Place.fan_text`."""
        at = (keys.sale, keys.fans, keys.called, keys.invited, keys.inside, keys.returned, keys.admissions)
        return await self._decide("leave", sale, _keys(sale, at), entry, fan)

    async def mark(self, sale: Sale, drawn: int, window: int, marks: list[Mark]) -> Answer:
        at = (keys.sale, keys.called, keys.returned, keys.admissions)
        presence = keys.presence(sale.shard, sale.id, window)
        return await self._call(
            "mark", sale, at, (drawn, self._ttl_ms(sale, window), pack_marks(marks)), (presence,)
        )

    async def admit(self, sale: Sale, drawn: int, serving: int, entries: bytes) -> Answer:
        at = (keys.sale, keys.invited, keys.inside, keys.returned, keys.called, keys.admissions)
        now = self.window(sale)
        # One window ahead as well: the clock of the worker that marked may be a little before ours.
        windows = (keys.presence(sale.shard, sale.id, window) for window in (now - 1, now, now + 1))
        return await self._call("admit", sale, at, (drawn, serving, entries), tuple(windows))

    async def view(self, sale: Sale, offset: int) -> tuple[Answer, bytes]:
        """The head, and the bytes of the log from `offset` on."""
        at = [keys.shard(sale.shard), *_keys(sale, (keys.sale, keys.admissions, keys.returned))]
        answer = await self.store.call("view", at, [offset])
        if isinstance(answer, bytes):
            return _passed(msgspec.msgpack.decode(answer)), b""
        return _passed(msgspec.msgpack.decode(answer[0])), answer[1]

    def window(self, sale: Sale) -> int:
        """Number of the presence window of now."""
        return self.store.clock.now_ms() // sale.presence_ms

    def _ttl_ms(self, sale: Sale, window: int) -> int:
        """A window counts until the next one is over, and another moment for a clock that is behind."""
        return (window + 2) * sale.presence_ms - self.store.clock.now_ms() + WINDOW_SLACK_MS

    async def _call(
        self,
        verb: str,
        sale: Sale,
        at: Spelt,
        args: tuple[str | bytes | int, ...],
        more: tuple[str, ...] = (),
    ) -> Answer:
        at_keys = [keys.shard(sale.shard), *_keys(sale, at), *more]
        packed = await self.store.call(verb, at_keys, [self.store.clock.now_ms(), *args])
        return _passed(listen(sale.shard, packed))

    async def _decide(
        self, verb: str, sale: Sale, group: tuple[str, ...], *fields: Any, once: Once | None = None
    ) -> Answer:
        asked = self._asked(verb, sale, group, *fields, once=once)
        answer = await asked
        heard.set(asked.version)
        return answer

    def _asked(
        self, verb: str, sale: Sale, group: tuple[str, ...], *fields: Any, once: Once | None = None
    ) -> Decision:
        fixed = (keys.shard(sale.shard),)
        return self.store.decide(verb, shard=sale.shard, fixed=fixed, group=group, decision=fields, once=once)


def _keys(sale: Sale, at: Spelt) -> tuple[str, ...]:
    return _spelt(sale.shard, sale.id, at)


@lru_cache(maxsize=SPELT_MAX)
def _spelt(shard: int, sale: str, at: Spelt) -> tuple[str, ...]:
    return tuple(spell(shard, sale) for spell in at)


def _buckets(sale: Sale, fan: FanId | None) -> list[str]:
    """The account's bucket for each size of crowd; the first two bytes choose, the other six are the name."""
    chosen = int.from_bytes(fan[:2]) if fan is not None else 0
    small, middle, large = BUCKETS
    numbers = (chosen % small, small + chosen % middle, small + middle + chosen % large)
    return [keys.accounts(sale.shard, sale.id, number) for number in numbers]


def _passed(answer: Answer) -> Answer:
    if answer == GATE_CLOSED:
        raise GateClosed("the gate is closed")
    return answer
