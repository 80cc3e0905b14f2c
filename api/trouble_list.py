"""What is wrong, worst first: a pure list made from facts, so that nothing on the screen depends on luck.

`stops` means fans cannot buy or orders are not written down; `look` means someone should look soon.
"""

from typing import Final, Literal, get_args

import msgspec

from ledger.alarms import Alarm, Conflict, DeadLetter
from ledger.refunds import Owed

Kind = Literal[
    "store-away",
    "gate-closed",
    "shard-stopped",
    "clock-silent",
    "postgres-away",
    "seat-conflicts",
    "dead-letters",
    "payment-reused",
    "writer-behind",
    "refunds-due",
]
Grade = Literal["stops", "look"]
LAG_RECORDS_MAX: Final = 1_000
"""More records than this behind is no longer the time between two batches of the writer."""
SILENT_MS: Final = 10_000
ITEMS_MAX: Final = 10
STOPPING_ALARMS: Final[dict[str, Kind]] = {
    "gap": "shard-stopped",
    "store-behind": "gate-closed",
    "store-differs": "gate-closed",
    "showtime-missing": "gate-closed",
}
NOTED_ALARMS: Final[dict[str, Kind]] = {
    "seat-conflict": "seat-conflicts",
    "dead-letter": "dead-letters",
    "payment-reused": "payment-reused",
}
"""Listed until an operator closes them."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """`sales` are those it touches, empty for all; `items` name the first few of `count`.

    `alarm`: the number by which an operator closes it.
    """

    kind: Kind
    grade: Grade
    count: int = 1
    sales: list[str] = []
    detail: str = ""
    items: list[str] = []
    since_ms: int | None = None
    alarm: int | None = None


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What Postgres knows."""

    alarms: list[Alarm]
    dead_letters: list[DeadLetter]
    conflicts: list[Conflict]
    owed: list[Owed]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What could be found out. `gates`: shard -> open; None where an engine did not answer.

    `sampled_ms`: the newest sample of each sale that should have one; 0 when it has none.
    """

    now_ms: int
    sales: dict[int, list[str]]
    gates: dict[int, bool] | None
    lag: dict[int, int] | None
    written: Written | None
    sampled_ms: dict[str, int] | None


def troubles_of(facts: Facts) -> list[Trouble]:
    """Worst first; empty when all is well."""
    found = [*_engines(facts), *_gates(facts), *_silence(facts), *_lag(facts)]
    if facts.written is not None:
        found += [*_alarms(facts, facts.written), *_owed(facts.written)]
    order = get_args(Kind)
    return sorted(found, key=lambda trouble: (trouble.grade != "stops", order.index(trouble.kind)))


def _engines(facts: Facts) -> list[Trouble]:
    found = []
    if facts.gates is None:
        found.append(Trouble(kind="store-away", grade="stops"))
    if facts.written is None:
        found.append(Trouble(kind="postgres-away", grade="look"))
    return found


def _gates(facts: Facts) -> list[Trouble]:
    """Closed gates, with the reason where the ledger has told one."""
    if facts.gates is None:
        return []
    alarms = facts.written.alarms if facts.written else []
    why = {one.subject: one for one in alarms if STOPPING_ALARMS.get(one.name) == "gate-closed"}
    found = []
    for shard, is_open in facts.gates.items():
        if not is_open:
            alarm = why.get(f"s{shard}")
            detail = f"shard {shard}: {alarm.detail}" if alarm else f"shard {shard} is being checked"
            since_ms = alarm.raised_ms if alarm else None
            sales = facts.sales.get(shard, [])
            found.append(
                Trouble(kind="gate-closed", grade="stops", sales=sales, detail=detail, since_ms=since_ms)
            )
    return found


def _silence(facts: Facts) -> list[Trouble]:
    """No samples means that the process which also calls fans in is gone; without the store nobody knows."""
    if facts.sampled_ms is None or facts.gates is None or not all(facts.gates.values()):
        return []
    silent = {sale: at for sale, at in facts.sampled_ms.items() if facts.now_ms - at > SILENT_MS}
    if not silent:
        return []
    since_ms = max(silent.values()) or None
    return [Trouble(kind="clock-silent", grade="stops", sales=sorted(silent), since_ms=since_ms)]


def _lag(facts: Facts) -> list[Trouble]:
    behind = {shard: lag for shard, lag in (facts.lag or {}).items() if lag > LAG_RECORDS_MAX}
    if not behind:
        return []
    sales = sorted(sale for shard in behind for sale in facts.sales.get(shard, []))
    return [Trouble(kind="writer-behind", grade="look", count=sum(behind.values()), sales=sales)]


def _alarms(facts: Facts, written: Written) -> list[Trouble]:
    """Shards whose writing has stopped, and what the writer noted: one trouble an alarm."""
    found = []
    for alarm in written.alarms:
        told = Trouble(
            kind="shard-stopped",
            grade="stops",
            sales=facts.sales.get(alarm.shard, []),
            detail=f"shard {alarm.shard}: {alarm.detail}",
            since_ms=alarm.raised_ms,
        )
        if STOPPING_ALARMS.get(alarm.name) == "shard-stopped":
            found.append(told)
        elif kind := NOTED_ALARMS.get(alarm.name):
            items = _items(alarm, written)[: min(alarm.times, ITEMS_MAX)]
            noted = {"kind": kind, "grade": "look", "count": alarm.times, "items": items, "alarm": alarm.id}
            found.append(msgspec.structs.replace(told, **noted))
    return found


def _items(alarm: Alarm, written: Written) -> list[str]:
    """The newest records of the alarm's shard that it may be about."""
    if alarm.name == "seat-conflict":
        lost = [one for one in written.conflicts if one.shard == alarm.shard]
        return [f"o-{one.token}: {one.showtime} {one.seat} is o-{one.owner}" for one in lost]
    if alarm.name == "dead-letter":
        letters = [one for one in written.dead_letters if one.shard == alarm.shard]
        return [f"s{one.shard} {one.version} {one.kind}: {one.why}" for one in letters]
    return []


def _owed(written: Written) -> list[Trouble]:
    if not written.owed:
        return []
    return [
        Trouble(
            kind="refunds-due",
            grade="look",
            count=sum(one.payments for one in written.owed),
            items=[f"{one.amount} {one.currency}" for one in written.owed],
            since_ms=min(one.since_ms for one in written.owed),
        )
    ]
