"""The command ``find``."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overscripted.analyses.find.places import NAMES
from overscripted.errors import InputError
from overscripted.options import Count
from overscripted.run import Run

if TYPE_CHECKING:
    from overscripted.analyses.find.search import Answer

SHORTEST = 4  # characters; shorter values are in most texts by chance
FORMATS = (".csv", ".parquet", ".json")


@click.command()
@click.argument("run")
@click.argument("values", nargs=-1, required=True, metavar="VALUE...")
@click.option(
    "--depth",
    type=Count(0, 3),
    default=3,
    show_default=True,
    help="The most hashes and encodings around a value; 0 finds it only as it is.",
)
@click.option(
    "--place",
    "places",
    multiple=True,
    type=click.Choice(NAMES),
    help="Look only there; repeatable. Default: everywhere.",
)
@click.option("--rows", type=Count(0, 1000), default=20, show_default=True, help="Occurrences to show.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write all occurrences to this .csv, .parquet or .json file.",
)
def find(
    run: str, values: tuple[str, ...], depth: int, places: tuple[str, ...], rows: int, out: Path | None
) -> None:
    """Show where in RUN each VALUE occurs: as it is, hashed or encoded, up to three layers deep.

    It looks at URLs, headers, cookies, storage, bodies, messages, calls, texts of pages and scripts, as far
    as the run has them, and undoes compression. An e-mail address is sought in the forms that advertisers
    hash, too. An encoding such as "sha256 > base64" is the base64 of the SHA-256.

    \b
    Examples:  overscripted find demo-run someone@example.com
               overscripted find RUN 8f14e45fceea167a --place url --place referrer
               overscripted find RUN VALUE --out where.parquet
    """
    _check(values, out)
    opened = Run.open(run)

    from overscripted.analyses.find.search import find as search

    answer = search(opened, list(dict.fromkeys(values)), depth, places)
    if out:
        _write(answer, out)
    _show(answer, values, rows, out)


def _check(values: tuple[str, ...], out: Path | None) -> None:
    for value in values:
        if len(value.strip()) < SHORTEST:
            raise InputError(
                f"VALUE {value!r}: most texts hold it by chance; give one of {SHORTEST} characters or more"
            )
    if out is None:
        return
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"--out {out}: name a file that ends in {', '.join(FORMATS)}")
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}; make it first")


def _write(answer: "Answer", out: Path) -> None:
    import json

    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    from overscripted.analyses.find.search import Occurrence

    integers = {"crawl_id", "visit_id"}
    schema = pa.schema(
        [(f.name, pa.int64() if f.name in integers else pa.string()) for f in dataclasses.fields(Occurrence)]
    )
    rows = [dataclasses.asdict(row) for row in answer.rows]
    if out.suffix.lower() == ".json":
        out.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
        return
    table = pa.Table.from_pylist(rows, schema=schema)
    if out.suffix.lower() == ".csv":
        pyarrow.csv.write_csv(table, out)
    else:
        pyarrow.parquet.write_table(table, out, compression="zstd")


def _show(answer: "Answer", values: tuple[str, ...], most: int, out: Path | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from overscripted.text import visible

    def table(headings: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Table:
        made = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in headings:
            made.add_column(heading, overflow="fold")
        for row in rows:
            made.add_row(*(escape(visible(str(cell))) for cell in row))
        return made

    console = Console(highlight=False)
    total = sum(n for n, _ in answer.counts.values())
    if not total:
        console.print("not found")
    else:
        counts = [(*key, f"{n:,}", f"{visits:,}") for key, (n, visits) in answer.counts.items()]
        console.print(table(("place", "host", "form", "encoding", "occurrences", "visits"), counts[:most]))
        if len(counts) > most:
            console.print(f"and {len(counts) - most:,} more of these lines")
        shown = [
            (row.visit_id, _cut(row.page, 60), f"{row.place} {_cut(row.detail, 30)}", row.host, row.encoding,
             row.context[:80])
            for row in answer.rows[:most]
        ]  # fmt: skip
        console.print(table(("visit", "page", "place", "host", "encoding", "context"), shown))
        console.print(f"{total:,} occurrences; {min(most, len(answer.rows)):,} are shown")
    if answer.absent:
        console.print(f"no rows in this run of: {', '.join(answer.absent)}", soft_wrap=True)
    if out:
        console.print(
            escape(f"{len(answer.rows):,} of {total:,} occurrences: {visible(str(out))}"), soft_wrap=True
        )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
