"""Types of option values (finite numbers in a range, counts, a contact), and groups of options."""

import math
from collections.abc import Callable
from typing import Any

import ada_url
import click

from overscripted.engine_names import ENGINES

MAX_COUNT = 10_000_000  # of anything that an option counts
_MAX_INT64 = 2**63 - 1


class Number(click.FloatRange):
    """A finite number from ``least`` to ``most``, both included."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):  # NaN passes every comparison of a range
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Count(click.IntRange):
    """A whole number from ``least`` to ``most``, both included."""

    def __init__(self, least: int, most: int = MAX_COUNT) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if len(str(value)) > 20:
            self.fail(f"{str(value)[:20]}… is too long for a number.", param, ctx)
        return int(super().convert(value, param, ctx))


class Seed(Count):
    """The seed of a random draw: any integer of 64 bits."""

    def __init__(self) -> None:
        super().__init__(-_MAX_INT64 - 1, _MAX_INT64)


class Contact(click.ParamType):  # type: ignore[type-arg]  # its releases differ
    """A contact for site operators that a header can carry: a URL in ASCII, or other ASCII text."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if "://" in text:
            try:
                text = str(ada_url.URL(text).href)
            except ValueError:
                self.fail(f"{text} is not a URL.", param, ctx)
        if not (text.isascii() and (text.isprintable() or not text)):
            self.fail(f"{text!a} cannot be sent in a header; write it in ASCII.", param, ctx)
        return text


_ENGINE_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="duckdb",
        show_default=True,
        help="The engine that runs the queries.",
    ),
    click.option("--master", help="Spark's master, e.g. local[4] or spark://host:7077."),
    click.option("--conf", multiple=True, metavar="KEY=VALUE", help="A setting of the engine; repeatable."),
)


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--engine``, ``--master`` and ``--conf``."""
    for option in reversed(_ENGINE_OPTIONS):
        command = option(command)
    return command


def decimal(text: str, least: int, most: int) -> int | None:
    """A number of ASCII digits in a range; None for any other text."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if is_number and least <= int(text) <= most else None


class Grouped(click.Command):
    """A command whose help shows its options in groups. ``groups``: heading -> names of parameters."""

    def __init__(self, *arguments: Any, groups: dict[str, tuple[str, ...]], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section per group, then the options of no group, such as ``--help``."""
        records = {
            parameter.name: record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx))
        }
        for heading, names in self.groups.items():
            with formatter.section(heading):
                formatter.write_dl([records.pop(name) for name in names])
        with formatter.section("Other"):
            formatter.write_dl(list(records.values()))
