"""Answers that are kept under the Idempotency-Key of their request by the decision itself, in the same write.

A decision that takes its key along is decided once: asked again, it has the answer and the version of the
first time, for `ttl_s`. So nothing is taken out beforehand and nothing is left behind by a worker that dies.
"""

import struct
from typing import Any, Final

import msgspec

from store import keys
from store.version import Version

WORD: Final = "KEPT"
MISMATCH: Final = ["MISMATCH"]
NAME_CHARS: Final = 32
DIGEST_BYTES: Final = 16
"""Of each digest 128 bits are kept: two requests that share them will not be met."""
_asked: Final = struct.Struct(f">HI{DIGEST_BYTES}s")
_answers: Final = msgspec.msgpack.Decoder()


class Once(msgspec.Struct, frozen=True, gc=False):
    """A request with an Idempotency-Key. `request` names caller, call and key in hex, `body` is a digest."""

    request: str
    body: bytes
    ttl_s: int

    def key(self, shard: int) -> bytes:
        return keys.kept(shard, self.request[:NAME_CHARS]).encode()

    def asked(self, place: int) -> bytes:
        """As `store/lua/kept.lua` reads it: the decision at this place of the batch, from 1."""
        return _asked.pack(place, self.ttl_s, self.body)


class OtherBody(Exception):
    """The key already names a request with another body; nothing was decided."""


def first_of(shard: int, answer: list[Any]) -> tuple[Version, list[Any]]:
    """The version and the answer of the first time, from [KEPT, *fields]."""
    _, epoch, turn, at_ms, place, first = answer
    return Version(shard, epoch, turn, place, at_ms, again=True), first


def read(once: Once, shard: int, stored: bytes) -> tuple[Version, list[Any]]:
    """The same from what is stored; OtherBody when it is another request's."""
    if stored[:DIGEST_BYTES] != once.body:
        raise OtherBody
    return first_of(shard, _answers.decode(b"\x96\xa4KEPT" + stored[DIGEST_BYTES:]))


def write(once: Once, version: Version, answer: list[Any]) -> bytes:
    """What is stored, for an answer that is whole only after its decision; as `store/lua/kept.lua` does."""
    _, epoch, turn, place, at_ms, _ = version
    told = map(msgspec.msgpack.encode, (epoch, turn, at_ms, place, answer))
    return once.body + b"".join(told)
