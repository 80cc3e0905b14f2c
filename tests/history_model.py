"""One night as it must have gone: judges each answer by what was decided before it.

`judge` gives a complaint, or None and takes the effect on; after a complaint nothing has changed. It shares
no line with the seat functions. Two things it believes: that the block given is the nearest to the focal
point, and that a seat is left alone only where the rule allows it.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

import msgspec

from tests.history_hall import Hall
from tests.history_night import HOLD_MS, PAY_MS, Night
from tests.history_op import Op

LIVE: Final = ("held", "awaiting")


class Complaint(msgspec.Struct):
    """What is wrong; `tokens` and `fan` are those whose unknown calls might explain it, `hall`: anybody's."""

    text: str
    tokens: tuple[int, ...] = ()
    fan: int = -1
    hall: bool = False


class Hold(msgspec.Struct):
    fan: int
    entry: int
    seats: list[int]
    deadline_ms: int
    together: bool
    state: str = "held"
    pay_by_ms: int = 0
    amount: int = 0
    payments: dict[int, tuple[str, int]] = {}

    def due_ms(self) -> int:
        return self.deadline_ms if self.state == "held" else self.pay_by_ms


class Fan(msgspec.Struct):
    """`used`: the last entry whose pass is used up for good; `ordered`: that of the order to be paid."""

    seats: int = 0
    used: int = -1
    ordered: int = -1

    def is_used(self, entry: int) -> bool:
        return entry <= max(self.used, self.ordered)


