"""What a fan picks: a showtime, a category, seats side by side. Pure, with the fan's own dice."""

import random
from typing import Any

import msgspec

from allocator.plan import Plan, seat_name


class Layout(msgspec.Struct, frozen=True):
    """A hall as a shopper reads it: runs of neighbouring (seat, category)."""

    runs: tuple[tuple[tuple[str, str], ...], ...]

    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(category for run in self.runs for _, category in run))


def layout_of(plan: Plan) -> Layout:
    return Layout(
        tuple(
            tuple((str(seat_name(row, seat)), seat.category) for seat in run)
            for row in plan.rows
            for run in row.runs
        )
    )


def pick_showtime(free: dict[str, int], dice: random.Random) -> str | None:
    """One with seats left, the emptier the likelier; None when nothing is free."""
    shows = [show for show, left in free.items() if left > 0]
    if not shows:
        return None
    return dice.choices(shows, [free[show] for show in shows])[0]


def pick_category(layout: Layout, taken: frozenset[str], dice: random.Random) -> str | None:
    """One with free seats, the emptier the likelier; None when the hall is full."""
    free: dict[str, int] = {}
    for run in layout.runs:
        for name, category in run:
            if name not in taken:
                free[category] = free.get(category, 0) + 1
    return dice.choices(list(free), list(free.values()))[0] if free else None


def pick_block(layout: Layout, taken: frozenset[str], count: int, dice: random.Random) -> tuple[str, ...]:
    """`count` free neighbours somewhere in the hall, or nothing when no run has them."""
    runs = list(layout.runs)
    dice.shuffle(runs)
    for run in runs:
        starts = [
            at
            for at in range(len(run) - count + 1)
            if all(name not in taken for name, _ in run[at : at + count])
        ]
        if starts:
            at = dice.choice(starts)
            return tuple(name for name, _ in run[at : at + count])
    return ()


def smaller(asked: int, problem: dict[str, Any]) -> int:
    """The next size to ask for after a refusal: what is said to be left, or one less; 0: look elsewhere."""
    for word in ("largest", "left"):
        told = problem.get(word)
        if isinstance(told, int):
            return min(told, asked - 1)
    return asked - 1
