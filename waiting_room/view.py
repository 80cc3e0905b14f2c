"""What one worker knows of one sale's line: a replay of the admissions log, never older than a few ticks.

Place checks read only this. Every worker that has read the same log answers the same.
"""

from typing import Final

import msgspec

from allocator.sale import Sale, SaleState
from waiting_room.admissions import RECORD_BYTES, Record, records
from waiting_room.answers import SeatsLeft, Where, Why
from waiting_room.draw import Draw
from waiting_room.pace import DecayedCount, Rate
from waiting_room.place import Place
from waiting_room.presence import Presence

ESTIMATE_EVERY_MS: Final = 1000
ENDED: Final[dict[int, Why]] = {ord("t"): "timed-out", ord("d"): "bought", ord("l"): "left"}
AWAY: Final = "We are reconnecting. Your place is kept."
CHECKING: Final = "The sale is paused while its records are checked. Your place is kept."


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The answer of `usher_view` after its word.

    `base`: the first entry since the store was rebuilt; `back`: earlier fans who came back and wait.
    """

    epoch: int
    now_ms: int
    state: SaleState
    reason: str
    serving: int
    joined: int
    drawn: int
    capacity: int
    length: int
    base: int
    back: int


class SaleView:
    """The line of one sale as this worker sees it. `presence` gathers the polls that this worker answers."""

    def __init__(self, sale: Sale) -> None:
        self.sale = sale
        self.presence = Presence()
        self.known = False
        self.pulse = b""
        self.left: SeatsLeft | None = None
        self.polls = 0
        self.load = 0.0
        self.estimated_ms = 0
        self.told: tuple[str | None, str, int] | None = None
        self.trouble: str | None = AWAY
        self.epoch = self.now_ms = self.offset = 0
        self.forget()

    def forget(self) -> None:
        """Back to knowing nothing of the line: the log is to be read from its start."""
        self.state: SaleState = "scheduled"
        self.reason = ""
        self.serving = self.joined = self.offset = self.called = 0
        self.base = self.back = self.called_since = 0
        self.drawn = -1
        self.capacity = self.sale.capacity
        self.draw: Draw | None = None
        self.ended = bytearray()
        self.invited: dict[int, int] = {}
        self.inside: dict[int, int] = {}
        self.moved = DecayedCount()
        self.admitted = DecayedCount()
        self._logged_serving = 0
        self.pieces: dict[int, bytes] = {}
        self.rate = Rate(self.moved, 0, self.capacity, self.sale.shopping_ms)

    def take(self, head: Head, tail: bytes, offset: int) -> bool:
        """One answer of the store: the fields of now, and the bytes of the log from `offset`. True when all
        is known.

        Two reads may be under way at once; the later answer to the same offset repeats bytes and is dropped.
        """
        if head.length < self.offset:
            # The store has lost records and was opened all the same: what it says now is what holds.
            self.forget()
            return False
        if offset != self.offset:
            return False
        if head.epoch != self.epoch:
            self.presence.forget()
        self.epoch, self.now_ms, self.state, self.reason = head.epoch, head.now_ms, head.state, head.reason
        self.serving, self.joined, self.capacity = head.serving, head.joined, head.capacity
        self.base, self.back = head.base, head.back
        self.set_drawn(head.drawn)
        usable = len(tail) - len(tail) % RECORD_BYTES
        for record in records(tail[:usable]):
            self._replay(record)
        self.offset += usable
        self.known = self.offset >= head.length
        return self.known

    def take_load(self, comfort_per_s: int) -> float:
        """Polls since the last estimate against what a worker carries in comfort."""
        seconds = max(self.now_ms - self.estimated_ms, ESTIMATE_EVERY_MS) / 1000
        polls, self.polls = self.polls, 0
        return polls / seconds / comfort_per_s

    def estimate(self, load: float) -> None:
        """Take the pace of now for the estimates to come, which costs the pieces made from the last one."""
        self.load, self.estimated_ms, self.told = load, self.now_ms, self._telling()
        self.rate = Rate(self.moved, self.now_ms, self.capacity, self.sale.shopping_ms)
        self.pieces = {}

    def is_stale(self) -> bool:
        """True when the estimates are from another second, or say what no longer holds."""
        return abs(self.now_ms - self.estimated_ms) >= ESTIMATE_EVERY_MS or self.told != self._telling()

    def set_drawn(self, drawn: int) -> None:
        """The sale has opened with so many entries in the draw; -1 before."""
        if drawn != self.drawn:
            self.drawn = drawn
            self.draw = Draw(self.sale.seed, drawn) if drawn >= 0 else None

    def rank_of(self, entry: int) -> int | None:
        """The rank, or None before the open: the draw first, then arrival order."""
        if self.draw is None:
            return None
        return self.draw.rank(entry) if entry < self.drawn else entry

    def why_ended(self, entry: int) -> Why | None:
        return ENDED.get(self.ended[entry]) if entry < len(self.ended) else None

    def hear(self, place: Place) -> None:
        """A poll: whoever waits is present. A rank its token does not say yet is looked up at the flush."""
        self.polls += 1
        if self.where(place.entry) == "waiting":
            self.presence.note(place.entry, place.rank)

    def where(self, entry: int) -> Where:
        """How a place stands."""
        if self.why_ended(entry):
            return "done"
        if entry in self.inside:
            return "inside"
        if self.state == "closed":
            return "closed"
        return "invited" if entry in self.invited else "waiting"

    @property
    def waiting(self) -> int:
        """Places that were neither called in nor given up; of those from before a rebuild who came back."""
        return max(0, self.joined_since - self.called_since) + self.back

    @property
    def joined_since(self) -> int:
        """Who joined, since the store was rebuilt if it was: entries go on far above the earlier ones."""
        return self.joined - self.base

    @property
    def shown_state(self) -> SaleState:
        return "paused" if self.trouble == CHECKING and self.state == "open" else self.state

    @property
    def message(self) -> str | None:
        return self.trouble or self.reason or None

    def _telling(self) -> tuple[str | None, str, int]:
        return self.message, self.shown_state, self.capacity

    def _replay(self, record: Record) -> None:
        entry = record.entry
        match record.kind:
            case "i":
                self.invited[entry] = record.until_ms
                self._count_called(entry)
            case "a":
                self.invited.pop(entry, None)
                self.inside[entry] = record.until_ms
                self.admitted.add(1, record.at_ms)
            case "t" | "d" | "l":
                self._end(record)
            case "s":
                # The first filling of the room says nothing about how fast it empties.
                if self.called > self.capacity:
                    self.moved.add(entry - self._logged_serving, record.at_ms)
                self._logged_serving = entry
            case "x":
                for deadlines in (self.invited, self.inside):
                    for late in deadlines:
                        deadlines[late] += record.span_ms

    def _end(self, record: Record) -> None:
        entry = record.entry
        called = self.invited.pop(entry, None) is not None
        called = self.inside.pop(entry, None) is not None or called
        if not called:
            self._count_called(entry)
        if entry >= len(self.ended):
            self.ended.extend(bytes(max(1024, entry + 1 - len(self.ended))))
        self.ended[entry] = ord(record.kind)

    def _count_called(self, entry: int) -> None:
        self.called += 1
        self.called_since += entry >= self.base