class Model:
    def __init__(self, night: Night) -> None:
        self.night = night
        self.hall = Hall(night.show)
        self.holds: dict[int, Hold] = {}
        self.fans: dict[int, Fan] = {}
        self.due: list[tuple[int, int]] = []
        self.reclaimed = False
        self._judges = {
            "order": self._order,
            "pay": self._pay,
            "release": self._release,
            "reclaim": self._reclaim,
        }

    def judge(self, op: Op) -> Complaint | None:
        if op.verb == "sweep":
            return self._sweep(op)
        if op.verb == "load":
            return None
        self.lapse(op.at_ms)
        if op.verb == "hold":
            return self._hold(op)
        return self._judges[op.verb](op)

    def lapse(self, now_ms: int) -> None:
        while self.due and self.due[0][0] <= now_ms:
            at_ms, token = heappop(self.due)
            hold = self.holds[token]
            if hold.state in LIVE and hold.due_ms() == at_ms:
                self.give_back(hold, "expired")

    def overdue(self, now_ms: int) -> list[int]:
        """Tokens that lapse by then."""
        found = {token for at_ms, token in self.due if at_ms <= now_ms}
        return [t for t in found if self.holds[t].state in LIVE and self.holds[t].due_ms() <= now_ms]

    def give_back(self, hold: Hold, state: str) -> None:
        fan = self.fans[hold.fan]
        fan.seats -= len(hold.seats)
        if hold.state == "awaiting" and fan.ordered == hold.entry:
            fan.ordered = -1
        hold.state = state
        self.hall.free(hold.seats)

    def fan(self, number: int) -> Fan:
        found = self.fans.get(number)
        if found is None:
            found = self.fans[number] = Fan()
        return found

    def _hold(self, op: Op) -> Complaint | None:
        number, entry, count, _, _, seats = op.asked
        old = self.holds.get(op.token)
        if old:
            return same(op, "REPLAYED", [old.seats, old.deadline_ms, old.together], (op.token,))
        fan = self.fan(number)
        if self.reclaimed:
            return same(op, "SALE_CLOSED", [], (op.token,))
        if fan.is_used(entry):
            return same(op, "PASS_USED_UP", [], (op.token,), number)
        left = self.night.limit - fan.seats
        if count > left:
            return same(op, "OVER_LIMIT", [max(left, 0)], (op.token,), number)
        found = self._best(op) if seats is None else self._exact(op)
        if found is None and op.word == "HELD":
            found = self._take(op, fan)
        return found

    def _take(self, op: Op, fan: Fan) -> Complaint | None:
        number, entry, *_ = op.asked
        seats, deadline_ms, together = op.told
        if deadline_ms != op.at_ms + HOLD_MS:
            return Complaint(f"held until {deadline_ms}, not until {op.at_ms + HOLD_MS}")
        fan.seats += len(seats)
        self.hall.take(seats, op.token)
        self.holds[op.token] = Hold(number, entry, seats, deadline_ms, together, payments={})
        heappush(self.due, (deadline_ms, op.token))
        return None

    def _exact(self, op: Op) -> Complaint | None:
        wish, hall = op.asked[5], self.hall
        unknown = [place for place, seat in enumerate(wish) if seat < 0]
        if unknown:
            return same(op, "NO_SUCH_SEATS", [len(unknown)])
        taken = hall.taken(wish)
        if taken:
            return same(op, "TAKEN", [taken], self._owners(taken), hall=True)
        if op.word == "LEAVES_SINGLE" and self.night.orphans == "strict":
            single, instead = op.told
            good = len(set(instead)) == len(wish) and not hall.taken(instead) and hall.alone(single, wish)
            return None if good else Complaint(f"seat {single} would not be alone, or {instead} are not free")
        if op.word != "HELD":
            return Complaint(f"expected HELD {wish}, for all are free", fan=op.asked[0], hall=True)
        if op.told[0] != sorted(wish):
            return Complaint(f"expected seats {wish}")
        if op.told[2] != hall.together(op.told[0]):
            return Complaint("together, or not: the plan says otherwise")
        return None

    def _best(self, op: Op) -> Complaint | None:
        _, _, count, category, split, _ = op.asked
        hall = self.hall
        if op.word == "HELD":
            return self._given(op)
        if hall.fits(category, count) or (split and hall.counts(category) >= count):
            return Complaint(f"refused, though {count} of {category or 'any'} are free", hall=True)
        largest = hall.largest(category, count)
        return same(op, "NO_FIT" if largest else "SOLD_OUT", [largest] if largest else [], hall=True)

    def _given(self, op: Op) -> Complaint | None:
        _, _, count, category, split, _ = op.asked
        seats, _, together = op.told
        hall = self.hall
        taken = hall.taken(seats)
        if taken:
            return Complaint(f"seats {taken} belong to {self._owners(taken)}", self._owners(taken))
        zones = {hall.category(seat) for seat in seats}
        if len(set(seats)) != count or len(zones) != 1 or not zones <= set(hall.zones(category)):
            return Complaint(f"expected {count} seats of one category, {category or 'any'}")
        if together:
            return None if hall.together(seats) else Complaint("these seats are not together")
        if not split or hall.fits(category, count):
            return Complaint(
                f"seats apart, though {'nobody asked for that' if not split else 'a block is free'}"
            )
        return None

    def _order(self, op: Op) -> Complaint | None:
        hold, (amount,) = self.holds.get(op.token), op.asked
        if hold is None:
            return same(op, "UNKNOWN_HOLD", [], (op.token,))
        if hold.pay_by_ms:
            return same(op, "ORDERED", [hold.pay_by_ms], (op.token,))
        if hold.state != "held":
            return same(op, "EXPIRED", [], (op.token,))
        fan = self.fans[hold.fan]
        if fan.is_used(hold.entry):
            return same(op, "PASS_USED_UP", [], (op.token,), hold.fan)
        if found := same(op, "ORDERED", [op.at_ms + PAY_MS], (op.token,), hold.fan):
            return found
        # An order of a later pass uses up the earlier ones for good.
        fan.used, fan.ordered = max(fan.used, hold.entry - 1), hold.entry
        hold.state, hold.pay_by_ms, hold.amount = "awaiting", op.told[0], amount
        heappush(self.due, (hold.pay_by_ms, op.token))
        return None

    def _pay(self, op: Op) -> Complaint | None:
        hold, (reference, amount) = self.holds.get(op.token), op.asked
        if hold is None or not hold.pay_by_ms:
            return same(op, "UNKNOWN_ORDER", [], (op.token,))
        if reference in hold.payments:
            word, version = hold.payments[reference]
            if word == "CONFIRMED":
                return same(op, "REPLAYED", [version], (op.token,))
            return same(op, word, [], (op.token,))
        if hold.state != "confirmed" and amount != hold.amount:
            return same(op, "WRONG_AMOUNT", [hold.amount], (op.token,))
        word = self._due_word(hold)
        told = op.told if word == "CONFIRMED" else []
        if found := same(op, word, told, (op.token,), hold.fan, hall=word == "LATE_REFUNDED"):
            return found
        if word == "CONFIRMED":
            self._sell(hold, op.token)
        elif word == "LATE_REFUNDED":
            hold.state = "refunded"
        hold.payments[reference] = word, told[0] if told else 0
        return None

    def _due_word(self, hold: Hold) -> str:
        """What the right money gets."""
        if hold.state == "confirmed":
            return "ALREADY_PAID"
        if hold.state == "awaiting":
            return "CONFIRMED"
        fan = self.fans[hold.fan]
        over = fan.seats + len(hold.seats) > self.night.limit
        late = hold.state == "refunded" or self.reclaimed or fan.is_used(hold.entry) or over
        return "LATE_REFUNDED" if late or self.hall.taken(hold.seats) else "CONFIRMED"

    def _sell(self, hold: Hold, token: int) -> None:
        fan = self.fans[hold.fan]
        if hold.state != "awaiting":
            fan.seats += len(hold.seats)
            self.hall.take(hold.seats, token)
        hold.state, fan.used = "confirmed", max(fan.used, hold.entry)

    def _release(self, op: Op) -> Complaint | None:
        hold = self.holds.get(op.token)
        if hold is None:
            return same(op, "UNKNOWN_HOLD", [], (op.token,))
        if hold.state == "confirmed":
            return same(op, "SOLD", [], (op.token,))
        if found := same(op, "RELEASED", [], (op.token,)):
            return found
        if hold.state in LIVE:
            self.give_back(hold, "released")
        return None

    def _sweep(self, op: Op) -> Complaint | None:
        due = self.overdue(op.at_ms)
        if found := same(op, "SWEPT", [len(due)], tuple(due)):
            return found
        self.lapse(op.at_ms)
        return None

    def _reclaim(self, op: Op) -> Complaint | None:
        """Holds go back; the answer tells seats sold, kept by unpaid orders, and free."""
        stay: dict[str, list[int]] = {"awaiting": [], "confirmed": []}
        for hold in self.holds.values():
            if hold.state in stay:
                stay[hold.state] += hold.seats
        kept = set(stay["awaiting"]) | set(stay["confirmed"])
        back = [seat for seat in range(len(self.hall.place)) if seat not in kept]
        told = [sorted(stay["confirmed"]), sorted(stay["awaiting"]), back]
        if op.told and (found := same(op, "RECLAIMED", told, tuple(self.holds), hall=True)):
            return found
        for hold in self.holds.values():
            if hold.state == "held":
                self.give_back(hold, "released")
        self.reclaimed = True
        return None

    def _owners(self, seats: list[int]) -> tuple[int, ...]:
        return tuple({self.hall.owner[seat] for seat in seats})


def same(
    op: Op, word: str, told: Sequence[object], tokens: tuple[int, ...] = (), fan: int = -1, hall: bool = False
) -> Complaint | None:
    """None when the answer is the one expected."""
    if op.word == word and op.told == told:
        return None
    return Complaint(f"expected {word} {told}".replace("[]", "").strip(), tokens, fan, hall)
