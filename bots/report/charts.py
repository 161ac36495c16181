"""Lines over time and a table of shades, as SVG. No I/O."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple
from unicodedata import east_asian_width

_WIDTH, _HEIGHT = 720, 226
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 30, 24, 36
_CELL = 18


class Curve(NamedTuple):
    """A line with a name; its points are (x, y), with x growing."""

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(curves: Sequence[Curve], x_unit: str, y_unit: str, x_names: Sequence[str] = ()) -> str:
    """Return curves in one picture, from 0 up; `x_names` stand under x = 0, 1, 2 … instead of numbers."""
    points = [point for curve in curves for point in curve.points]
    left, right = (min(x for x, _ in points), max(x for x, _ in points)) if points else (0.0, 1.0)
    ticks = _ticks(max((y for _, y in points), default=1.0))
    span, top = (right - left) or 1.0, ticks[-1]

    def place(x: float, y: float) -> str:
        across = _LEFT + (x - left) / span * (_WIDTH - _LEFT - _RIGHT)
        down = _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _TOP - _BOTTOM)
        return f"{across:.1f},{down:.1f}"

    parts = [f'<div class="chart"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">']
    for tick in ticks:
        x, y = place(left, tick).split(",")
        parts.append(f'<line class="grid" x1="{x}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{tick:,g}</text>')
    labels = list(enumerate(x_names)) if x_names else [(left + tick, f"{tick:,g}") for tick in _ticks(span)]
    for at, words in labels:
        if at <= right:
            x = place(at, 0).split(",")[0]
            parts.append(f'<text x="{x}" y="{_HEIGHT - 20}" text-anchor="middle">{escape(words)}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end">{escape(x_unit)}</text>')
    parts.append(f'<text x="2" y="{_TOP - 13}">{escape(y_unit)}</text>')
    for number, curve in enumerate(curves):
        path = " ".join(place(x, y) for x, y in curve.points)
        parts.append(f'<polyline class="curve c{number}" points="{path}"/>')
        for point in curve.points if len(curve.points) <= _WIDTH else ():
            cx, cy = place(*point).split(",")
            words = escape(f"{curve.name}: {point[1]:,.4g} {y_unit}")
            parts.append(f'<circle class="dot c{number}" cx="{cx}" cy="{cy}" r="2.5"><title>{words}</title></circle>')
    parts.append("</svg></div>")
    names = [f'<span class="key c{number}">{escape(curve.name)}</span>' for number, curve in enumerate(curves)]
    return "".join(parts) + f'<p class="keys">{" ".join(names)}</p>'


class Shade(NamedTuple):
    """One cell of a table of shades: how full it is, from 0 to 1, None for empty; and what it says when pointed at."""

    share: float | None
    words: str


def shade_table(rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Shade]]) -> str:
    """Return a cell for each row and column: full ones in one colour, the others marked."""
    left = 8 * max(map(_columns, rows), default=0) + 12
    top = 6 * max(map(_columns, columns), default=0) + 20
    width, height = left + _CELL * len(columns) + top, top + _CELL * len(rows) + 4
    parts = [f'<div class="wide"><svg viewBox="0 0 {width} {height}" style="width:{width}px" role="img">']
    for number, column in enumerate(columns):
        x = left + _CELL * number + 12
        parts.append(f'<text transform="translate({x},{top - 6}) rotate(-50)">{escape(column)}</text>')
    for number, (row, row_cells) in enumerate(zip(rows, cells, strict=True)):
        y = top + _CELL * number
        parts.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{escape(row)}</text>')
        for place, (share, words) in enumerate(row_cells):
            kind = "none" if share is None else "full" if share >= 1 else "part"
            spot = f'x="{left + _CELL * place + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}"'
            parts.append(f'<rect class="{kind}" {spot} rx="2"><title>{escape(words)}</title></rect>')
    return "".join([*parts, "</svg></div>"])


def _columns(text: str) -> int:
    """Return how wide a text is at most, in letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _ticks(top: float) -> list[float]:
    """Return about five round numbers from 0 to one that is not less than `top`; up to 1 where that is nothing."""
    rough = (top if top > 0 else 1.0) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return [round(step * number, 10) for number in range(math.ceil(round(5 * rough / step, 6)) + 1)]
