"""One page that says how a load went: what was found, and curves over the same seconds. It loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

import msgspec

from loadtests.watch import Line

WIDTH: Final = 720
HEIGHT: Final = 200
LEFT: Final = 60
POINTS_MAX: Final = 600
"""A longer line is drawn by the highest value of each stretch, so that no peak is lost."""
COLOURS: Final = ("#2f6db3", "#b3402f", "#2f7d4f", "#b3702f", "#8a3fa8", "#667", "#0a8f8f", "#a33a6b")
STYLE: Final = (
    "body{font:15px/1.5 sans-serif;max-width:1500px;margin:2em auto;padding:0 1em;color:#223}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.2em .9em;text-align:right;border-bottom:1px solid #dde}"
    "td:first-child,th:first-child{text-align:left}figure{display:inline-block;margin:0 1em 1.5em 0}"
    "figcaption{font-weight:bold}.key{font-size:13px}.missed{color:#b3402f;font-weight:bold}"
)


class Chart(msgspec.Struct, frozen=True):
    title: str
    unit: str
    lines: Mapping[str, Line]


class Said(msgspec.Struct, frozen=True):
    """A limit that was held or missed."""

    what: str
    found: str
    kept: bool


def page(
    title: str, intro: str, said: Sequence[Said], charts: Sequence[Chart], table: Sequence[Sequence[str]] = ()
) -> str:
    """The whole file. `table`: rows of words, the first its head."""
    drawn = [chart for chart in charts if any(chart.lines.values())]
    ends_s = max((line[-1][0] for chart in drawn for line in chart.lines.values() if line), default=1.0)
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{STYLE}</style><h1>{escape(title)}</h1><p>{escape(intro)}</p>",
        _table([("limit", "found", "kept"), *((one.what, one.found, _kept(one)) for one in said)])
        if said
        else "",
        *(_figure(chart, ends_s) for chart in drawn),
        _table(table) if table else "",
    ]
    return "\n".join(filter(None, parts)) + "</html>\n"


def thinned(line: Line, most: int = POINTS_MAX) -> Line:
    """At most so many points; each stands for its stretch with the highest value in it."""
    stretch = -(-len(line) // most)
    if stretch <= 1:
        return line
    return [max(line[at : at + stretch], key=lambda one: one[1]) for at in range(0, len(line), stretch)]


def _kept(one: Said) -> str:
    return "yes" if one.kept else "MISSED"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td{_class(cell)}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest
    )
    return f"<table><tr>{cells}</tr>{body}</table>"


def _class(cell: str) -> str:
    return ' class="missed"' if cell == "MISSED" else ""


def _figure(chart: Chart, ends_s: float) -> str:
    most = max((value for line in chart.lines.values() for _, value in line), default=0.0) or 1.0
    drawn = [_rule(0.0, "0"), _rule(0.5, _number(most / 2)), _rule(1.0, _number(most))]
    drawn += [_text(LEFT, HEIGHT - 4, "0 s"), _text(WIDTH - 60, HEIGHT - 4, f"{ends_s:,.0f} s")]
    keys = []
    for (name, line), colour in zip(chart.lines.items(), COLOURS * 4, strict=False):
        points = " ".join(
            f"{LEFT + at_s / ends_s * (WIDTH - LEFT - 10):.1f},{_y(value / most):.1f}"
            for at_s, value in thinned(line)
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        last = _number(line[-1][1]) if line else "-"
        keys.append(f'<span style="color:{colour}">&#9632; {escape(name)} {last}</span>')
    return (
        f"<figure><figcaption>{escape(chart.title)} ({escape(chart.unit)})</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{_joined(drawn)}</svg>'
        f'<div class="key">{" &nbsp; ".join(keys)}</div></figure>'
    )


def _joined(drawn: Iterable[str]) -> str:
    return "\n".join(drawn)


def _y(share: float) -> float:
    return HEIGHT - 24 - share * (HEIGHT - 40)


def _rule(share: float, label: str) -> str:
    y = _y(share)
    line = f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccd"/>'
    return line + _text(4, y + 4, label)


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" fill="#556">{escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
