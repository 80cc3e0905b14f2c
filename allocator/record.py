"""A hold and the order it becomes, as the store remembers them (laid out in allocator/lua/record.lua)."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

State = Literal["held", "released", "expired", "awaiting", "confirmed", "refunded"]


class HoldRecord(msgspec.Struct, frozen=True, array_like=True):
    """`seats` are indices in plan order. Of an order: `pay_by_ms`, `amount`, `currency` and `order`, the
    text for `outbox.read_order`; of a hold that was never ordered these are 0 and None.

    released: given back by the fan or by a reclaim. expired: a deadline passed. refunded: late money, to
    give back.
    """

    state: State
    fan: str
    entry: int
    deadline_ms: int
    created_ms: int
    seats: tuple[int, ...]
    together: bool
    pay_by_ms: int
    amount: int
    currency: str
    order: str | None


class Given(msgspec.Struct, frozen=True, gc=False):
    """What of a hold never changes, as long as the store that gave it is not rebuilt without it.

    A store that then gives the same token other seats gives another `deadline_ms` with them.
    """

    fan: str
    entry: int
    seats: tuple[int, ...]
    deadline_ms: int


Raw = list[Any]
"""A record as it is stored, [state, fan, entry, ...]."""


def read_records(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, Raw]:
    """Token -> record, of all fields of a showtime's holds: records of their own, and bundles.

    What left a bundle for a field of its own is told as there.
    """
    bundles: list[bytes] = []
    own: dict[str, Raw] = {}
    for field, packed in fields:
        if b"-" in field:
            own[field.decode()] = msgspec.msgpack.decode(packed)
        else:
            bundles.append(packed)
    return {token: record for packed in bundles for token, record in _bundled(packed)} | own


def _bundled(packed: bytes) -> Iterator[tuple[str, Raw]]:
    """The holds that one call gave (laid out in allocator/lua/bundle.lua)."""
    now_ms, (_, tokens, fans, entries, terms, _), answers = msgspec.msgpack.decode(packed)
    for token, fan, entry, asked, answer in zip(tokens, fans, entries, terms, answers, strict=True):
        if isinstance(answer, int):
            hold_ms, _, count, *_ = map(int, asked.split())
            seats: list[int] = list(range(answer, answer + count))
            yield token, ["held", fan, entry, now_ms + hold_ms, now_ms, seats, True]
        else:
            _, seats, deadline_ms, together = answer
            yield token, ["held", fan, entry, deadline_ms, now_ms, seats, together]
