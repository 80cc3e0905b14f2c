"""Every Valkey key, spelt once.

A key of a sale carries its home shard as hash tag (`{s12}`), so that all keys of one decision share a slot of
Valkey Cluster. `ALLOWED_WITHOUT_TTL` lists what may stay for ever; everything else must expire.
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

SHARDS_DEFAULT: Final = 64
CATALOGUE: Final = "usher:catalogue"
"""Hash: `version`, `name:<plan>` -> digest, `plan:<digest>`, `sale:<id>`, `showtime:<id>` -> msgpack."""


def shard_of(sale: str, shards: int = SHARDS_DEFAULT) -> int:
    """Home shard of a sale, 0 <= shard < shards; never changes while `shards` stays."""
    return crc32(sale.encode()) % shards


@lru_cache(maxsize=SHARDS_DEFAULT)
def tag(shard: int) -> str:
    return f"usher:{{s{shard}}}"


def shard(shard: int) -> str:
    """Hash: epoch, version (of the outbox), now_ms (high-water mark)."""
    return f"{tag(shard)}:shard"


def outbox(shard: int) -> str:
    """Stream of order events; entry ids are `<version>-0`, contiguous."""
    return f"{tag(shard)}:outbox"


def geometry(shard: int, digest: str) -> str:
    """String: compiled plan for the seat functions, by digest; immutable."""
    return f"{tag(shard)}:geometry:{digest}"


def sale(shard: int, sale: str) -> str:
    """Hash: the rules of a sale and how its line stands, read by `waiting_room/lua/rules.lua`."""
    return f"{tag(shard)}:sale:{sale}"


def fans(shard: int, sale: str) -> str:
    """Hash: fan -> seats held and sold in this sale, and the pass already used up."""
    return f"{tag(shard)}:sale:{sale}:fans"


def accounts(shard: int, sale: str, bucket: int) -> str:
    """Hash of account digest -> entry, in small buckets that stay listpacks."""
    return f"{tag(shard)}:sale:{sale}:accounts:{bucket}"


def presence(shard: int, sale: str, window: int) -> str:
    """Bitmap by entry of the fans seen in one window; expires."""
    return f"{tag(shard)}:sale:{sale}:presence:{window}"


def invited(shard: int, sale: str) -> str:
    """Sorted set: entry -> claim deadline in ms."""
    return f"{tag(shard)}:sale:{sale}:invited"


def inside(shard: int, sale: str) -> str:
    """Sorted set: entry -> end of the pass in ms."""
    return f"{tag(shard)}:sale:{sale}:inside"


def returned(shard: int, sale: str) -> str:
    """Sorted set: entry -> rank, of fans who were absent when their rank was called and are back."""
    return f"{tag(shard)}:sale:{sale}:returned"


def called(shard: int, sale: str) -> str:
    """Bitmap by entry: invited once, or gave the place up; never to be invited again."""
    return f"{tag(shard)}:sale:{sale}:called"


def admissions(shard: int, sale: str) -> str:
    """Append-only string: fixed-size records of all that happened in the line, for mirrors and the audit."""
    return f"{tag(shard)}:sale:{sale}:admissions"


def show(shard: int, showtime: str) -> str:
    """Hash: state, definition, plan, rule about single seats and version of a showtime, and what was told."""
    return f"{tag(shard)}:show:{showtime}"


def board(shard: int, showtime: str) -> str:
    """String: one byte per seat in plan order."""
    return f"{tag(shard)}:show:{showtime}:board"


def holds(shard: int, showtime: str) -> str:
    """Hash: token -> hold or order record, or number -> a bundle of the holds of one call (msgpack)."""
    return f"{tag(shard)}:show:{showtime}:holds"


def deadlines(shard: int, showtime: str) -> str:
    """Sorted set: token or number of a bundle -> ms when to look at it again: holds, an unpaid order, or a
    record to be forgotten."""
    return f"{tag(shard)}:show:{showtime}:deadlines"


def settled(key: str | bytes) -> str:
    """String with TTL beside a key: written in order to wait for what was written before it."""
    text = key.decode() if isinstance(key, bytes) else key
    tagged = text.partition("}")[0]
    return f"{tagged}}}:settled" if "{" in tagged else f"usher:{{{text}}}:settled"


def answer(caller_digest: str) -> str:
    """String with TTL: the stored HTTP answer of an Idempotency-Key."""
    return f"usher:answer:{caller_digest}"


def kept(shard: int, request_digest: str) -> str:
    """String with TTL: what a decision on this shard answered to an Idempotency-Key, by `store/kept.py`."""
    return f"{tag(shard)}:answer:{request_digest}"


def history(shard: int, sale: str, step_s: int) -> str:
    """Stream with TTL: how the sale stood, one sample every `step_s`; bounded."""
    return f"{tag(shard)}:history:{sale}:{step_s}"


SETTLED_TTL_S: Final = 60
AHEAD: Final = "usher:ahead"
"""String with TTL: time in ms of the process that is furthest ahead of a TIME that was set back."""
METERS: Final = "usher:meters"
"""Stream with TTL: what each API worker has counted so far, told once a second; bounded."""
ACTIONS: Final = "usher:actions"
"""Stream with TTL: what operators did and Postgres has not written down yet; bounded."""


ALLOWED_WITHOUT_TTL: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"usher:catalogue",
        r"usher:\{s\d+\}:(shard|outbox|geometry:[0-9a-f]+)",
        r"usher:\{s\d+\}:sale:[^:]+(:(fans|accounts:\d+|invited|inside|returned|called|admissions))?",
        r"usher:\{s\d+\}:show:[^:]+(:(board|holds|deadlines))?",
    )
)


def may_stay(key: str) -> bool:
    """True when a key may live without a TTL."""
    return any(pattern.fullmatch(key) for pattern in ALLOWED_WITHOUT_TTL)
