"""``overscripted export`` and ``overscripted sample``. They parse and delegate."""

import click

from overscripted.export.formats import FILE_FORMATS, FORMATS, Wanted
from overscripted.options import Number, Seed
from overscripted.run import Run

_remove_personal = click.option(
    "--remove-personal",
    is_flag=True,
    help="Replace e-mail and IP addresses, telephone numbers and identifiers with marks; leave out bytes.",
)
_licence = click.option(
    "--licence",
    default="",
    metavar="SPDX",
    help="Licence that you give the data, such as CC-BY-4.0; it stands in its descriptions.",
)


@click.command()
@click.argument("run")
@click.argument("out", type=click.Path())
@click.option("--as", "form", type=click.Choice(sorted(FORMATS)), required=True, help="The format.")
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="Write this table alone (csv, jsonl, duckdb, datapackage); repeatable. Default: all tables.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FILE_FORMATS),
    default=None,
    help="Format of the files of a data package.  [default: parquet]",
)
@_remove_personal
@_licence
def export(
    run: str,
    out: str,
    form: str,
    tables: tuple[str, ...],
    file_format: str | None,
    remove_personal: bool,
    licence: str,
) -> None:
    """Write the tables of RUN to OUT, a path on this machine, in a format that other tools read.

    \b
    csv          a folder with a CSV file per table
    jsonl        a folder with a file of JSON lines per table
    duckdb       a DuckDB database, its columns described
    openwpm      a SQLite database in the schema of OpenWPM 0.35
    har          a folder with a HAR 1.2 file per visit
    datapackage  a folder to publish: a file per table, described for people and programs
                 (README, Frictionless Data Package, Croissant, checksums)

    Interrupted, the same command goes on: what is written stays in OUT.partial.

    \b
    Examples:  overscripted export RUN tables.duckdb --as duckdb
               overscripted export RUN csv --as csv --table requests --table cookies
               overscripted export RUN crawl-data.sqlite --as openwpm
               overscripted export RUN public --as datapackage --remove-personal --licence CC-BY-4.0
    """
    from overscripted.export.run import export as run_export

    wanted = Wanted(form, tables, remove_personal, file_format or "", licence)
    facts = run_export(Run.open(run), out, wanted)
    click.echo(", ".join(f"{name} {n:,}" for name, n in facts.items()))


@click.command()
@click.argument("run")
@click.argument("out")
@click.option(
    "--by", type=click.Choice(["location", "visit", "domain"]), default="location", show_default=True
)
@click.option(
    "--fraction",
    type=Number(0.0, 1.0),
    default=1.0,
    show_default=True,
    help="Probability that each is drawn.",
)
@click.option(
    "--seed",
    type=Seed(),
    default=0,
    show_default=True,
    help="Number that decides the draw; the same seed draws the same ones.",
)
@click.option(
    "--value-1000",
    is_flag=True,
    help="Leave out the column value; its first 1,000 characters stay in value_1000.",
)
@_remove_personal
@_licence
def sample(
    run: str,
    out: str,
    by: str,
    fraction: float,
    seed: int,
    value_1000: bool,
    remove_personal: bool,
    licence: str,
) -> None:
    """Publish RUN, or a sample of it, as a documented data set in OUT.

    All rows of each drawn location (visit, domain) are kept. OUT gets Parquet, a README that explains
    every column, SHA256SUMS, and for programs schema.json, datapackage.json and croissant.json.

    \b
    Example:  overscripted sample runs/2026-11 public/ten-percent --by location --fraction 0.1 --seed 1
    """
    from overscripted.export.publish.sample import export_sample

    facts = export_sample(Run.open(run), out, by, fraction, seed, value_1000, remove_personal, licence)
    click.echo(", ".join(f"{key} {value}" for key, value in facts.items()))
