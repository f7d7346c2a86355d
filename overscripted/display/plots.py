"""Plots as SVG: for light and dark themes, labelled, readable by screen readers, safe to put into a page.

A plot is described by a dict (``kind``, ``title``, ``rows`` …). Findings keep it in summary.json, so the
report draws each plot from numbers and never trusts a stored picture. Inside a page the colours come from
the page's CSS variables. A file of its own contains its colours, light and dark.
"""

import math
import textwrap
from collections.abc import Callable
from html import escape as escape_html
from typing import Any

from overscripted.display.number_format import number, percent
from overscripted.display.sanitize import escape, plain
from overscripted.display.settings import LABEL_SHOWN

WIDTH = 600
_LABEL_WIDTH = 232  # bars begin here
_ROW_HEIGHT = 34
_BAR_HEIGHT = 16
_CHARACTER_WIDTH = 8.2  # at 13 px in a wide font
_LABEL_CHARACTERS = 27  # of that width; a longer label would leave the picture

_Row = dict[str, Any]
# The SVG elements of a plot, its height, and the same facts in words.
_Drawing = tuple[str, float, str]

_STYLE = """<style>
svg.plot{--ink:#1c1b19;--muted:#6f6a62;--line:#e3ded5;--one:#b5482a;--two:#2f6f73;--soft:#f0ebe2;
font:13px -apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
background:#fffdf9}
@media (prefers-color-scheme:dark){svg.plot{--ink:#ece8e1;--muted:#a09a90;--line:#37342f;--one:#e8825f;
--two:#6fb7b5;--soft:#2a2824;background:#171614}}
svg.plot .t{fill:var(--ink)}svg.plot .m{fill:var(--muted)}svg.plot .v{fill:var(--ink);font-weight:600}
svg.plot .b{fill:var(--one)}svg.plot .p{fill:var(--two)}svg.plot .s{fill:var(--soft)}
svg.plot .l{stroke:var(--line)}svg.plot .w{stroke:var(--ink);stroke-width:1.5}
svg.plot .k{stroke:var(--two);stroke-width:2.5}svg.plot .o{fill:var(--line)}svg.plot .n{font-size:11.5px}
</style>"""


def draw(plot: dict[str, Any], standalone: bool = False) -> str:
    """A plot as SVG. ``standalone``: a file of its own, with its colours. An unknown kind draws nothing."""
    draw_rows = _KINDS.get(str(plot.get("kind")))
    rows = [row for row in plot.get("rows") or [] if isinstance(row, dict)]
    body, height, description = draw_rows(plot, rows) if draw_rows and rows else _empty()
    title = escape(plot.get("title"), 200)
    head = (
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'role="img" aria-label="{title}">'
    )
    return (
        f"{head}{_STYLE if standalone else ''}<title>{title}</title>"
        f"<desc>{escape(description, 2000)}</desc>{body}</svg>"
    )


def _empty() -> _Drawing:
    return _text(0.0, 24.0, "Nothing to show.", "m"), 40.0, "Nothing to show."


def _bars(plot: dict[str, Any], rows: list[_Row]) -> _Drawing:
    """Horizontal bars of counts, in the order of the rows."""
    top = max((_number_of(r.get("value")) for r in rows), default=0) or 1
    room = WIDTH - _LABEL_WIDTH - 84
    out: list[str] = []
    descriptions: list[str] = []
    for i, row in enumerate(rows):
        value = _number_of(row.get("value"))
        y = i * _ROW_HEIGHT + 6
        out.append(_label(row, y))
        out.append(_rect(_LABEL_WIDTH, y + 3, max(room * value / top, 1.5), _BAR_HEIGHT, "b"))
        out.append(_text(_LABEL_WIDTH + room * value / top + 8, y + 16, number(value), "v"))
        descriptions.append(f"{plain(row.get('label'), LABEL_SHOWN)}: {number(value)}")
    out.insert(0, _line(_LABEL_WIDTH, 2, _LABEL_WIDTH, len(rows) * _ROW_HEIGHT + 2))
    unit = plain(plot.get("unit"), 40)
    return "".join(out), len(rows) * _ROW_HEIGHT + 6, f"{unit}. " + "; ".join(descriptions)


