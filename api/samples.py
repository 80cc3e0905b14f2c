"""How a sale stood at one moment, and the curves made of such samples.

The recorder takes one sample a second and one a minute of every sale that is open or about to open. They are
kept in the store, so that the curves go on while Postgres is away; a gap in a curve is a time in which
nobody could look.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

import msgspec

from allocator.sale import Sale, SaleState
from api.latency import NAMES, Latency
from store import keys
from store.connection import Store
from store.trail import Trail

StepS = Literal[1, 60]
ROWS_MAX: Final[dict[StepS, int]] = {1: 3600, 60: 7 * 24 * 60}
"""An hour by the second and a week by the minute: about 1 MB a sale."""
LOOK_BACK: Final = 5
TTL_MS: Final = 8 * 24 * 3600 * 1000


class Sample(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """`orders` are all confirmed ones, also those not yet in Postgres; `lag` counts the latter.

    Both are None until Postgres has once answered the recorder; with `is_booked` False it did not answer this
    time, and they are reckoned from its last answer and the store. `calls` and `failures` are of the whole
    house since the sample before, told by `workers` workers.
    """

    at_ms: int
    state: SaleState
    waiting: int
    invited: int
    inside: int
    held: int
    sold: int
    free: int
    orders: int | None
    lag: int | None
    is_booked: bool
    calls: dict[str, Latency]
    failures: int
    workers: int


class Speed(msgspec.Struct, frozen=True):
    """One value a sample; None where no such call was answered."""

    count: list[int]
    p50_ms: list[float | None]
    p99_ms: list[float | None]


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """One value a sample in each list; `at_s` are Unix seconds."""

    at_s: list[int]
    state: list[SaleState]
    waiting: list[int]
    invited: list[int]
    inside: list[int]
    held: list[int]
    sold: list[int]
    free: list[int]
    orders: list[int | None]
    orders_per_s: list[float | None]
    writer_lag: list[int | None]
    is_booked: list[bool]
    failures: list[int]
    workers: list[int]
    latencies: dict[str, Speed]


def trail(store: Store, sale: Sale, step_s: StepS) -> Trail:
    """Where the samples of a sale are kept."""
    key = keys.history(sale.shard, sale.id, step_s)
    return Trail(store, key, rows_max=ROWS_MAX[step_s], ttl_ms=TTL_MS)


async def samples(store: Store, sale: Sale, step_s: StepS, since_s: int) -> list[Sample]:
    """The samples from this second on and a few before it, oldest first; never more than are kept."""
    kept = trail(store, sale, step_s)
    # A little earlier, because a rate needs two samples and one may have been missed.
    from_ms = max(0, (since_s - LOOK_BACK * step_s) * 1000 - 1)
    notes = await kept.after(f"{from_ms}-0", ROWS_MAX[step_s])
    return [msgspec.msgpack.decode(note.body, type=Sample) for note in notes]


def curves(found: Sequence[Sample], since_s: int) -> Curves:
    """The samples from `since_s` on as columns; earlier ones only give the first rate its start."""
    rates = [None, *(rate(a, b) for a, b in pairwise(found))]
    rows = [(one, r) for one, r in zip(found, rates, strict=False) if one.at_ms >= since_s * 1000]
    kept = [one for one, _ in rows]
    return Curves(
        at_s=[one.at_ms // 1000 for one in kept],
        state=[one.state for one in kept],
        waiting=[one.waiting for one in kept],
        invited=[one.invited for one in kept],
        inside=[one.inside for one in kept],
        held=[one.held for one in kept],
        sold=[one.sold for one in kept],
        free=[one.free for one in kept],
        orders=[one.orders for one in kept],
        orders_per_s=[r for _, r in rows],
        writer_lag=[one.lag for one in kept],
        is_booked=[one.is_booked for one in kept],
        failures=[one.failures for one in kept],
        workers=[one.workers for one in kept],
        latencies={name: speed(name, kept) for name in NAMES},
    )


def rate(before: Sample, after: Sample) -> float | None:
    """Orders a second between two samples; None when either did not know."""
    if before.orders is None or after.orders is None or after.at_ms <= before.at_ms:
        return None
    # Refunds count as orders until they are written down, so the sum may fall back a little.
    return round(max(0, after.orders - before.orders) * 1000 / (after.at_ms - before.at_ms), 2)


def speed(name: str, kept: Sequence[Sample]) -> Speed:
    found = [one.calls.get(name) for one in kept]
    return Speed(
        [one.count if one else 0 for one in found],
        [one.p50_ms if one else None for one in found],
        [one.p99_ms if one else None for one in found],
    )
