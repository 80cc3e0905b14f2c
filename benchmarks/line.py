"""Fills a line by the thousand: `usher_join` in large batches, as a crowd's workers would send."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from allocator.sale import Sale
from store import keys
from store.functions import function_name
from store.version import unfold
from waiting_room.line import BUCKETS, GUEST

BATCH: Final = 1_000
ACCOUNT_BATCH: Final = 128


def join_guests(client: Any, sale: Sale, count: int) -> None:
    """So many guests at the end of the line."""
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        _join(client, sale, [(0, GUEST, _ttl_ms(sale))] * size, [_buckets(0)])


def join_accounts(client: Any, sale: Sale, count: int) -> None:
    """So many accounts, one place each; names are spread as those of a keyed digest are."""
    for first in range(0, count, ACCOUNT_BATCH):
        size = min(ACCOUNT_BATCH, count - first)
        named = [_digest(number) for number in range(first, first + size)]
        decisions = [(n, name & (1 << 48) - 1, _ttl_ms(sale)) for n, name in enumerate(named)]
        _join(client, sale, decisions, [_buckets(name >> 48) for name in named])


def _join(
    client: Any, sale: Sale, decisions: list[tuple[int, int, int]], buckets: list[tuple[int, ...]]
) -> None:
    now_ms = now_of(client)
    spelt: tuple[Callable[[int, str], str], ...] = (keys.sale, keys.called, keys.invited, keys.inside)
    own = [spell(sale.shard, sale.id) for spell in spelt]
    own.append(keys.presence(sale.shard, sale.id, now_ms // sale.presence_ms))
    groups = [[*own, *(keys.accounts(sale.shard, sale.id, n) for n in chosen)] for chosen in buckets]
    at_keys = [keys.shard(sale.shard), *(key for group in groups for key in group)]
    batch = msgspec.msgpack.encode(decisions)
    answer = client.fcall(function_name("join"), len(at_keys), *at_keys, now_ms, batch)
    told = unfold(answer)
    assert told is not None, "the gate is closed"
    joined = [answer[0] for answer in told[-1]]
    assert joined == ["JOINED"] * len(decisions), joined[:3]


def now_of(client: Any) -> int:
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def _ttl_ms(sale: Sale) -> int:
    return 2 * sale.presence_ms


def _buckets(chosen: int) -> tuple[int, ...]:
    def numbers() -> Iterator[int]:
        start = 0
        for count in BUCKETS:
            yield start + chosen % count
            start += count

    return tuple(numbers())


def _digest(number: int) -> int:
    """64 bits, evenly spread (the finalizer of MurmurHash3)."""
    mixed = number + 0x9E3779B97F4A7C15
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        mixed = ((mixed ^ mixed >> shift) * factor) & 0xFFFF_FFFF_FFFF_FFFF
    return mixed ^ mixed >> 33