def _shares(plot: dict[str, Any], rows: list[_Row]) -> _Drawing:
    """Shares in per cent with their intervals; the published share is a mark."""
    rows = [r for r in rows if r.get("value") is not None]
    if not rows:
        return _empty()
    tops = [_number_of(r.get(k)) for r in rows for k in ("value", "published")]
    tops += [_number_of(r["interval"][1]) for r in rows if r.get("interval")]
    top = _axis_end(max(tops, default=0) or 1)
    room = WIDTH - _LABEL_WIDTH - 88
    out, descriptions = [_axis(top, room, len(rows) * _ROW_HEIGHT)], []
    for i, row in enumerate(rows):
        y, value, published = i * _ROW_HEIGHT + 6, _number_of(row.get("value")), row.get("published")
        out.append(_label(row, y))
        out.append(_rect(_LABEL_WIDTH, y + 3, max(room * value / top, 1.5), _BAR_HEIGHT, "b"))
        end = value
        if low_high := row.get("interval"):
            low, high = _number_of(low_high[0]), _number_of(low_high[1])
            end = max(value, high)
            x1, x2 = _LABEL_WIDTH + room * low / top, _LABEL_WIDTH + room * high / top
            out.append(_line(x1, y + 11, x2, y + 11, "w") + _line(x1, y + 8, x1, y + 14, "w"))
            out.append(_line(x2, y + 8, x2, y + 14, "w"))
        if published is not None:
            x = _LABEL_WIDTH + room * _number_of(published) / top
            out.append(_line(x, y - 1, x, y + 23, "k"))
            end = max(end, _number_of(published))
        out.append(_text(_LABEL_WIDTH + room * end / top + 9, y + 16, percent(value), "v"))
        text = f"{plain(row.get('label'), 60)}: {percent(value)}"
        descriptions.append(
            text + (f", published {percent(_number_of(published))}" if published is not None else "")
        )
    height: float = len(rows) * _ROW_HEIGHT + 24
    if any(r.get("published") is not None for r in rows):
        below = height + 12
        out.append(
            _rect(_LABEL_WIDTH, below - 9, 22, 10, "b") + _text(_LABEL_WIDTH + 28, below, "this run", "m")
        )
        out.append(_line(_LABEL_WIDTH + 106, below - 13, _LABEL_WIDTH + 106, below + 4, "k"))
        out.append(_text(_LABEL_WIDTH + 114, below, "published in 2018", "m"))
        if any(r.get("interval") for r in rows):
            out.append(_line(_LABEL_WIDTH + 246, below - 4, _LABEL_WIDTH + 268, below - 4, "w"))
            out.append(_text(_LABEL_WIDTH + 275, below, "95 % interval", "m"))
        height += 24
    return "".join(out), height, "; ".join(descriptions)


def _columns(plot: dict[str, Any], rows: list[_Row]) -> _Drawing:
    """Vertical columns: a distribution over ordered steps."""
    top = max((_number_of(r.get("value")) for r in rows), default=0) or 1
    tall, base = 170.0, 200.0
    step = WIDTH / len(rows)
    total = sum(_number_of(r.get("value")) for r in rows) or 1
    out, descriptions = [_line(0, base + 0.5, WIDTH, base + 0.5)], []
    for i, row in enumerate(rows):
        value = _number_of(row.get("value"))
        high = max(tall * value / top, 1.5 if value else 0)
        x = i * step + step * 0.14
        out.append(_rect(x, base - high, step * 0.72, high, "b"))
        middle = x + step * 0.36
        out.append(_text(middle, base - high - 8, number(value), "v", "middle"))
        out.append(_text(middle, base + 20, plain(row.get("label"), 16), "t", "middle"))
        out.append(_text(middle, base + 37, percent(100 * value / total), "m", "middle"))
        descriptions.append(f"{plain(row.get('label'), 40)}: {number(value)}")
    axis = plain(plot.get("axis"), 60)
    out.append(_text(WIDTH / 2, base + 60, axis, "m", "middle"))
    return "".join(out), base + 70, f"{plain(plot.get('unit'), 40)} by {axis}. " + "; ".join(descriptions)


def _funnel(plot: dict[str, Any], rows: list[_Row]) -> _Drawing:
    """Steps of a pipeline as centred bands. Their width is the logarithm of the count."""
    top = max((_number_of(r.get("value")) for r in rows), default=0) or 1
    most = math.log10(top + 1)
    room, middle, height = 290.0, WIDTH / 2 + 26, 42.0
    out, descriptions = [], []
    for i, row in enumerate(rows):
        value = _number_of(row.get("value"))
        wide = max(room * math.log10(value + 1) / most, 4)
        y = i * height
        out.append(_rect(middle - wide / 2, y + 4, wide, height - 10, "b" if i == len(rows) - 1 else "p"))
        out.append(_text(middle - room / 2 - 14, y + 27, plain(row.get("label"), 30), "t", "end"))
        out.append(_text(middle + room / 2 + 14, y + 27, number(value), "v"))
        if note := row.get("note"):
            wider = len(number(value)) * 7.8 + 22
            out.append(_text(middle + room / 2 + wider, y + 27, plain(note, 16), "m"))
        descriptions.append(f"{plain(row.get('label'), 60)}: {number(value)}")
    return "".join(out), len(rows) * height + 4, "; ".join(descriptions)


