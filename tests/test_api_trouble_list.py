"""Problems first: what each fact is called, how grave it is, and which comes before which."""

from typing import Any

import msgspec
import pytest

from api.trouble_list import LAG_RECORDS_MAX, SILENT_MS, Facts, Written, troubles_of
from ledger.alarms import Alarm, AlarmName, Conflict, DeadLetter
from ledger.refunds import Owed

NOW_MS = 1_000_000
WELL_WRITTEN = Written(alarms=[], dead_letters=[], conflicts=[], owed=[])
WELL = Facts(
    now_ms=NOW_MS,
    sales={3: ["night", "noon"], 4: ["dawn"]},
    gates={3: True, 4: True},
    lag={3: 5, 4: 0},
    written=WELL_WRITTEN,
    sampled_ms={"night": NOW_MS - 1000},
)


def alarm(name: AlarmName, shard: int = 3, times: int = 2) -> Alarm:
    return Alarm(1, name, f"s{shard}", "why", NOW_MS - 5000, NOW_MS, times, None)


def facts(known: dict[str, Any] | None = None, **changes: Any) -> Facts:
    """All is well but for what Postgres has `known` and these changes."""
    if known is not None:
        changes["written"] = msgspec.structs.replace(WELL_WRITTEN, **known)
    return msgspec.structs.replace(WELL, **changes)


LETTER = DeadLetter(3, 7, "confirmed", b"?", "0", "not msgpack", NOW_MS)
CONFLICT = Conflict("b", "late", "C-4", "a", 3, 8, NOW_MS)
SILENT = {"night": NOW_MS - SILENT_MS - 1}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (WELL, []),
        (facts(gates=None, lag=None, sampled_ms=None), ["store-away stops"]),
        (facts(gates={3: False, 4: True}), ["gate-closed stops"]),
        (facts({"alarms": [alarm("store-behind")]}, gates={3: False, 4: True}), ["gate-closed stops"]),
        (facts({"alarms": [alarm("store-behind")]}), []),
        (facts({"alarms": [alarm("gap")]}), ["shard-stopped stops"]),
        (facts(sampled_ms=SILENT), ["clock-silent stops"]),
        (facts(sampled_ms={"night": 0}), ["clock-silent stops"]),
        (facts(sampled_ms=SILENT, gates={3: False, 4: True}), ["gate-closed stops"]),
        (facts(written=None, lag=None), ["postgres-away look"]),
        (facts({"alarms": [alarm("seat-conflict")], "conflicts": [CONFLICT]}), ["seat-conflicts look"]),
        (facts({"alarms": [alarm("dead-letter")], "dead_letters": [LETTER]}), ["dead-letters look"]),
        (facts({"alarms": [alarm("payment-reused")]}), ["payment-reused look"]),
        (facts(lag={3: LAG_RECORDS_MAX, 4: 0}), []),
        (facts(lag={3: LAG_RECORDS_MAX + 1, 4: 0}), ["writer-behind look"]),
        (facts({"owed": [Owed("CNY", 2, 9400, NOW_MS)]}), ["refunds-due look"]),
        (
            facts({"owed": [Owed("CNY", 1, 1, 1)], "alarms": [alarm("gap", 4)]}, gates={3: False, 4: True}),
            ["gate-closed stops", "shard-stopped stops", "refunds-due look"],
        ),
    ],
)
def test_what_is_wrong_worst_first(found: Facts, words: list[str]) -> None:
    assert [f"{one.kind} {one.grade}" for one in troubles_of(found)] == words


def test_a_closed_gate_says_why_since_when_and_for_whom() -> None:
    found = facts({"alarms": [alarm("store-behind")]}, gates={3: False, 4: True})
    (gate,) = troubles_of(found)
    assert (gate.detail, gate.since_ms, gate.sales) == ("shard 3: why", NOW_MS - 5000, ["night", "noon"])
    (young,) = troubles_of(facts(gates={3: True, 4: False}))
    assert (young.detail, young.since_ms, young.sales) == ("shard 4 is being checked", None, ["dawn"])


def test_counts_are_whole_and_items_are_few() -> None:
    elsewhere = msgspec.structs.replace(CONFLICT, shard=4)
    known = [elsewhere, *[CONFLICT] * 25]
    found = facts({"alarms": [alarm("seat-conflict", times=25)], "conflicts": known})
    (conflicts,) = troubles_of(found)
    assert (conflicts.count, len(conflicts.items), conflicts.alarm) == (25, 10, 1)
    assert conflicts.items[0] == "o-b: late C-4 is o-a"
    (refunds,) = troubles_of(facts({"owed": [Owed("CNY", 2, 9400, 5), Owed("USD", 1, 12, 4)]}))
    assert (refunds.count, refunds.items, refunds.since_ms) == (3, ["9400 CNY", "12 USD"], 4)
