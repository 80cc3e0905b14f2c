"""Seats for fans: every decision is one function call on the showtime's shard, batched with its neighbours.

The rules live in allocator/lua; this class says what goes in and what its words mean. Nothing is kept here
that the store does not have, so a worker may die at any moment.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.msgpack import decode

from allocator import words
from allocator.answers import ConfirmAnswer, Held, HoldAnswer, NoSuchSeats, OrderAnswer, ReleaseAnswer
from allocator.catalogue import OnSale
from allocator.geometry import SEATS_PER_HOLD_MAX
from allocator.outbox import OrderBlob, PaymentBlob, Token, pack
from allocator.record import Given, HoldRecord
from allocator.standing import AlreadyOnSale, Board, Counts, Loaded, Reclaim, counts_of
from allocator.wishes import Best, Exact, Want
from store import keys
from store.batcher import Decision
from store.connection import Store
from store.kept import Once
from store.unavailable import StoreUnavailable
from store.version import heard, listen

__all__ = ["Allocator", "Best", "Exact", "Want"]

ORDER_BYTES_MAX: Final = 16 * 1024
PAYMENT_BYTES_MAX: Final = 4 * 1024
GROUPS_REMEMBERED_MAX: Final = 1024
HOLDS_REMEMBERED_MAX: Final = 10_000
TERMS_REMEMBERED_MAX: Final = 4096


class Allocator:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._given: OrderedDict[Token, Given] = OrderedDict()

    async def load(self, onsale: OnSale, owned: Iterable[int] = ()) -> Loaded | AlreadyOnSale:
        """Put the showtime on sale. The same again changes nothing; another one only before the open.

        `owned`: indices of seats that were sold before the store was lost.
        """
        show, geometry, shard = onsale.showtime, onsale.geometry, onsale.sale.shard
        own = [keys.show(shard, show.id), keys.geometry(shard, geometry.digest), keys.board(shard, show.id)]
        kept = [keys.holds(shard, show.id), keys.deadlines(shard, show.id)]
        word, version = await self._call(
            "load",
            shard,
            [keys.shard(shard), keys.sale(shard, show.sale), *own, *kept],
            _definition(onsale),
            show.orphans,
            geometry.blob,
            geometry.initial(show.blocked, show.sold, owned),
        )
        return AlreadyOnSale(version) if word == "ALREADY_ON_SALE" else Loaded(version, word == "REPLAYED")

    async def hold(
        self,
        onsale: OnSale,
        fan: str,
        entry: int,
        token: Token,
        want: Want,
        *,
        staff: bool = False,
        once: Once | None = None,
    ) -> HoldAnswer:
        """Seats for `hold_ms`; the same token again gets the first answer. `staff` may leave singles.

        `once` keeps the answer, whatever it is, as `Store.decide` says.
        """
        decision = hold_decision(onsale, fan, entry, token, want, staff=staff)
        if decision is None:
            return NoSuchSeats(())
        asked = self._asked("hold", onsale, decision, once=once)
        answer: list[Any] | int = await _told(asked)
        told = words.held(onsale, token, want, answer, asked.version.at_ms)
        if isinstance(told, Held) and not told.replayed and not asked.version.again:
            self._given[token] = Given(fan, entry, told.indices, told.deadline_ms)
            if len(self._given) > HOLDS_REMEMBERED_MAX:
                self._given.popitem(last=False)
        return told

    async def held_before(
        self, onsale: OnSale, token: Token, want: Callable[[], Want], once: Once
    ) -> HoldAnswer | None:
        """What this request was answered before; nothing is decided."""
        found = await self._store.kept(onsale.sale.shard, once)
        if found is None:
            return None
        version, answer = found
        heard.set(version)
        return words.held(onsale, token, want(), answer, version.at_ms)

    async def given(self, onsale: OnSale, token: Token) -> Given | None:
        """Whose hold this is or was, not how it stands: of one given here lately the store is not asked."""
        known = self._given.get(token)
        if known is not None:
            return known
        record = await self.find(onsale, token)
        if record is None:
            return None
        return Given(record.fan, record.entry, record.seats, record.deadline_ms)

    async def order(
        self, onsale: OnSale, token: Token, blob: OrderBlob, once: Once | None = None
    ) -> OrderAnswer:
        """The hold becomes an order that awaits its money for `pay_ms` of the sale; `once` as in `hold`."""
        packed = pack(blob)
        assert len(packed.encode()) <= ORDER_BYTES_MAX, "an order too large"
        assert blob.token == token, "an order of another hold"
        known = self._given.get(token)
        deadline_ms = False if known is None else known.deadline_ms
        decision = (token, onsale.sale.pay_ms, blob.amount, blob.currency, packed, deadline_ms)
        word, *fields = await _told(self._asked("order", onsale, decision, once=once))
        if word == "GIVEN_ANEW":
            self._given.pop(token, None)  # Two orders of it may hear so at once.
            raise StoreUnavailable("a store that was rebuilt has given this hold anew")
        return words.look_up(words.ORDER, word)(token, fields)

    async def ordered_before(self, onsale: OnSale, token: Token, once: Once) -> OrderAnswer | None:
        """What this request was answered before; nothing is decided."""
        found = await self._store.kept(onsale.sale.shard, once)
        if found is None:
            return None
        heard.set(found[0])
        assert isinstance(found[1], list), "an order is answered by a word"
        word, *fields = found[1]
        return words.look_up(words.ORDER, word)(token, fields)

    async def find(self, onsale: OnSale, token: Token) -> HoldRecord | None:
        """The hold or order as it stands at this moment."""
        word, *fields = await self._asked("find", onsale, (token,))
        if words.look_up({"UNKNOWN": False, "FOUND": True}, word):
            *held, order = fields
            return msgspec.convert([*held, order or None], HoldRecord)
        return None

    async def confirm(
        self, onsale: OnSale, token: Token, payment: PaymentBlob, once: Once | None = None
    ) -> ConfirmAnswer:
        """The money came: sold, and on disk before this answers. Told again, it has the first answer.

        `once` as in `hold`.
        """
        packed = pack(payment)
        assert len(packed.encode()) <= PAYMENT_BYTES_MAX, "a payment too large"
        reference = f"{payment.provider}:{payment.reference}"
        decision = (token, reference, payment.amount, payment.currency, packed)
        word, *fields = await _told(self._asked("confirm", onsale, decision, with_outbox=True, once=once))
        return words.look_up(words.CONFIRM, word)(token, fields)

    async def release(self, onsale: OnSale, token: Token) -> ReleaseAnswer:
        """The seats of a hold or an unpaid order go back; also when they went back before."""
        word, *_ = await _told(self._asked("release", onsale, (token,)))
        return words.look_up(words.RELEASE, word)

    async def sweep(self, onsale: OnSale) -> int:
        """Give back what lapsed; the number of holds and unpaid orders that did."""
        shard = onsale.sale.shard
        _, lapsed = await self._call("sweep", shard, [keys.shard(shard), *group_of(onsale)])
        return int(lapsed)

    async def reclaim(self, onsale: OnSale) -> Reclaim:
        """End the selling. Orders that await payment keep their seats until they lapse; ask again to see."""
        shard = onsale.sale.shard
        own = [keys.shard(shard), keys.outbox(shard), *group_of(onsale)]
        _, *fields = await self._call("reclaim", shard, own, onsale.showtime.id)
        sold, awaiting, back = (tuple(seats) for seats in fields)
        return Reclaim(sold, awaiting, back)

    async def board(self, onsale: OnSale) -> Board:
        """All seats as they stand; a hold that lapsed counts as held until the next sweep."""
        shard, show = onsale.sale.shard, onsale.showtime.id
        own = [keys.shard(shard), keys.show(shard, show), keys.board(shard, show)]
        _, version, state, seats = words.known(decode(await self._store.call("seats", own, [-1])))
        assert len(seats) == len(onsale.geometry), "a board of another plan"
        return Board(version, seats.encode(), state == "reclaimed")

    async def counts(self, onsale: OnSale) -> Counts:
        return counts_of(await self.board(onsale))

    def _asked(
        self,
        verb: str,
        onsale: OnSale,
        decision: tuple[Any, ...],
        *,
        with_outbox: bool = False,
        once: Once | None = None,
    ) -> Decision:
        shard = onsale.sale.shard
        fixed = (keys.shard(shard), keys.outbox(shard)) if with_outbox else (keys.shard(shard),)
        return self._store.decide(
            verb,
            shard=shard,
            fixed=fixed,
            group=group_of(onsale),
            decision=decision,
            columns=True,
            once=once,
        )

    async def _call(self, verb: str, shard: int, own: list[str], *args: str | bytes) -> list[Any]:
        """A function of its own call: [word, *fields]."""
        packed = await self._store.call(verb, own, [self._store.clock.now_ms(), *args])
        return words.known(listen(shard, packed))


async def _told(asked: Decision) -> list[Any]:
    """The answer to a decision, whose version is heard."""
    answer = await asked
    heard.set(asked.version)
    return answer


def group_of(onsale: OnSale) -> tuple[str, ...]:
    """The keys of a showtime, in the order of every header in allocator/lua."""
    return _group(onsale.sale.shard, onsale.sale.id, onsale.showtime.id, onsale.geometry.digest)


@lru_cache(maxsize=GROUPS_REMEMBERED_MAX)
def _group(shard: int, sale: str, show: str, digest: str) -> tuple[str, ...]:
    return (
        keys.sale(shard, sale),
        keys.fans(shard, sale),
        keys.show(shard, show),
        keys.geometry(shard, digest),
        keys.board(shard, show),
        keys.holds(shard, show),
        keys.deadlines(shard, show),
    )


def hold_decision(
    onsale: OnSale, fan: str, entry: int, token: Token, want: Want, *, staff: bool = False
) -> tuple[Any, ...] | None:
    """A decision of allocator/lua/hold.lua; None for an unknown category."""
    wish = _wish(onsale, want)
    if wish is None:
        return None
    seats, count, (first, last), split = wish
    return token, fan, entry, _terms(onsale.sale.hold_ms, staff, count, first, last, split), seats or False


@lru_cache(maxsize=TERMS_REMEMBERED_MAX)
def _terms(hold_ms: int, staff: bool, count: int, first: int, last: int, split: bool) -> str:
    return f"{hold_ms} {staff:d} {count} {first} {last} {split:d}"


def _definition(onsale: OnSale) -> str:
    """Digest of all of a showtime that must not change while it sells; prices in any order are the same."""
    return hashlib.sha256(msgspec.msgpack.encode(onsale.showtime, order="deterministic")).hexdigest()[:40]


def _wish(onsale: OnSale, want: Want) -> tuple[tuple[int, ...], int, tuple[int, int], bool] | None:
    """(seat indices, count, first and last category, split); None for an unknown category."""
    geometry = onsale.geometry
    match want:
        case Exact(seats):
            assert 0 < len(seats) <= SEATS_PER_HOLD_MAX, "seats per hold"
            return geometry.indices(seats), len(seats), (1, 0), False
        case Best(count, None, split):
            assert 0 < count <= SEATS_PER_HOLD_MAX, "seats per hold"
            return (), count, (1, len(geometry.categories)), split
        case Best(count, category, split):
            assert 0 < count <= SEATS_PER_HOLD_MAX, "seats per hold"
            number = geometry.category_number(category or "")
            return None if number is None else ((), count, (number + 1, number + 1), split)
