"""The proofs of a rush: each takes the facts and counts what should never have happened.

Every proof is conservative: what it counts is certain from the facts. What it cannot decide it leaves out,
and says in `checked` how much it looked at.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from usher.rush_facts import Facts, Finding, Order, Receipt, Seat
from usher.rush_line import passed_over
from usher.rush_oracle import fits
from waiting_room.admissions import Record
from waiting_room.audit import prove

EXAMPLES_MAX = 5


def double_sold(facts: Facts) -> Finding:
    """Seats that stand in two confirmed orders, whichever side says so."""
    owners: dict[Seat, set[str]] = defaultdict(set)
    sides: tuple[Iterable[Receipt | Order], ...] = (facts.receipts, facts.in_valkey, facts.in_postgres)
    for side in sides:
        for order in side:
            if len(set(order.seats)) != len(order.seats):
                owners[order.showtime, "twice in " + order.order] = {order.order, "itself"}
            for seat in order.seats:
                owners[order.showtime, seat].add(order.order)
    doubled = [f"{show} {seat}: {sorted(who)}" for (show, seat), who in owners.items() if len(who) > 1]
    return Finding(len(doubled), len(owners), tuple(doubled[:EXAMPLES_MAX]))


def lost_orders(facts: Facts) -> Finding:
    """Orders that one side has and another lacks or tells differently."""
    in_postgres = {order.order: order for order in facts.in_postgres}
    in_valkey = {order.order: order for order in facts.in_valkey}
    lost: dict[str, str] = {}
    for receipt in facts.receipts:
        row = in_postgres.get(receipt.order)
        if row is None:
            lost[receipt.order] = "confirmed to a client, not in Postgres"
        elif _told(receipt) != _told(row):
            lost[receipt.order] = "told to the client otherwise than it stands in Postgres"
    for order in facts.in_valkey:
        row = in_postgres.get(order.order)
        if row is None:
            lost[order.order] = "confirmed in Valkey, not in Postgres"
        elif _told(order) != _told(row):
            lost[order.order] = "differs between Valkey and Postgres"
    lost |= dict.fromkeys(in_postgres.keys() - in_valkey.keys(), "in Postgres, unknown to Valkey")
    checked = len(in_postgres.keys() | in_valkey.keys() | {receipt.order for receipt in facts.receipts})
    return Finding(len(lost), checked, tuple(f"{o}: {why}" for o, why in list(lost.items())[:EXAMPLES_MAX]))


def refused_though_fitting(facts: Facts) -> Finding:
    """Refusals contradicted by the board of the very version they were decided on."""
    wrong, checked = [], 0
    for refusal in facts.refusals:
        board = facts.boards.get((refusal.showtime, refusal.version))
        if board is None:
            continue
        checked += 1
        hall = facts.halls[refusal.showtime]
        count = 1 if refusal.word == "sold-out" else refusal.count
        if fits(hall, board, refusal.category, count, split=refusal.split):
            wrong.append(
                f"{refusal.showtime} v{refusal.version}: {refusal.word} for {refusal.count} of "
                f"{refusal.category or 'any category'}"
            )
    return Finding(len(wrong), checked, tuple(wrong[:EXAMPLES_MAX]))


def overshoot(facts: Facts) -> Finding:
    """How far those invited or inside at one moment exceeded the capacity, by whichever of three witnesses.

    The clients' passes: at equal times an end comes before a start, so that only certain overlaps count. The
    waiting room's own log, record by record. Samples of the store during the run.
    """
    edges = [(visit.from_ms, 1) for visit in facts.visits if visit.to_ms > visit.from_ms]
    edges += [(visit.to_ms, -1) for visit in facts.visits if visit.to_ms > visit.from_ms]
    inside = most = 0
    for _, step in sorted(edges):
        inside += step
        most = max(most, inside)
    by_log = _overshoot_by_log(facts)
    wrong = max(0, most - facts.capacity, facts.crowded - facts.capacity, by_log)
    words = (
        f"passes alive at once {most}, sampled {facts.crowded}, log {by_log} above capacity {facts.capacity}"
    )
    return Finding(wrong, len(facts.visits) + len(facts.log), (words,) if wrong else ())


def _overshoot_by_log(facts: Facts) -> int:
    """Plays the log back: how many more than the capacity at any record."""
    capacity, worst = facts.capacity, 0
    inside: set[int] = set()
    for record in facts.log:
        if record.kind == "c":
            capacity = record.entry
        elif record.kind in "tdl":
            inside.discard(record.entry)
        elif record.kind in "ia":
            inside.add(record.entry)
            worst = max(worst, len(inside) - capacity)
    return worst


def draw_wrong(facts: Facts) -> Finding:
    """Ranks told to fans that the committed seed does not give, and calls that the log shows in disorder."""
    wrong = [
        f"entry {place.entry} was told rank {place.told}, drew {facts.ranks[place.entry]}"
        for place in facts.waiting
        if place.told is not None and place.told != facts.ranks[place.entry]
    ]
    if not facts.committed:
        wrong.append("the seed is not the one whose digest was shown before")
    replay = prove((Record(one.kind, one.entry, one.at_ms, 0) for one in facts.log), facts.ranks.__getitem__)
    if replay.passed_over or replay.twice:
        wrong.append(f"the log: {replay.passed_over} out of order, {replay.twice} invited twice")
    count = len(wrong) + max(0, replay.passed_over + replay.twice - 1)
    return Finding(count, len(facts.waiting) + replay.invitations, tuple(wrong[:EXAMPLES_MAX]))


def money_wrong(facts: Facts) -> Finding:
    """Orders that are not their tickets plus fees, and movements that do not sum to zero."""
    wrong = [
        f"{order.order}: {order.amount} is not {sum(order.prices)} + {order.fees}"
        for order in (*facts.in_postgres, *facts.in_valkey)
        if order.amount != sum(order.prices) + order.fees
    ]
    for movement in facts.movements:
        sums: dict[str, int] = defaultdict(int)
        for currency, amount in movement.amounts:
            sums[currency] += amount
        wrong += [f"{movement.name}: {total} {currency}" for currency, total in sums.items() if total]
    checked = len(facts.in_postgres) + len(facts.in_valkey) + len(facts.movements)
    return Finding(len(wrong), checked, tuple(wrong[:EXAMPLES_MAX]))


def _told(order: Receipt | Order) -> tuple[str, frozenset[str], int]:
    return order.showtime, frozenset(order.seats), order.amount


PROOFS: Final[dict[str, Callable[[Facts], Finding]]] = {
    "double_sold": double_sold,
    "lost_orders": lost_orders,
    "refused_though_fitting": refused_though_fitting,
    "overshoot": overshoot,
    "passed_over": passed_over,
    "draw_wrong": draw_wrong,
    "money_wrong": money_wrong,
}
"""Every proof by the report's key."""
