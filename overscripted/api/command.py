"""``overscripted views``: a run for any program that speaks DuckDB."""

import click

from overscripted import layout
from overscripted.run import Run


@click.command()
@click.argument("run")
def views(run: str) -> None:
    """Write RUN/run.duckdb, which has a view for every table of RUN, for any program that speaks DuckDB.

    It holds no rows: each view reads the Parquet files of RUN by their whole path. Run this again after RUN
    was moved, or after its tables or findings were made again. DuckDB reads files on S3 with its extension
    httpfs.

    \b
    Examples:  overscripted views demo-run
               duckdb -readonly demo-run/run.duckdb "SELECT count(*) FROM calls"
    """
    opened = Run.open(run)

    from overscripted.api.views import write_views

    n, damaged = write_views(opened)
    for file in damaged:
        click.echo(f"{file}: not a table, so it has no view; make it again", err=True)
    click.echo(f"{opened.store.uri(layout.VIEWS)}: {n:,} views, which name the files by their whole path")
