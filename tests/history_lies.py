"""Lies for the checker to find: each changes one call, or one record, of a history that was true."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from tests.history_night import PAY_MS
from tests.history_op import UNKNOWN, Op
from tests.history_traces import Evidence

Calls = list[Op]
Lie = Callable[[Calls, Evidence], None]


def ordered(calls: Calls, *, word: str = "", verb: str = "") -> Iterator[Op]:
    """Answers in order of their versions, from the middle of the night on."""
    found = sorted((op for op in calls if op.verb != "load"), key=lambda op: op.version)
    for op in found[len(found) // 4 :]:
        if word in ("", op.word) and verb in ("", op.verb):
            yield op


def first(calls: Calls, word: str = "", verb: str = "", where: Callable[[Op], bool] = lambda _: True) -> Op:
    return next(op for op in ordered(calls, word=word, verb=verb) if where(op))


def answer(op: Op, word: str, *told: Any) -> None:
    op.word, op.told = word, list(told)


def is_best(op: Op) -> bool:
    return op.asked[5] is None


def tokens_held_once(calls: Calls) -> set[int]:
    """Nobody asked for these again, which would tell of the first answer."""
    asked = Counter(op.token for op in calls if op.verb == "hold")
    return {token for token, count in asked.items() if count == 1}


def seat_sold_twice(calls: Calls, _: Evidence) -> None:
    sold = {op.token: op.version for op in calls if op.word == "CONFIRMED"}
    one = first(calls, "HELD", where=lambda op: is_best(op) and op.token in sold)
    # After the sale, for a hold may lapse before it and its seats be another's meanwhile.
    two = first(
        calls,
        "HELD",
        where=lambda op: op.version > sold[one.token] and is_best(op) and len(op.told[0]) == len(one.told[0]),
    )
    two.told[0] = one.told[0]


def refused_though_free(calls: Calls, _: Evidence) -> None:
    alone = tokens_held_once(calls)
    answer(first(calls, "HELD", where=lambda op: is_best(op) and op.token in alone), "SOLD_OUT")


def picked_seats_said_taken(calls: Calls, _: Evidence) -> None:
    alone = tokens_held_once(calls)
    op = first(calls, "HELD", where=lambda op: not is_best(op) and op.token in alone)
    answer(op, "TAKEN", [op.asked[5][0]])


def out_of_real_time(calls: Calls, _: Evidence) -> None:
    one = first(calls)
    two = first(calls, where=lambda op: op.began_ns > one.ended_ns)
    for field in ("epoch", "turn", "place", "at_ms"):
        mine, other = getattr(one, field), getattr(two, field)
        setattr(one, field, other)
        setattr(two, field, mine)


def two_with_one_version(calls: Calls, _: Evidence) -> None:
    one, two, *_rest = ordered(calls)
    two.epoch, two.turn, two.place = one.version


def time_ran_backwards(calls: Calls, _: Evidence) -> None:
    first(calls).at_ms -= 60_000


def confirmed_but_not_in_the_outbox(calls: Calls, evidence: Evidence) -> None:
    op = first(calls, "CONFIRMED")
    evidence.outbox = [entry for entry in evidence.outbox if entry.version != op.told[0]]


def in_the_outbox_but_nobody_was_told(calls: Calls, _: Evidence) -> None:
    """The rest of its turn was answered, so the turn is not missing."""
    batch = Counter(op.version[:2] for op in calls)
    first(calls, "CONFIRMED", where=lambda op: batch[op.version[:2]] > 1).word = UNKNOWN


def in_the_outbox_but_nobody_paid(calls: Calls, _: Evidence) -> None:
    token = first(calls, "CONFIRMED").token
    calls[:] = [op for op in calls if (op.verb, op.token) != ("pay", token)]


def lost_release(calls: Calls, _: Evidence) -> None:
    """Somebody who asks for the seats at once is told that they are still taken."""
    held = {op.token: op.told for op in calls if op.word == "HELD"}
    twice = Counter(op.token for op in calls if op.verb != "hold")
    op = first(
        calls,
        "RELEASED",
        where=lambda op: op.token in held and twice[op.token] == 1 and op.at_ms < held[op.token][1],
    )
    seat = held[op.token][0][:1]
    asked = [10**6, 1, 1, None, False, seat]
    late = msgspec.structs.replace(op, verb="hold", token=1, asked=asked, place=op.place + 1000)
    answer(late, "TAKEN", seat)
    calls.append(late)


def limit_passed(calls: Calls, _: Evidence) -> None:
    op = first(calls, "OVER_LIMIT", where=is_best)
    answer(op, "HELD", [0, 1, 2, 3][: op.asked[2]], op.at_ms + 400, True)


def expired_hold_honoured(calls: Calls, _: Evidence) -> None:
    op = first(calls, "EXPIRED")
    answer(op, "ORDERED", op.at_ms + PAY_MS)


def pass_used_twice(calls: Calls, _: Evidence) -> None:
    op = first(calls, "PASS_USED_UP", "order")
    answer(op, "ORDERED", op.at_ms + PAY_MS)


def replay_with_another_answer(calls: Calls, _: Evidence) -> None:
    first(calls, "REPLAYED", "hold").told[1] += 1


def replay_that_pays_again(calls: Calls, _: Evidence) -> None:
    op = first(calls, "REPLAYED", "pay")
    answer(op, "CONFIRMED", op.told[0] + 1)


def wrong_amount_accepted(calls: Calls, evidence: Evidence) -> None:
    """A payment was one short all along. Nights in which nobody told a wrong amount have payments too."""
    op = first(calls, "CONFIRMED")
    (record,) = [entry for entry in evidence.outbox if entry.version == op.told[0]]
    op.asked[1] -= 1
    record.amount -= 1


def held_too_long(calls: Calls, _: Evidence) -> None:
    first(calls, "HELD", where=is_best).told[1] += 1000


def neighbours_called_apart(calls: Calls, _: Evidence) -> None:
    first(calls, "HELD", where=lambda op: is_best(op) and not op.asked[4] and op.asked[2] > 1).told[2] = False


def sold_seats_given_back(calls: Calls, _: Evidence) -> None:
    answer(first(calls, "SOLD"), "RELEASED")


def held_after_the_reclaim(calls: Calls, _: Evidence) -> None:
    """The second call of a fan whom the reclaim had sent away."""
    reclaim = max((op for op in calls if op.verb == "reclaim"), key=lambda op: op.version)
    asked = [10**6, 1, 1, "a", False, None]
    late = msgspec.structs.replace(reclaim, verb="hold", token=1, asked=asked, turn=reclaim.turn + 1)
    answer(late, "HELD", [0], reclaim.at_ms + 400, True)
    calls.append(late)


def another_seat_on_the_board(_: Calls, evidence: Evidence) -> None:
    number, letters = next(iter(evidence.boards.items()))
    evidence.boards[number] = letters.replace("s", ".", 1)


LIES: Final[tuple[tuple[Lie, str], ...]] = (
    (seat_sold_twice, "belong to"),
    (refused_though_free, "refused, though"),
    (picked_seats_said_taken, "expected HELD"),
    (out_of_real_time, "it began after a later version was answered"),
    (two_with_one_version, "two answers have this version"),
    (time_ran_backwards, "the shard's time ran backwards"),
    (confirmed_but_not_in_the_outbox, "the outbox has no `confirmed` record"),
    (in_the_outbox_but_nobody_was_told, "no turn of its time is missing"),
    (in_the_outbox_but_nobody_paid, "nobody asked for"),
    (lost_release, "expected HELD"),
    (limit_passed, "expected OVER_LIMIT"),
    (expired_hold_honoured, "expected EXPIRED"),
    (pass_used_twice, "expected PASS_USED_UP"),
    (replay_with_another_answer, "expected REPLAYED"),
    (replay_that_pays_again, "expected REPLAYED"),
    (wrong_amount_accepted, "expected WRONG_AMOUNT"),
    (held_too_long, "held until"),
    (neighbours_called_apart, "seats apart"),
    (sold_seats_given_back, "expected SOLD"),
    (held_after_the_reclaim, "expected SALE_CLOSED"),
    (another_seat_on_the_board, "other seats sold"),
)
"""Each with what the checker says of it."""
