"""Who comes, when, and in what temper: the crowd of a rush, drawn from a seed before it starts."""

import random
from typing import Literal

import msgspec

Manner = Literal["buys", "lets_lapse", "releases", "never_pays", "pays_late", "walks_off"]
MANNERS: tuple[tuple[Manner, float], ...] = (
    ("buys", 0.82),
    ("lets_lapse", 0.05),  # takes a hold and forgets it
    ("releases", 0.05),  # takes a hold, gives it back, then buys something else
    ("never_pays", 0.03),  # makes an order and does not pay
    ("pays_late", 0.01),  # pays after the time to pay has ended
    ("walks_off", 0.04),  # joins, polls once and is not seen again
)
EARLY_SHARE = 0.6
JOINS_PER_S_MAX = 1_000


class Temper(msgspec.Struct, frozen=True, kw_only=True):
    """One fan. `comes_s`: seconds from the open, negative for those who wait for it."""

    number: int
    comes_s: float
    manner: Manner
    party: int
    exact: bool
    split: bool
    picky: bool
    naps: bool
    declines_first: bool
    by_provider: bool
    thinks_s: float


def draw_crowd(fans: int, seats: int, party_max: int, seed: int) -> tuple[list[Temper], float]:
    """The crowd in order of arrival, and the seconds before the open that its early part needs."""
    early = int(fans * EARLY_SHARE)
    before_s = max(2.0, early / JOINS_PER_S_MAX)
    spike_s = max(1.0, (fans - early) / JOINS_PER_S_MAX)
    mean_party = min(max(1.6 * seats / max(fans, 1), 2.2), party_max)
    crowd = [
        _temper(chance(seed, number), number, number < early, before_s, spike_s, mean_party, party_max)
        for number in range(fans)
    ]
    return sorted(crowd, key=lambda temper: temper.comes_s), before_s


def chance(seed: int, number: int) -> random.Random:
    """The dice of one fan: the same seed gives the same fan, whatever the others do."""
    return random.Random(f"{seed}:{number}")  # noqa: S311 - a crowd must repeat from its seed; no secret here


def _temper(
    dice: random.Random,
    number: int,
    early: bool,
    before_s: float,
    spike_s: float,
    mean_party: float,
    party_max: int,
) -> Temper:
    # After the open most come at once and the rest ever more thinly: exponential, cut at four means.
    comes_s = -dice.uniform(0, before_s) if early else min(dice.expovariate(1 / spike_s), 4 * spike_s)
    party = min(max(round(dice.gauss(mean_party, 1.0)), 1), party_max)
    return Temper(
        number=number,
        comes_s=comes_s,
        manner=dice.choices([word for word, _ in MANNERS], [share for _, share in MANNERS])[0],
        party=party,
        exact=dice.random() < 0.35,
        split=dice.random() < 0.1,
        picky=dice.random() < 0.3,
        naps=dice.random() < 0.04,
        declines_first=dice.random() < 0.05,
        by_provider=dice.random() < 0.3,
        thinks_s=dice.uniform(0.05, 0.6),
    )
