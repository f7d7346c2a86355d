"""``overscripted pack``."""

import click

from overscripted.run import Run


@click.command()
@click.argument("run")
@click.option(
    "--wacz",
    "file",
    metavar="FILE",
    default="",
    help="Write the archive as this WACZ file, which ReplayWeb.page and pywb open. Default: write the index.",
)
def pack(run: str, file: str) -> None:
    """Index the archive that `crawl --record` made, as RUN/archive/index.cdxj, or write it as one file.

    Attempts at a visit that do not count are left out.

    \b
    Examples:  overscripted pack RUN
               overscripted pack RUN --wacz measurement.wacz
    """
    from overscripted.export.pack import pack as write

    facts = write(Run.open(run), file)
    click.echo("pack: " + ", ".join(f"{name} {n:,}" for name, n in facts.items()))
    if facts.get("damaged"):
        click.echo(
            "pack: damaged records were left out; restore the files from a copy to have them", err=True
        )
