"""A hold and its fan as the model has them; a change makes another one, so worlds may share them."""

from typing import Final

import msgspec

LIVE: Final = ("held", "awaiting")


class Hold(msgspec.Struct, frozen=True):
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


class Fan(msgspec.Struct, frozen=True):
    """`used`: the last entry whose pass is used up for good; `ordered`: that of the order to be paid."""

    seats: int = 0
    used: int = -1
    ordered: int = -1

    def is_used(self, entry: int) -> bool:
        return entry <= max(self.used, self.ordered)


NOBODY: Final = Fan()
