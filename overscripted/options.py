"""Kinds of values that options of commands take: numbers that are finite and in range, a contact."""

import math
from typing import Any

import ada_url
import click

MOST = 10_000_000  # of anything that is counted
_WIDEST = 2**63 - 1


class Number(click.FloatRange):
    """A finite number from ``least`` to ``most``, both of which may be given."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):  # no comparison refuses one that is none
            self.fail(f"{value} is no finite number.", param, ctx)
        return number


class Count(click.IntRange):
    """A whole number from ``least`` to ``most``, both of which may be given."""

    def __init__(self, least: int, most: int = MOST) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if len(str(value)) > 20:
            self.fail(f"{str(value)[:20]}… is too long for a number.", param, ctx)
        return int(super().convert(value, param, ctx))


class Seed(Count):
    """The number of a draw: any of 64 bits."""

    def __init__(self) -> None:
        super().__init__(-_WIDEST - 1, _WIDEST)


class Contact(click.ParamType):  # type: ignore[type-arg]  # its releases differ
    """Where site owners can ask, as a header can carry it: a URL in ASCII, or other text that is."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if "://" in text:
            try:
                text = str(ada_url.URL(text).href)
            except ValueError:
                self.fail(f"{text} is no URL.", param, ctx)
        if not (text.isascii() and (text.isprintable() or not text)):
            self.fail(f"{text!a} cannot be sent in a header; write it in ASCII.", param, ctx)
        return text


def decimal(text: str, least: int, most: int) -> int | None:
    """A number of ASCII digits in a range; None for anything else, however many digits it has."""
    good = text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if good and least <= int(text) <= most else None
