"""The etl's subcommands: ``import``, ``etl``, ``sample``. They parse and delegate."""

import click

from overscripted.engine_names import ENGINES
from overscripted.options import Number, Seed
from overscripted.run import Run
from overscripted.status import lines_of

_strict = click.option(
    "--strict", is_flag=True, help="Fail if a file cannot be used, instead of leaving it out and naming it."
)


@click.group("import")
def import_() -> None:
    """Import other people's data into a run, so that it can be analysed like a crawl.

    \b
    Example:  overscripted import study overscripted_2017_sample.parquet runs/2017
              overscripted import openwpm crawl-data.sqlite runs/openwpm
    """


@import_.command("study")
@click.argument("path")
@click.argument("run")
@_strict
def import_study(path: str, run: str, strict: bool) -> None:
    """Import the 2017 study's data: PATH is its published Parquet (any variant) or its raw JSON.

    \b
    Example:  overscripted import study overscripted_2017_sample.parquet runs/2017
    """
    _import("study", path, run, strict)


@import_.command("openwpm")
@click.argument("path")
@click.argument("run")
@_strict
def import_openwpm(path: str, run: str, strict: bool) -> None:
    """Import OpenWPM's data: PATH is a SQLite database, a folder of them, or a folder of Parquet.

    \b
    Example:  overscripted import openwpm crawl-data.sqlite runs/openwpm
    """
    _import("openwpm", path, run, strict)


@import_.command("sample")
@click.argument("path")
@click.argument("run")
@_strict
def import_sample(path: str, run: str, strict: bool) -> None:
    """Import a data set that `overscripted sample` wrote: PATH is its folder.

    \b
    Example:  overscripted import sample public/ten-percent runs/ten-percent
    """
    _import("sample", path, run, strict)


def _import(kind: str, path: str, url: str, strict: bool) -> None:
    from overscripted.etl.imports import import_into

    run, facts = import_into(kind, path, url, strict)
    for line in lines_of(facts):
        click.echo(line)
    click.echo(f"next: {run.command('etl')}")


@click.command()
@click.argument("run")
@click.option("--engine", type=click.Choice(ENGINES), default="duckdb", show_default=True)
@click.option("--master", help="Spark's master, e.g. local[4] or spark://host:7077.")
@click.option(
    "--conf", multiple=True, metavar="KEY=VALUE", help="Set one of the engine's own settings; repeatable."
)
@click.option("--strict", is_flag=True, help="Fail if a segment is damaged or most calls are invalid.")
@click.option(
    "--partial", is_flag=True, help="Work on a crawl that has not ended: use the visits that have ended."
)
@click.option("--full", is_flag=True, help="Make all tables again, not only what new raw records change.")
def etl(
    run: str, engine: str, master: str | None, conf: tuple[str, ...], strict: bool, full: bool, partial: bool
) -> None:
    """Make RUN's tables from its raw records: checked, typed, rolled up.

    Run it again when the crawl has more records: it works on the new ones only.

    \b
    Example:  overscripted etl runs/2026-11
              overscripted etl runs/2026-11 --conf memory_limit=4GB
              overscripted etl s3://bucket/2026-11 --engine spark --master spark://host:7077
    """
    from overscripted.etl.run import run_etl

    facts = run_etl(
        Run.open(run), engine, master=master, conf=conf, strict=strict, full=full, partial=partial
    )
    click.echo(", ".join(f"{key} {value}" for key, value in facts.items()))
    if "mostly_invalid" in facts:
        click.echo(f"warning: most calls are invalid: {facts['mostly_invalid']}", err=True)


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
@click.option(
    "--remove-personal",
    is_flag=True,
    help="Replace e-mail and IP addresses, telephone numbers and identifiers with marks.",
)
def sample(
    run: str, out: str, by: str, fraction: float, seed: int, value_1000: bool, remove_personal: bool
) -> None:
    """Publish RUN, or a sample of it, as a documented data set in OUT.

    All rows of each drawn location (visit, domain) are kept. OUT gets Parquet, a README that explains
    every column, schema.json and SHA256SUMS.

    \b
    Example:  overscripted sample runs/2026-11 public/ten-percent --by location --fraction 0.1 --seed 1
    """
    from overscripted.etl.publish.sample import export_sample

    facts = export_sample(Run.open(run), out, by, fraction, seed, value_1000, remove_personal)
    click.echo(", ".join(f"{key} {value}" for key, value in facts.items()))
