"""The proofs over the admissions log find what must never be."""

import struct

import pytest

from waiting_room.admissions import RECORD_BYTES, Record, records
from waiting_room.audit import Proof, prove

CASES: list[tuple[str, str, Proof]] = [
    ("nothing", "", Proof(0, 0, 0, 0)),
    ("in order", "c2 i0 i1", Proof(2, 0, 0, 0)),
    ("one too many", "c2 i0 i1 i2", Proof(3, 1, 0, 0)),
    ("inside counts", "c1 i0 a0 i1", Proof(2, 1, 0, 0)),
    ("who ended does not", "c1 i0 t0 i1 a1 d1 i2 l2 i3", Proof(4, 0, 0, 0)),
    ("less room than are in", "c2 i0 i1 c1", Proof(2, 0, 0, 0)),
    ("less room, and one more", "c2 i0 i1 c1 t0 i2", Proof(3, 1, 0, 0)),
    ("invited twice", "c1 i0 t0 i0", Proof(1, 0, 0, 1)),
    ("out of order", "c9 i1 i0", Proof(2, 0, 1, 0)),
    ("back after it was called", "c9 i1 r0 i0", Proof(2, 0, 0, 0)),
    ("back, but passed over", "c9 i1 r0 i2 i0", Proof(3, 0, 1, 0)),
    ("back, and away again", "c9 i1 r0 m0 i2", Proof(2, 0, 0, 0)),
    ("back, and gave up", "c9 i1 r0 l0 i2", Proof(2, 0, 0, 0)),
    ("two back, the later rank first", "c9 i2 r0 r1 i1 i0", Proof(3, 0, 1, 0)),
]


@pytest.mark.parametrize(("case", "story", "proof"), CASES, ids=[row[0] for row in CASES])
def test_proofs(case: str, story: str, proof: Proof) -> None:
    log = [Record(word[0], int(word[1:]), at_ms, 0) for at_ms, word in enumerate(story.split())]
    assert prove(log, lambda entry: entry) == proof


def test_records_are_read_as_they_are_written() -> None:
    raw = struct.pack(">cIQI", b"i", 2**32 - 1, 1_800_000_000_000, 10_000)
    (record,) = records(raw)
    assert len(raw) == RECORD_BYTES
    assert record == Record("i", 2**32 - 1, 1_800_000_000_000, 10_000)
    assert record.until_ms == 1_800_000_010_000
