"""How a rush goes on, told while it runs: a bar for people, plain lines for a file or a pipe."""

from collections.abc import Iterable
from typing import Final

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from usher.rush_crowd import Standing

PLAIN_EVERY_S: Final = 3.0
STAGES: Final = ("coming", "waiting", "shopping", "paying", "gone")


class Bar(Progress):
    """The seats on the first line, the fans on the second: together they are wider than a terminal."""

    def __init__(self, console: Console) -> None:
        # Set first: the base class draws itself while it is made.
        self._fans = "before the open"
        seats = TextColumn("{task.fields[seats]}")
        super().__init__(BarColumn(bar_width=None), seats, TimeElapsedColumn(), console=console, expand=True)
        self._bar = self.add_task("", total=None, seats="")

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield Text(self._fans, no_wrap=True, overflow="ellipsis")

    def show(self, standing: Standing, seats: int) -> None:
        self._fans = fans_words(standing)
        self.update(self._bar, total=seats, completed=standing.seats_sold, seats=seats_words(standing, seats))


class PlainLines:
    """One line each few seconds."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def show(self, standing: Standing, seats: int) -> None:
        if standing.at_s >= self._next_s:
            self._next_s = standing.at_s + PLAIN_EVERY_S
            click.echo(f"{standing.at_s:6.1f} s  {seats_words(standing, seats)} | {fans_words(standing)}")


def seats_words(standing: Standing, seats: int) -> str:
    """How the sale stands."""
    return f"{standing.seats_sold:,}/{seats:,} sold, {standing.seats_held:,} held, {standing.inside:,} inside"


def fans_words(standing: Standing) -> str:
    """Where the fans are, in the order of a fan's life."""
    fans = standing.fans
    return "fans: " + (
        ", ".join(f"{fans[stage]:,} {stage}" for stage in STAGES if stage in fans) or "none yet"
    )
