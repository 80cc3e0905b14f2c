"""One recorded call and its answer, and the tape that keeps them: a file per process and shard.

Packed, a call takes about 90 bytes, so that a million fit anywhere; the checker reads one shard at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

KEPT_MAX: Final = 500
SIZE_BYTES: Final = 4
UNKNOWN: Final = ""


class Op(msgspec.Struct, array_like=True, gc=False):
    """`began_ns` and `ended_ns` are of one clock for all processes of the machine.

    verb    asked                                            word and what it told
    hold    fan entry count category split seats-or-None     HELD or REPLAYED seats deadline_ms together, ...
    order   amount                                           ORDERED pay_by_ms, ...
    pay     reference amount                                 CONFIRMED or REPLAYED version, ...
    release                                                  RELEASED, SOLD, UNKNOWN_HOLD
    sweep                                                    SWEPT holds
    reclaim                                                  RECLAIMED sold awaiting back
    load                                                     LOADED
    """

    began_ns: int
    ended_ns: int
    night: int
    verb: str
    token: int
    asked: list[Any]
    word: str = UNKNOWN
    told: list[Any] = []
    epoch: int = 0
    turn: int = 0
    place: int = 0
    at_ms: int = 0

    @property
    def version(self) -> tuple[int, int, int]:
        return self.epoch, self.turn, self.place

    def __str__(self) -> str:
        asked = " ".join(map(str, self.asked))
        told = " ".join(map(str, self.told))
        where = f"{self.epoch}.{self.turn}.{self.place}" if self.turn else "no version"
        answer = f"{self.word} {told}".strip() or "no answer"
        return f"{where} night {self.night}: {self.verb} #{self.token} {asked} -> {answer}"


class Tape:
    """Where one process writes what it did, by shard."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._kept: dict[int, list[Op]] = {}
        self._files: dict[int, BinaryIO] = {}

    def write(self, shard: int, op: Op) -> None:
        kept = self._kept.setdefault(shard, [])
        kept.append(op)
        if len(kept) >= KEPT_MAX:
            self._flush(shard)

    def close(self) -> None:
        for shard in self._kept:
            self._flush(shard)
        for file in self._files.values():
            file.close()

    def _flush(self, shard: int) -> None:
        if shard not in self._files:
            self._files[shard] = (self._folder / f"{self._name}.{shard}.ops").open("wb")
        packed = msgspec.msgpack.encode(self._kept[shard])
        self._files[shard].write(len(packed).to_bytes(SIZE_BYTES) + packed)
        self._kept[shard] = []


def read(folder: Path, shard: int) -> Iterator[Op]:
    """All calls on a shard, in no order."""
    decoder = msgspec.msgpack.Decoder(list[Op])
    for path in sorted(folder.glob(f"*.{shard}.ops")):
        with path.open("rb") as file:
            while size := file.read(SIZE_BYTES):
                yield from decoder.decode(file.read(int.from_bytes(size)))