def _upset(plot: dict[str, Any], rows: list[_Row]) -> _Drawing:
    """Overlap of sets: a column per combination; the dots below name its sets."""
    names = [str(n) for n in plot.get("sets") or []]
    top = max((_number_of(r.get("value")) for r in rows), default=0) or 1
    tall, base, line = 150.0, 180.0, 26.0
    left = min(max((len(plain(n, 18)) for n in names), default=0) * _CHARACTER_WIDTH + 20, 160)
    step = min((WIDTH - left) / max(len(rows), 1), 74)
    out, descriptions = [_line(left, base + 0.5, left + step * len(rows), base + 0.5)], []
    for j, name in enumerate(names):
        y = base + 26 + j * line
        if j % 2 == 0:
            out.append(_rect(0, y - line / 2, left + step * len(rows), line, "s"))
        out.append(_text(left - 12, y + 4, plain(name, 18), "t", "end"))
    for i, row in enumerate(rows):
        value, x = _number_of(row.get("value")), left + i * step + step / 2
        high = max(tall * value / top, 1.5 if value else 0)
        members = {str(m) for m in row.get("sets") or []}
        style = "b" if len(members) == len(names) else "p"
        out.append(_rect(x - step * 0.32, base - high, step * 0.64, high, style))
        out.append(_text(x, base - high - 7, number(value), "v", "middle"))
        ys = [base + 26 + j * line for j, name in enumerate(names) if name in members]
        if len(ys) > 1:
            out.append(_line(x, ys[0], x, ys[-1], "w"))
        for j, name in enumerate(names):
            inside = name in members
            out.append(
                f'<circle cx="{x:.1f}" cy="{base + 26 + j * line:.1f}" r="5" '
                f'class="{style if inside else "o"}"/>'
            )
        descriptions.append(f"{' and '.join(plain(m, 30) for m in sorted(members))}: {number(value)}")
    return "".join(out), base + 20 + len(names) * line, "; ".join(descriptions)


_KINDS: dict[str, Callable[[dict[str, Any], list[_Row]], _Drawing]] = {
    "bars": _bars,
    "shares": _shares,
    "columns": _columns,
    "funnel": _funnel,
    "upset": _upset,
}


def _label(row: _Row, y: float) -> str:
    text, note = plain(row.get("label"), LABEL_SHOWN), ""
    if row.get("note"):
        note = plain(row["note"], LABEL_SHOWN)
    elif row.get("of") is not None:
        note = f"{number(_number_of(row.get('n')))} of {number(_number_of(row['of']))}"
    if not note:
        whole = plain(row.get("label"), 2 * _LABEL_CHARACTERS)
        lines = textwrap.wrap(whole, _LABEL_CHARACTERS, max_lines=2, placeholder="…") or [""]
        first = y + 16 if len(lines) == 1 else y + 9
        return "".join(
            _text(_LABEL_WIDTH - 12, first + 14 * n, line, "t", "end") for n, line in enumerate(lines)
        )
    return _text(_LABEL_WIDTH - 12, y + 9, text, "t", "end", len(text) > _LABEL_CHARACTERS) + _text(
        _LABEL_WIDTH - 12, y + 23, note, "m n", "end"
    )


def _axis(top: float, room: float, height: float) -> str:
    out = []
    for i in range(5):
        x = _LABEL_WIDTH + room * i / 4
        out.append(_line(x, 0, x, height + 2))
        out.append(_text(x, height + 18, f"{top * i / 4:.4g} %", "m n", "middle"))
    return "".join(out)


def _axis_end(value: float) -> float:
    """The axis end: a round number that is not below the value."""
    scale = 10.0 ** math.floor(math.log10(value))
    for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10):
        if value <= step * scale:
            end = float(f"{step * scale:.6g}")
            return 100.0 if value <= 100 < end else end
    return 10 * scale


def _number_of(value: Any) -> float:
    """A finite number of at least 0, whatever the description holds."""
    size = float(value) if isinstance(value, int | float) else 0.0
    return size if math.isfinite(size) and size >= 0 else 0.0


def _text(x: float, y: float, text: str, style: str, anchor: str = "start", squeeze: bool = False) -> str:
    """Text. ``squeeze`` makes it exactly as wide as a label may be, in any font."""
    attributes = "" if anchor == "start" else f' text-anchor="{anchor}"'
    if squeeze:
        attributes += f' textLength="{_LABEL_WIDTH - 16}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}"{attributes}>{escape_html(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, style: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2.5" class="{style}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, style: str = "l") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'
