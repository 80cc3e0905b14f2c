"""The allocator as it should be, in plain Python: slow, obvious, and sharing nothing with the Lua."""

from dataclasses import dataclass, field
from itertools import groupby
from math import inf

from allocator.catalogue import OnSale
from tests.allocator_stage import HOUR_MS, SALE

FREE = "."


@dataclass
class Record:
    fan: str
    entry: int
    seats: tuple[int, ...]
    deadline_ms: int
    state: str = "held"
    pay_by_ms: int = 0
    forget_ms: float = inf
    outcomes: dict[str, str] = field(default_factory=dict)

    @property
    def due_ms(self) -> int:
        return self.pay_by_ms if self.state == "awaiting" else self.deadline_ms


class Model:
    """One showtime of one sale; every method returns the name of the answer that is right."""

    def __init__(self, show: OnSale, seats: str, limit: int) -> None:
        self.show = show
        self.seats = list(seats)
        self.limit = limit
        self.records: dict[str, Record] = {}
        self.used: dict[str, int] = {}
        self.reclaimed = False

    def lapse(self, now_ms: int) -> None:
        for token, record in list(self.records.items()):
            if record.state in ("held", "awaiting") and record.due_ms <= now_ms:
                self._give_back(record, "expired", now_ms)
            elif record.forget_ms <= now_ms:
                del self.records[token]

    def owned(self, fan: str) -> int:
        return sum(
            len(record.seats)
            for record in self.records.values()
            if record.fan == fan and record.state in ("held", "awaiting", "confirmed")
        )

    def hold_refusal(self, token: str, fan: str, entry: int, count: int) -> str | None:
        if token in self.records:
            return "Replayed"
        if self.reclaimed:
            return "ShowtimeReclaimed"
        if self.is_used(fan, entry):
            return "PassUsedUp"
        return "OverLimit" if self.owned(fan) + count > self.limit else None

    def exact(self, token: str, fan: str, entry: int, seats: tuple[int, ...]) -> str:
        if refusal := self.hold_refusal(token, fan, entry, len(seats)):
            return refusal
        return "Held" if self.are_free(seats) else "SeatsTaken"

    def best(self, token: str, fan: str, entry: int, count: int, category: str, split: bool) -> str:
        if refusal := self.hold_refusal(token, fan, entry, count):
            return refusal
        free = sum(
            letter == FREE and self.show.geometry.category(i) == category for i, letter in self._numbered()
        )
        if self.longest(category) >= count or (split and free >= count):
            return "Held"
        return "NoFit" if free else "SoldOut"

    def took(self, token: str, fan: str, entry: int, seats: tuple[int, ...], now_ms: int) -> None:
        assert self.are_free(seats), f"{seats} were not free"
        self._mark(seats, "h")
        self.records[token] = Record(fan, entry, seats, now_ms + SALE.hold_ms)

    def order(self, token: str, now_ms: int) -> str:
        record = self.records.get(token)
        if record is None:
            return "UnknownHold"
        if record.pay_by_ms:
            return "Ordered"
        if record.state != "held":
            return "HoldExpired"
        if self.is_used(record.fan, record.entry):
            return "PassUsedUp"
        record.state, record.pay_by_ms = "awaiting", now_ms + SALE.pay_ms
        # An order of a later pass uses up the earlier ones for good.
        self.used[record.fan] = max(self.used.get(record.fan, -1), record.entry - 1)
        return "Ordered"

    def pay(self, token: str, reference: str, *, right: bool) -> str:
        record = self.records.get(token)
        if record is None or not record.pay_by_ms:
            return "UnknownOrder"
        if reference in record.outcomes:
            return record.outcomes[reference]
        if record.state == "confirmed":
            return record.outcomes.setdefault(reference, "AlreadyPaid")
        if not right:
            return "WrongAmount"
        if record.state != "awaiting" and not self.is_still_to_be_had(record):
            record.state = "refunded"
            return record.outcomes.setdefault(reference, "LateRefunded")
        record.state = "confirmed"
        self._mark(record.seats, "s")
        self.used[record.fan] = max(self.used.get(record.fan, -1), record.entry)
        return record.outcomes.setdefault(reference, "OrderConfirmed")

    def release(self, token: str, now_ms: int) -> str:
        record = self.records.get(token)
        if record is None:
            return "UnknownHold"
        if record.state == "confirmed":
            return "AlreadyPaid"
        if record.state in ("held", "awaiting"):
            self._give_back(record, "released", now_ms)
        return "Released"

    def reclaim(self, now_ms: int) -> None:
        self.reclaimed = True
        for token, record in self.records.items():
            if record.state == "held":
                self.release(token, now_ms)

    def records_for_the_ledger(self) -> int:
        return sum(len(record.outcomes) for record in self.records.values())

    def is_used(self, fan: str, entry: int) -> bool:
        """An order of the pass, or of a later one, is paid or awaits its payment."""
        awaiting = (r.entry for r in self.records.values() if r.fan == fan and r.state == "awaiting")
        return max([self.used.get(fan, -1), *awaiting]) >= entry

    def is_still_to_be_had(self, record: Record) -> bool:
        """Late money buys by its pass, within the limit, and only free seats of a showtime that sells."""
        if record.state == "refunded" or self.reclaimed or self.is_used(record.fan, record.entry):
            return False
        within = self.owned(record.fan) + len(record.seats) <= self.limit
        return within and self.are_free(record.seats)

    def are_free(self, seats: tuple[int, ...]) -> bool:
        return all(self.seats[seat] == FREE for seat in seats)

    def longest(self, category: str) -> int:
        """The longest line of free neighbours of one category."""
        geometry = self.show.geometry
        most = 0
        for first, length in geometry.runs:
            places = range(first, first + length)
            for (letter, zone), block in groupby(places, key=lambda i: (self.seats[i], geometry.category(i))):
                if (letter, zone) == (FREE, category):
                    most = max(most, len(list(block)))
        return most

    def _numbered(self) -> enumerate[str]:
        return enumerate(self.seats)

    def _give_back(self, record: Record, state: str, now_ms: int) -> None:
        self._mark(record.seats, FREE)
        record.state = state
        if not record.pay_by_ms:
            record.forget_ms = now_ms + HOUR_MS

    def _mark(self, seats: tuple[int, ...], letter: str) -> None:
        for seat in seats:
            self.seats[seat] = letter
