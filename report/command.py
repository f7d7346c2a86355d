"""``overscripted report``."""

import click

from overscripted.run import Run


@click.command()
@click.argument("run")
def report(run: str) -> None:
    """Write RUN/report/index.html: one page to read and to send to others. It needs no network.

    \b
    Example:  overscripted report demo-run
    """
    from overscripted import without_pandas
    from overscripted.report.run import report as write_report

    without_pandas.hide()
    click.echo(f"report: {write_report(Run.open(run))}")
