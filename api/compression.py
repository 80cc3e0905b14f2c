"""Answers made small for those who can unpack them; what never changes is packed once."""

import gzip
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

WORTH_BYTES_MIN: Final = 1024
LEVEL: Final = 9
LEVEL_ONCE: Final = 4
PACKED_MAX: Final = 256
"""Bodies kept packed in one worker: every page file, and the plans of the halls on sale."""


def squeezed(body: bytes, asked: Mapping[str, str], *, lasting: bool) -> tuple[bytes, dict[str, str]]:
    """The body as the caller can take it, and the headers that say so. `lasting`: asked for often."""
    told = {"vary": "accept-encoding"}
    if len(body) < WORTH_BYTES_MIN or not takes_gzip(asked.get("accept-encoding", "")):
        return body, told
    small = packed(body) if lasting else packed_once(body)
    return small, {**told, "content-encoding": "gzip"}


def takes_gzip(accepted: str) -> bool:
    """Whether `gzip` stands in Accept-Encoding and is not refused by `q=0`."""
    for item in accepted.lower().split(","):
        coding, _, weight = item.strip().partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def packed_once(body: bytes) -> bytes:
    """In a hurry: a body that is gone in a moment."""
    return gzip.compress(body, LEVEL_ONCE, mtime=0)


@lru_cache(PACKED_MAX)
def packed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)
