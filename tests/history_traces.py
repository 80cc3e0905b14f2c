"""What unheard decisions left behind: each becomes an answer that nobody had, with the time it was decided.

A hold and an order say by their deadlines when they were made, a payment and a reclaim have their record in
the outbox. Releases leave no time: the checker looks for them when an answer cannot be explained otherwise.
"""

from collections import defaultdict

import msgspec

from tests.history_night import HOLD_MS, PAY_MS
from tests.history_op import Op

RANK = {"hold": 0, "order": 1, "pay": 2, "reclaim": 3}


class Entry(msgspec.Struct, array_like=True):
    """A record of the outbox; `kind` as in the stream. A reclaim has seats instead of an order."""

    version: int
    kind: str
    at_ms: int
    night: int
    token: int = 0
    reference: int = 0
    why: str = ""
    amount: int = 0

    @property
    def word(self) -> str:
        if self.kind == "confirmed":
            return "CONFIRMED"
        return "ALREADY_PAID" if self.why == "double" else "LATE_REFUNDED"


class Found(msgspec.Struct, array_like=True):
    """The record of a hold as it stood in the end."""

    token: int
    fan: int
    entry: int
    deadline_ms: int
    seats: list[int]
    together: bool
    pay_by_ms: int
    state: str = ""


class Evidence(msgspec.Struct):
    """What the store of a shard holds in the end; `boards`: letters of the seats by night."""

    outbox: list[Entry] = []
    holds: list[Found] = []
    boards: dict[int, str] = {}


def traces(calls: list[Op], evidence: Evidence) -> list[Op]:
    """By time; their `began_ns` is that of the first call which may have done it."""
    passes = {op.token: op.asked[1] for op in calls if op.verb == "hold"}
    return sorted(
        [
            *_holds(calls, evidence),
            *_orders(calls, evidence),
            *_pays(calls, evidence),
            *_reclaims(calls, evidence),
        ],
        key=lambda op: (op.at_ms, RANK[op.verb], passes.get(op.token, 0)),
    )


def unasked(calls: list[Op], evidence: Evidence) -> Entry | None:
    """A record of the outbox that no call can have made."""
    asked = {(op.token, *op.asked) for op in calls if op.verb == "pay"}
    for entry in evidence.outbox:
        if entry.kind != "reclaimed" and (entry.token, entry.reference, entry.amount) not in asked:
            return entry
    return None


def _first(calls: list[Op], verb: str) -> dict[int, Op]:
    """Of each token the call of that verb that began first, among those that may have been heard late."""
    first: dict[int, Op] = {}
    for op in calls:
        if op.verb == verb and (op.token not in first or op.began_ns < first[op.token].began_ns):
            first[op.token] = op
    return first


def _unheard(op: Op, word: str, told: list[object], at_ms: int) -> Op:
    return Op(op.began_ns, 0, op.night, op.verb, op.token, op.asked, word, told, at_ms=at_ms)


def _holds(calls: list[Op], evidence: Evidence) -> list[Op]:
    told = {op.token: op.told for op in calls if op.word == "REPLAYED" and op.verb == "hold"}
    told |= {found.token: [found.seats, found.deadline_ms, found.together] for found in evidence.holds}
    for op in calls:
        if op.word == "HELD":
            told.pop(op.token, None)
    first = _first([op for op in calls if op.token in told], "hold")
    return [
        _unheard(first[token], "HELD", answer, answer[1] - HOLD_MS)
        for token, answer in told.items()
        if token in first
    ]


def _orders(calls: list[Op], evidence: Evidence) -> list[Op]:
    told = {op.token: op.told[0] for op in calls if op.word == "ORDERED"}
    told |= {found.token: found.pay_by_ms for found in evidence.holds if found.pay_by_ms}
    for op in calls:
        if op.word == "ORDERED" and op.told[0] == op.at_ms + PAY_MS:
            told.pop(op.token, None)
    first = _first([op for op in calls if op.token in told], "order")
    return [
        _unheard(first[token], "ORDERED", [pay_by_ms], pay_by_ms - PAY_MS)
        for token, pay_by_ms in told.items()
        if token in first
    ]


def _pays(calls: list[Op], evidence: Evidence) -> list[Op]:
    told = ("CONFIRMED", "ALREADY_PAID", "LATE_REFUNDED")
    heard = {(op.token, op.asked[0], op.at_ms) for op in calls if op.verb == "pay" and op.word in told}
    asked: defaultdict[tuple[int, int], list[Op]] = defaultdict(list)
    missing = [
        entry
        for entry in evidence.outbox
        if entry.kind != "reclaimed" and (entry.token, entry.reference, entry.at_ms) not in heard
    ]
    wanted = {(entry.token, entry.reference) for entry in missing}
    for op in calls:
        if op.verb == "pay" and (op.token, op.asked[0]) in wanted:
            asked[op.token, op.asked[0]].append(op)
    found = []
    for entry in missing:
        # The repeat may tell another amount: the one that was taken stands in the record.
        same = [op for op in asked[entry.token, entry.reference] if op.asked[1] == entry.amount]
        if same:
            first = min(same, key=lambda op: op.began_ns)
            answer: list[object] = [entry.version] if entry.kind == "confirmed" else []
            found.append(_unheard(first, entry.word, answer, entry.at_ms))
    return found


def _reclaims(calls: list[Op], evidence: Evidence) -> list[Op]:
    asked: defaultdict[int, list[Op]] = defaultdict(list)
    for op in calls:
        if op.verb == "reclaim":
            asked[op.night].append(op)
    found = []
    for entry in evidence.outbox:
        mine = asked[entry.night] if entry.kind == "reclaimed" else []
        if mine and all(op.at_ms != entry.at_ms for op in mine):
            found.append(_unheard(min(mine, key=lambda op: op.began_ns), "RECLAIMED", [], entry.at_ms))
    return found
