"""The etl's subcommands: ``import`` and ``etl``. They parse and delegate."""

import click

from overscripted.options import engine_options
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
def import_study(path: str, run: str, strict: bool) -> Run:
    """Import the 2017 study's data: PATH is its published Parquet (any variant) or its raw JSON.

    \b
    Example:  overscripted import study overscripted_2017_sample.parquet runs/2017
    """
    return _import("study", path, run, strict)


@import_.command("openwpm")
@click.argument("path")
@click.argument("run")
@_strict
def import_openwpm(path: str, run: str, strict: bool) -> Run:
    """Import OpenWPM's data: PATH is a SQLite database, a folder of them, or a folder of Parquet.

    \b
    Example:  overscripted import openwpm crawl-data.sqlite runs/openwpm
    """
    return _import("openwpm", path, run, strict)


@import_.command("visiblev8")
@click.argument("path")
@click.argument("run")
@click.option(
    "--visits",
    type=click.Choice(["folder", "file"]),
    default="folder",
    show_default=True,
    help="What one visit is: all logs of a folder, as VisibleV8's crawler keeps them, or each thread's log.",
)
@_strict
def import_visiblev8(path: str, run: str, visits: str, strict: bool) -> Run:
    """Import logs of VisibleV8: PATH is a log (vv8-….log, also .gz and .zst) or a folder of logs.

    \b
    Example:  overscripted import visiblev8 raw_logs runs/visiblev8
    """
    return _import("visiblev8", path, run, strict, visits=visits)


@import_.command("calls")
@click.argument("path")
@click.argument("run")
@click.option(
    "--map",
    "map_",
    multiple=True,
    metavar="NAME=COLUMN,…|FILE.toml",
    help="Which column becomes which of ours (repeatable). Columns with our names need none.",
)
@click.option(
    "--constant",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of all rows (repeatable), for example operation=get.",
)
@click.option(
    "--delimiter",
    metavar="CHARACTER",
    help="Between fields of CSV.  [default: as the header has it: , ; tab or |]",
)
@_strict
def import_calls(
    path: str, run: str, map_: tuple[str, ...], constant: tuple[str, ...], delimiter: str | None, strict: bool
) -> Run:
    """Import a table of calls: PATH is CSV (also .gz, .zst) or Parquet, or a folder of such files.

    symbol, script_url and one of location, top_level_url, site_url are needed. FILE.toml has the sections
    [columns] and [constants].

    \b
    Example:  overscripted import calls calls.csv runs/mine --map symbol=api,script_url=src,location=page
    """
    return _import("calls", path, run, strict, map_=list(map_), constant=list(constant), delimiter=delimiter)


@import_.command("sample")
@click.argument("path")
@click.argument("run")
@_strict
def import_sample(path: str, run: str, strict: bool) -> Run:
    """Import a data set that `overscripted sample` wrote: PATH is its folder.

    \b
    Example:  overscripted import sample public/ten-percent runs/ten-percent
    """
    return _import("sample", path, run, strict)


@import_.command("datapackage")
@click.argument("path")
@click.argument("run")
@_strict
def import_datapackage(path: str, run: str, strict: bool) -> Run:
    """Import PATH, a data package that `overscripted export` wrote, in Parquet or CSV.

    \b
    Example:  overscripted import datapackage public/tables runs/theirs
    """
    return _import("datapackage", path, run, strict)


@import_.command("har")
@click.argument("path")
@click.argument("run")
@_strict
def import_har(path: str, run: str, strict: bool) -> Run:
    """Import HTTP archives (HAR 1.2): PATH is a file (plain, gzip, or Playwright's zip), or a folder of them.

    \b
    Example:  overscripted import har page.har runs/page
              overscripted import har archives/ runs/archives
    """
    return _import("har", path, run, strict)


@import_.command("warc")
@click.argument("path")
@click.argument("run")
@_strict
def import_warc(path: str, run: str, strict: bool) -> Run:
    """Import web archives: PATH is a WARC file (plain or gzip), a WACZ file, or a folder of both.

    \b
    Example:  overscripted import warc crawl.wacz runs/archive
    """
    return _import("warc", path, run, strict)


@import_.command("tracker-radar")
@click.argument("path")
@click.argument("run")
@_strict
def import_tracker_radar(path: str, run: str, strict: bool) -> Run:
    """Import a crawl of DuckDuckGo's tracker-radar-collector: PATH is its folder, or the file of one site.

    \b
    Example:  overscripted import tracker-radar data/ runs/tracker-radar
    """
    return _import("tracker-radar", path, run, strict)


@import_.command("blacklight")
@click.argument("path")
@click.argument("run")
@_strict
def import_blacklight(path: str, run: str, strict: bool) -> Run:
    """Import inspections of The Markup's Blacklight: PATH is a folder of them, of one, or one of its files.

    \b
    Example:  overscripted import blacklight outputs/ runs/blacklight
    """
    return _import("blacklight", path, run, strict)


def _import(kind: str, path: str, url: str, strict: bool, **options: object) -> Run:
    from overscripted.etl.imports import import_into

    run, facts = import_into(kind, path, url, strict, **options)
    for line in lines_of(facts):
        click.echo(line)
    return run


@click.command()
@click.argument("run")
@engine_options
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
    from overscripted import without_pandas
    from overscripted.etl.run import run_etl

    without_pandas.hide()
    facts = run_etl(
        Run.open(run), engine, master=master, conf=conf, strict=strict, full=full, partial=partial
    )
    click.echo(", ".join(f"{key} {value}" for key, value in facts.items()))
    if "mostly_invalid" in facts:
        click.echo(f"warning: most calls are invalid: {facts['mostly_invalid']}", err=True)
