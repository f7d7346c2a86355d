"""``overscripted explore``."""

from pathlib import Path

import click

from overscripted.errors import InputError
from overscripted.explore.settings import EXPORT_PAGES
from overscripted.options import Count
from overscripted.run import Run


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--port", type=Count(0, 65535), default=0, help="The port to listen at. Default: a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen at. Any but the default lets other machines in.",
)
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the pages of one RUN to this folder, to publish them, and serve nothing.",
)
@click.option(
    "--pages",
    type=Count(1, 100_000),
    default=EXPORT_PAGES,
    show_default=True,
    help="Pages of each kind that --export writes at most.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def explore(
    runs: tuple[str, ...], port: int, host: str, folder: Path | None, pages: int, no_browser: bool
) -> None:
    """Explore each RUN in the browser: its sites, visits, scripts, symbols, requests and findings.

    The explorer runs on this machine, reads the runs and changes nothing. The address that it prints has a
    secret; without it nobody can read the runs. Ctrl-C ends it.

    \b
    Examples:  overscripted explore demo-run
               overscripted explore runs/oct runs/nov --port 8080 --no-browser
               overscripted explore runs/nov --export public/nov
    """
    opened = [Run.open(run) for run in runs]
    for run in opened:
        run.require("etl")
    if folder:
        _export(opened, folder.absolute(), pages)
        return
    from overscripted.explore.server import is_local, serve

    if not is_local(host):
        click.echo(
            f"explore: --host {host}: other machines can connect, and what they read is not encrypted",
            err=True,
        )
    serve(opened, host, port, not no_browser, click.echo)


def _export(runs: list[Run], folder: Path, pages: int) -> None:
    from overscripted.explore.export import export
    from overscripted.explore.server import named

    if len(runs) > 1:
        raise InputError("--export writes one RUN: name one, and another folder for each other one")
    ((_, data),) = named(runs).items()
    try:
        n = export(data, folder, pages, lambda line: click.echo(line, err=True))
    finally:
        data.close()
    click.echo(f"explore: {n:,} pages: {folder / 'index.html'}")
