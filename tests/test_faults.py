"""The fault campaign in small: one short rush with a few kinds; and that its parts do what it relies on."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.fault_engines import Journal
from tests.fault_kinds import BY_NAME, FULL, KINDS, plan
from tests.fault_stack import confirmed_by
from tests.fault_talk import Call, LedgerTalk, StoreTalk
from tests.faults import Struck, missed, table

ROOT = Path(__file__).parents[1]
HOLD = b"*4\r\n$5\r\nFCALL\r\n$10\r\nusher_hold\r\n$1\r\n1\r\n$5\r\nshard\r\n"
SMOKE_S = 600


def test_a_short_campaign_ends_well(tmp_path: Path) -> None:
    kinds = "power-valkey,kill-valkey,kill-worker,kill-writer,drop-doors,back-time"
    crowd = ("--fans", "250", "--showtimes", "2", "--seed", "11")
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--faults", "6", "--kinds", kinds, *crowd],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SMOKE_S,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "6 faults" in told.stdout
    assert "every proof 0" in told.stdout
    assert "double_sold=0 lost_orders=0 overshoot=0 passed_over=0" in told.stdout


def test_a_full_campaign_has_enough_of_every_kind() -> None:
    chosen = Counter(kind.does for kind in plan(FULL, random.Random(1)))
    assert chosen["kill"] >= 60
    assert chosen["power"] >= 20
    assert chosen["cut"] + chosen["drop"] + chosen["slow"] >= 10
    assert chosen["full"] >= 3
    assert chosen["ahead"] + chosen["back"] >= 5


def test_a_short_plan_has_every_kind_and_repeats_by_its_seed() -> None:
    drawn = plan(len(KINDS), random.Random(5))
    assert Counter(drawn) == Counter(KINDS)
    assert drawn == plan(len(KINDS), random.Random(5))
    assert len(plan(2 * FULL, random.Random(5))) == 2 * FULL


def test_a_kind_that_never_hit_the_window_is_named() -> None:
    hit, miss = BY_NAME["kill-valkey"], BY_NAME["power-valkey"]
    struck = [Struck(hit, 2, 1.0), Struck(hit, 0, 1.0), Struck(miss, 0, 1.0)]
    assert missed(struck) == ["power-valkey never struck in the window"]
    assert "kill-valkey          2              1" in table(struck)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_calls_and_answers_are_told_apart_in_any_pieces(size: int) -> None:
    talk = StoreTalk(7)
    asked = HOLD + b"*1\r\n$4\r\nTIME\r\n"
    answers = b"$5\r\nworld\r\n*2\r\n$1\r\n1\r\n$-1\r\n"
    calls = [call for part in pieces(asked, size) for call in talk.asked(part)]
    told = [piece for part in pieces(answers, size) for piece in talk.told(part)]
    assert [(call.pid, call.verb, call.changes) for call in calls] == [(7, "hold", True), (7, "TIME", False)]
    assert [piece.call for piece in told] == calls
    assert b"".join(piece.content for piece in told) == answers


def test_a_transaction_is_open_between_its_statements() -> None:
    talk = LedgerTalk(1)
    assert talk.asked(b"\0\0\0\x08\0\x03\0\0") == []
    assert [call.changes for call in talk.asked(b"Q\0\0\0\x0bBEGIN;\0")] == [False]
    assert talk.told(b"Z\0\0\0\x05T")[0].call is not None
    copy, commit = talk.asked(b"Q\0\0\0\x0aCOPY \0Q\0\0\0\x0cCOMMIT;\0")
    assert (copy.verb, copy.changes, commit.verb, commit.changes) == ("COPY", True, "COMMIT", True)


def test_confirmations_are_read_from_either_kind_of_answer() -> None:
    batch = b"\x92\x92\x00\x00\x92\xa1a\xa1b"  # by columns: showtimes 0 and 0, orders a and b
    call = Call(1, "confirm", (b"FCALL", b"usher_confirm", b"1", b"shard", b"5", batch), True)
    answers = b"\x92\x92\xa9CONFIRMED\x01\x91\xadUNKNOWN_ORDER"
    turned = b"\x94\x01\x02\x03" + answers
    for packed in (answers, turned):
        assert confirmed_by(call, b"$%d\r\n%s\r\n" % (len(packed), packed)) == ["a"]
    assert confirmed_by(call, b"$10\r\n\x91\xa8NO_EPOCH\r\n") == []


def test_a_journal_loses_its_end_and_no_other_file(tmp_path: Path) -> None:
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    old, new = folder / "appendonly.aof.9.incr.aof", folder / "appendonly.aof.10.incr.aof"
    for path in (old, new):
        path.write_bytes(b"0123456789")
    journal = Journal(tmp_path)
    assert (journal.newest(), journal.size()) == (new, 10)
    assert (journal.cut(new, 4), new.read_bytes()) == (6, b"0123")
    assert (journal.cut(old, 4), old.read_bytes()) == (0, b"0123456789")


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]
