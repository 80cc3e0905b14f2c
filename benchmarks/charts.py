"""Charts of what was found, as SVG files of their own: nothing to install, nothing to load."""

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from benchmarks.finding import Finding
from benchmarks.table import number

WIDTH: Final = 900
ROW: Final = 26
LABEL: Final = 370
RIGHT: Final = 90
MET, MISSED, LINE = "#2f7d4f", "#b3402f", "#667"
COLOURS: Final = ("#2f6db3", "#2f7d4f", "#b3702f", "#8a3fa8", "#b3402f")
TIMES_MAX: Final = 4.0
"""A bar ends at four times its mark."""


def write(findings: list[Finding], folder: Path) -> list[Path]:
    """Writes `ratios.svg` and `growth.svg`, each where there is something to show."""
    folder.mkdir(parents=True, exist_ok=True)
    marked = [one for one in findings if one.mark is not None and not one.points]
    growing = [one for one in findings if one.points]
    written = []
    for name, shown, draw in (("ratios.svg", marked, ratios), ("growth.svg", growing, growth)):
        if shown:
            (folder / name).write_text(draw(shown), "utf-8")
            written.append(folder / name)
    return written


def ratios(findings: list[Finding]) -> str:
    """A bar for each mark; the line is the mark itself, and right of it is always the good side."""
    height = ROW * len(findings) + 60
    span = WIDTH - LABEL - RIGHT
    mark_x = LABEL + span / TIMES_MAX
    drawn = [_text(10, 24, "Ratios against their marks; the line is the mark, better is to the right", 15)]
    for row, one in enumerate(findings):
        assert one.mark is not None
        times = one.mark.value / max(one.ratio, 1e-9) if one.mark.at_most else one.ratio / one.mark.value
        length = span * min(max(times, 0.01), TIMES_MAX) / TIMES_MAX
        y = 44 + ROW * row
        drawn += [
            _text(10, y + 14, one.name),
            _bar(y, length, MET if one.met else MISSED),
            _text(WIDTH - RIGHT + 6, y + 14, f"{number(one.ratio)} {one.unit} ({one.mark})"),
        ]
    drawn.append(_line(mark_x, 38, mark_x, height - 14))
    return _svg(WIDTH + 60, height, drawn)


def growth(findings: list[Finding]) -> str:
    """Cost over size, both logarithmic: a level line is a cost that does not grow."""
    height, left, top, bottom = 480, 70, 50, 60
    sizes = [math.log10(size) for one in findings for size, _ in one.points]
    costs = [math.log10(cost) for one in findings for _, cost in one.points]
    low, high = math.floor(min(costs)), math.ceil(max(costs))

    def at(size: float, cost: float) -> tuple[float, float]:
        x = left + (size - min(sizes)) / ((max(sizes) - min(sizes)) or 1) * (WIDTH - left - 330)
        return x, top + (high - cost) / ((high - low) or 1) * (height - top - bottom)

    drawn = [_text(10, 24, "Cost (us) over size, both logarithmic; in brackets the exponent", 15)]
    for power in range(low, high + 1):
        _, y = at(min(sizes), power)
        drawn += [_line(left, y, WIDTH - 330, y), _text(10, y + 4, f"{10.0**power:,g}")]
    for power in range(math.floor(min(sizes)), math.ceil(max(sizes)) + 1):
        x, _ = at(power, low)
        drawn.append(_text(x - 14, height - bottom + 24, f"{10**power:,}"))
    for row, one in enumerate(findings):
        colour = COLOURS[row % len(COLOURS)]
        points = " ".join(
            f"{x:.1f},{y:.1f}"
            for x, y in (at(math.log10(size), math.log10(cost)) for size, cost in one.points)
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        name = f"{one.name.removeprefix('growth of a ')} ({one.ratio:.2f})"
        drawn.append(_text(WIDTH - 310, top + 24 * row + 10, name, 13, colour))
    return _svg(WIDTH + 60, height, drawn)


def _text(x: float, y: float, words: str, size: int = 13, colour: str = "#223") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}">{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{LINE}" stroke-opacity="0.5"/>'


def _bar(y: float, length: float, colour: str) -> str:
    return f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>'


def _svg(width: int, height: int, drawn: Iterable[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif">'
    )
    return "\n".join((head, '<rect width="100%" height="100%" fill="#fff"/>', *drawn, "</svg>\n"))
