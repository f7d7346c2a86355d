"""The chart of a visit: for each kind of events a row, with what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from overscripted.explore.story.events import KINDS, Event, Kind, bins

_BINS = 160  # parts of the time
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)  # seconds between two ticks
_TICKS = 9  # at most
WIDTH, LEFT, ROW, TOP = 1000, 110, 30, 22  # in units of the drawing; labels are left of LEFT


@dataclass(frozen=True)
class Bar:
    """A bar: place, size, and what it says."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Chart:
    """What the drawing shows. ``rows``: label and baseline; ``ticks``: place and text; ``marks``: moments."""

    height: int
    rows: list[tuple[str, int]]
    bars: list[Bar]
    ticks: list[tuple[float, str]]
    marks: list[tuple[float, str]]
    words: str


def chart(events: Sequence[Event], span: float, moments: Sequence[tuple[str, float]]) -> Chart:
    """The chart of events within ``span`` seconds, with moments such as the load."""
    counted = bins(events, span, _BINS)
    present = [kind for kind in KINDS if kind.name in counted]
    rows, bars = [], []
    for place, kind in enumerate(present):
        base = TOP + (place + 1) * ROW - 6
        rows.append((kind.name, base))
        most = max(counted[kind.name])
        for at, n in enumerate(counted[kind.name]):
            if n:
                height = (ROW - 12) * sqrt(n / most) + 2
                begins = _text(span * at / _BINS)
                bars.append(
                    Bar(_x(at / _BINS), base - height, (WIDTH - LEFT) / _BINS - 1, height, f"{n} at {begins}")
                )
    totals = [_counted(sum(counted[kind.name]), kind) for kind in present]
    marks = [(_x(at / span), f"{name} {_text(at)}") for name, at in moments if 0 <= at <= span and span > 0]
    happened = ", ".join(totals) or "nothing"
    words = f"What happened in {_text(span)}: {happened}. The table below has it in order."
    return Chart(TOP + len(present) * ROW + 6, rows, bars, _ticks(span), marks, words)


def _counted(n: int, kind: Kind) -> str:
    return f"{n:,} {kind.one if n == 1 else kind.name}"


def _ticks(span: float) -> list[tuple[float, str]]:
    step = next((step for step in _STEPS if span / step <= _TICKS), span or 1)
    return [(_x(n * step / span), _text(n * step)) for n in range(int(span / step) + 1)] if span > 0 else []


def _x(share: float) -> float:
    return round(LEFT + (WIDTH - LEFT) * min(max(share, 0), 1), 1)


def _text(seconds: float) -> str:
    return f"{seconds:.1f}".removesuffix(".0") + " s"
