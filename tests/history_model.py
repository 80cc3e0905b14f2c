"""One night as it must have gone: judges each answer by what was decided before it.

`judge` gives a complaint, or None and takes the effect on; after a complaint nothing has changed. It shares
no line with the seat functions. Two things it believes: that the block given is the nearest to the focal
point, and that a seat is left alone only where the rule allows it.
"""

from collections.abc import Iterable
from copy import copy
from heapq import heappop, heappush
from itertools import chain

from msgspec.structs import replace

from tests.history_complaint import Complaint, same
from tests.history_hall import Hall
from tests.history_hold import LIVE, NOBODY, Fan, Hold
from tests.history_night import HOLD_MS, PAY_MS, Night
from tests.history_op import Op


class Model:
    def __init__(self, night: Night) -> None:
        self.night = night
        self.hall = Hall(night.show)
        self.holds: dict[int, Hold] = {}
        self.fans: dict[int, Fan] = {}
        self.due: list[tuple[int, int]] = []
        self.reclaimed = False

    def is_like(self, other: "Model") -> bool:
        """What comes next is judged the same."""
        return (
            self.hall.line == other.hall.line
            and self.reclaimed == other.reclaimed
            and self.fans == other.fans
            and self.holds == other.holds
        )

    def copy(self) -> "Model":
        other = copy(self)
        other.hall, other.holds, other.fans = self.hall.copy(), self.holds.copy(), self.fans.copy()
        other.due = self.due.copy()
        return other

    def judge(self, op: Op) -> Complaint | None:
        if op.verb == "sweep":
            return self._sweep(op)
        if op.verb == "load":
            return None
        self.lapse(op.at_ms)
        match op.verb:
            case "hold":
                return self._hold(op)
            case "order":
                return self._order(op)
            case "pay":
                return self._pay(op)
            case "release":
                return self._release(op)
        return self._reclaim(op)

    def lapse(self, now_ms: int) -> None:
        while self.due and self.due[0][0] <= now_ms:
            at_ms, token = heappop(self.due)
            hold = self.holds[token]
            if hold.state in LIVE and hold.due_ms() == at_ms:
                self.give_back(token)

    def overdue(self, now_ms: int) -> list[int]:
        """Tokens that lapse by then."""
        found = {token for at_ms, token in self.due if at_ms <= now_ms}
        return [t for t in found if self.holds[t].state in LIVE and self.holds[t].due_ms() <= now_ms]

    def sold(self) -> set[int]:
        found = (hold.seats for hold in self.holds.values() if hold.state == "confirmed")
        return {*chain.from_iterable(found)}

    def give_back(self, token: int) -> None:
        hold = self.holds[token]
        fan = self.fans[hold.fan]
        is_ordered = hold.state == "awaiting" and fan.ordered == hold.entry
        ordered = -1 if is_ordered else fan.ordered
        self.fans[hold.fan] = replace(fan, seats=fan.seats - len(hold.seats), ordered=ordered)
        self.holds[token] = replace(hold, state="back")
        self.hall.free(hold.seats)

    def order_late(self, op: Op) -> None:
        """The order of a hold that was given back since."""
        hold = self.holds[op.token]
        self.holds[op.token] = replace(hold, pay_by_ms=op.told[0], amount=op.asked[0])
        self._use_up(hold.fan, hold.entry - 1)

    def refund(self, token: int, reference: int) -> None:
        hold = self.holds[token]
        payments = {**hold.payments, reference: ("LATE_REFUNDED", 0)}
        self.holds[token] = replace(hold, state="refunded", payments=payments)

    def _use_up(self, number: int, entry: int, **more: int) -> None:
        fan = self.fans[number]
        self.fans[number] = replace(fan, used=max(fan.used, entry), **more)

    def _hold(self, op: Op) -> Complaint | None:
        number, entry, count, _, _, seats = op.asked
        old = self.holds.get(op.token)
        if old:
            return same(op, "REPLAYED", [old.seats, old.deadline_ms, old.together], (op.token,))
        fan = self.fans.get(number, NOBODY)
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
        self.fans[number] = replace(fan, seats=fan.seats + len(seats))
        self.hall.take(seats, op.token)
        self.holds[op.token] = Hold(number, entry, seats, deadline_ms, together)
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
            told = f"seat {single} would not be alone, or {instead} are not free"
            owners = self._owners(hall.taken([single, *instead]))
            return None if good else Complaint(told, owners, hall=True)
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
        self._use_up(hold.fan, hold.entry - 1, ordered=hold.entry)
        self.holds[op.token] = replace(hold, state="awaiting", pay_by_ms=op.told[0], amount=amount)
        heappush(self.due, (op.told[0], op.token))
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
            self.refund(op.token, reference)
            return None
        hold = self.holds[op.token]
        payments = {**hold.payments, reference: (word, told[0] if told else 0)}
        self.holds[op.token] = replace(hold, payments=payments)
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
        seats = self.fans[hold.fan].seats
        if hold.state != "awaiting":
            seats += len(hold.seats)
            self.hall.take(hold.seats, token)
        self._use_up(hold.fan, hold.entry, seats=seats)
        self.holds[token] = replace(hold, state="confirmed")

    def _release(self, op: Op) -> Complaint | None:
        hold = self.holds.get(op.token)
        if hold is None:
            return same(op, "UNKNOWN_HOLD", [], (op.token,))
        if hold.state == "confirmed":
            return same(op, "SOLD", [], (op.token,))
        if found := same(op, "RELEASED", [], (op.token,)):
            return found
        if hold.state in LIVE:
            self.give_back(op.token)
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
        if op.told and told != op.told:
            moved = {seat for mine, its in zip(told, op.told, strict=True) for seat in {*mine} ^ {*its}}
            return same(op, "RECLAIMED", told, self._owners(self.hall.taken(moved)))
        for token, hold in [*self.holds.items()]:
            if hold.state == "held":
                self.give_back(token)
        self.reclaimed = True
        return None

    def _owners(self, seats: Iterable[int]) -> tuple[int, ...]:
        return tuple({self.hall.owner[seat] for seat in seats})
