"""The kinds of faults, how often each strikes in a campaign, and the order that a seed gives them."""

import random
from typing import Final

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """`does`, to `target`; `share`: how many of the 112 faults of a full campaign are of this kind."""

    does: str
    target: str
    share: int

    @property
    def name(self) -> str:
        return f"{self.does}-{self.target}"


KINDS: Final = (
    Kind("kill", "valkey", 14),
    Kind("kill", "postgres", 10),
    Kind("kill", "writer", 10),
    Kind("kill", "worker", 14),
    Kind("kill", "clock", 8),  # the batch clock, `usher admit`
    Kind("kill", "all", 5),
    Kind("power", "valkey", 20),  # killed, and every byte cut off that was not certainly on disk
    Kind("stop", "valkey", 2),
    Kind("stop", "postgres", 2),
    Kind("stop", "writer", 2),
    Kind("stop", "worker", 2),
    Kind("stop", "clock", 1),
    Kind("cut", "valkey", 4),  # every connection closed, and new ones refused for a while
    Kind("cut", "postgres", 3),
    Kind("cut", "doors", 3),
    Kind("drop", "valkey", 2),  # every question arrives, no answer does
    Kind("drop", "postgres", 2),
    Kind("drop", "doors", 1),
    Kind("slow", "valkey", 1),
    Kind("full", "valkey", 2),  # no file can grow
    Kind("full", "postgres", 2),
    Kind("ahead", "time", 3),  # the clock of the store is set forward
    Kind("back", "time", 3),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
FULL: Final = sum(kind.share for kind in KINDS)


def plan(count: int, dice: random.Random, kinds: tuple[Kind, ...] = KINDS) -> list[Kind]:
    """`count` faults in the shares of the kinds; below a full campaign each kind still has its turn first."""
    deck = [kind for kind in kinds for _ in range(kind.share)]
    drawn: list[Kind] = []
    while len(drawn) < count:
        dice.shuffle(deck)
        drawn += deck
    if count < len(deck):
        drawn = [*kinds, *drawn]
    chosen = drawn[:count]
    dice.shuffle(chosen)
    return chosen
