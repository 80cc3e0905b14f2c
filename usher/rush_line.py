"""The proof that nobody present and waiting was passed over, as one sweep over time.

A fan counts as present and waiting at t when all of this is certain:
- an answer to one of its polls said `waiting` and arrived no later than t - SETTLED_MS (by then the mark of
  presence has been flushed and the batch clock has read it) and no earlier than t - presence_ms (so the
  mark stands in the current or the previous window),
- a later poll was answered `waiting`, or the waiting room's log invites it later than t: it had not left,
- neither the poll nor t falls into a span of trouble, when some door or engine did not answer: a worker
  that was killed takes the marks of its last quarter second with it.
An invitation with rank r at t passes over such a fan with a rank below r. Invitations of one tick carry one
time and are one batch.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from usher.rush_facts import Facts, Finding, Waiting

SETTLED_MS = 2_000
TROUBLE_LEAD_MS = 1_000
TROUBLE_TAIL_MS = 3_000
EXAMPLES_MAX = 5

INVITED, PRESENT = 0, 1  # an invitation sorts before a presence that begins in the same millisecond
Event = tuple[int, int, int, int]
"""(at_ms, INVITED or PRESENT, rank, end of the presence)"""


def passed_over(facts: Facts) -> Finding:
    """Invitations that went to a fan behind one who was present and waiting."""
    line: list[tuple[int, int]] = []  # heap of (rank, end of presence); the ended leave when they come up
    wrong, checked = [], 0
    for at_ms, kind, rank, end_ms in sorted(_events(facts)):
        if kind == PRESENT:
            heappush(line, (rank, end_ms))
            continue
        checked += 1
        while line and line[0][1] <= at_ms:
            heappop(line)
        if line and line[0][0] < rank:
            wrong.append(f"rank {rank} was invited at {at_ms} while rank {line[0][0]} was present")
    return Finding(len(wrong), checked, tuple(wrong[:EXAMPLES_MAX]))


def _events(facts: Facts) -> Iterator[Event]:
    invited_ms: dict[int, int] = {}
    for record in facts.log:
        if record.kind != "i":
            continue
        invited_ms.setdefault(record.entry, record.at_ms)
        if not _troubled(facts, record.at_ms):
            yield record.at_ms, INVITED, facts.ranks[record.entry], 0
    for place in facts.waiting:
        for from_ms, to_ms in _present(facts, place, invited_ms.get(place.entry)):
            yield from_ms, PRESENT, facts.ranks[place.entry], to_ms


def _present(facts: Facts, place: Waiting, invited_ms: int | None) -> Iterator[tuple[int, int]]:
    """Spans in which the fan was certainly present and waiting; they may overlap."""
    known_until = invited_ms if invited_ms is not None else (place.polls_ms or (0,))[-1]
    for poll_ms in place.polls_ms:
        from_ms, to_ms = poll_ms + SETTLED_MS, min(poll_ms + facts.presence_ms, known_until)
        if from_ms < to_ms and not _troubled(facts, poll_ms):
            yield from_ms, to_ms


def _troubled(facts: Facts, at_ms: int) -> bool:
    return any(
        from_ms - TROUBLE_LEAD_MS <= at_ms <= to_ms + TROUBLE_TAIL_MS for from_ms, to_ms in facts.troubles_ms
    )
