"""The waiting room as a few plain rules: what a seeded model test holds the real one to.

Who is invited is taken from the real room; the rules say whether that was right. Everything else is
predicted.
"""

from collections.abc import Callable, Iterable

from allocator.sale import Sale

Rank = Callable[[int], int]


class QueueModel:
    """Places by entry: their state, their deadline, and the last presence window that the store heard of."""

    def __init__(self, sale: Sale) -> None:
        self.capacity, self.presence_ms = sale.capacity, sale.presence_ms
        self.paused_ms: int | None = None
        self.states: list[str] = []
        self.deadlines: dict[int, int] = {}
        self.heard: list[int] = []

    def join(self, now_ms: int) -> int:
        self.states.append("waiting")
        self.heard.append(now_ms // self.presence_ms)
        return len(self.states) - 1

    def hear(self, entries: Iterable[int], now_ms: int) -> None:
        for entry in entries:
            self.heard[entry] = now_ms // self.presence_ms

    def is_present(self, entry: int, now_ms: int) -> bool:
        return self.heard[entry] >= now_ms // self.presence_ms - 1

    def claim(self, entry: int, now_ms: int) -> str:
        """The word that the claim must be answered with; `ends` is set by the caller when it is ADMITTED."""
        live = self.paused_ms is not None or self.deadlines.get(entry, 0) > now_ms
        if self.states[entry] == "inside" and live:
            return "INSIDE"
        if self.paused_ms is not None:
            return "SALE_PAUSED"
        return "ADMITTED" if self.states[entry] == "invited" and live else "NOT_YOUR_TURN"

    def end(self, entry: int) -> bool:
        """True when the place was not over before."""
        was = self.states[entry]
        self.states[entry] = "done"
        self.deadlines.pop(entry, None)
        return was != "done"

    def pause(self, now_ms: int) -> None:
        if self.paused_ms is None:
            self.paused_ms = now_ms

    def resume(self, now_ms: int) -> None:
        if self.paused_ms is not None:
            by_ms = -(-(now_ms - self.paused_ms) // 1000) * 1000
            self.deadlines = {entry: at_ms + by_ms for entry, at_ms in self.deadlines.items()}
            self.paused_ms = None

    def lapse(self, now_ms: int) -> None:
        """What a tick ends before it invites."""
        if self.paused_ms is None:
            for entry, at_ms in list(self.deadlines.items()):
                if at_ms <= now_ms:
                    self.end(entry)

    def invite(self, entries: set[int], now_ms: int, claim_ms: int, rank: Rank) -> None:
        """What a tick invited, all at once: only the present, in rank order, up to the capacity, leaving no
        room."""
        if self.paused_ms is not None:
            assert not entries, "a paused sale invites nobody"
            return
        for entry in entries:
            assert self.states[entry] == "waiting", f"{entry} was {self.states[entry]}"
            assert self.is_present(entry, now_ms), f"{entry} is absent"
            self.states[entry] = "invited"
            self.deadlines[entry] = now_ms + claim_ms
        passed = [
            entry for entry in self.present_waiting(now_ms) for other in entries if rank(entry) < rank(other)
        ]
        assert not passed, f"{passed} were passed over"
        room = self.capacity - len(self.deadlines)
        assert room >= 0 or not entries, f"{-room} too many"
        assert room <= 0 or not self.present_waiting(now_ms), "there was room for those who wait"

    def present_waiting(self, now_ms: int) -> list[int]:
        states = enumerate(self.states)
        return [entry for entry, state in states if state == "waiting" and self.is_present(entry, now_ms)]
