"""What a rush says on a terminal: it fits, its words are whole, and a wrong word is refused at once."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.test_rush_crowd import MEASURED
from tests.test_rush_proofs import GOOD
from usher.rush import rush
from usher.rush_crowd import Standing
from usher.rush_progress import Bar
from usher.rush_report import report_of, table_of
from usher.rush_tape import Tape
from usher.rush_watch import Memory, bytes_per_fan

FANS = {"gone": 12_345, "paying": 123, "shopping": 600, "waiting": 45_678}


def printed(what: object, columns: int) -> list[str]:
    console = Console(width=columns, file=StringIO())
    console.print(what)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("columns", [60, 80])
def test_bar_time_and_words_fit_a_terminal(columns: int) -> None:
    bar = Bar(Console(width=columns, file=StringIO()))
    bar.show(Standing(seats_sold=12_345, seats_held=1_234, inside=600, fans=FANS), 20_400)
    seats, fans = printed(bar.get_renderable(), columns)
    drawn, words, _ = seats.partition(" 12,345/20,400 sold, 1,234 held, 600 inside ")
    assert words
    assert len(drawn) >= 6
    assert fans == "fans: 45,678 waiting, 600 shopping, 123 paying, 12,345 gone"


def test_the_summary_says_who_came_again_and_what_the_pace_was() -> None:
    tape = Tape()
    tape.counts["came back for leftovers"] = 67
    lines = printed(table_of(report_of(GOOD, tape, MEASURED)), 80)
    rows = {line[:22].strip(): line[22:].strip().split(maxsplit=1) for line in lines}
    assert rows["fans"] == ["10", "1 showtime, 2 inside at most"]
    assert rows["came back"] == ["67", "visits for what was left, until sold out"]
    assert rows["refunds"] == ["3", "paid too late or twice, told as given back"]
    assert rows["orders/s"] == ["1.0", "the fans' pace, not what Usher can take"]


@pytest.mark.parametrize(
    ("fans", "used", "own", "told"),
    [
        (2_000, 200_000, 10_000, (100.0, 5.0)),
        (2_000, 9_000, 10_000, (None, 5.0)),  # something else went meanwhile
        (20, -632, 100, (None, 5.0)),
        (0, 0, 0, (None, None)),
    ],
)
def test_bytes_per_fan_are_told_where_they_mean_something(
    fans: int, used: int, own: int, told: tuple[float | None, float | None]
) -> None:
    assert bytes_per_fan(Memory(1_000, 100), Memory(1_000 + used, 100 + own), fans) == told


def test_a_summary_without_bytes_has_no_row_for_them() -> None:
    few = msgspec.structs.replace(MEASURED, valkey_bytes_per_fan=None)
    told = ["\n".join(printed(table_of(report_of(GOOD, Tape(), one)), 80)) for one in (MEASURED, few)]
    assert ["Valkey's bytes" in text for text in told] == [True, False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fans", "abc"), "'abc' is not a valid whole number."),
        (("--minutes-max", "long"), "'long' is not a valid number."),
        (("--json", "missing/x.json"), "the report cannot be written: missing is no folder that"),
    ],
)
def test_what_it_is_told_wrongly_ends_a_rush_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(rush, words)
    assert ended.exit_code != 0
    assert said in ended.output
    assert list(tmp_path.iterdir()) == []
