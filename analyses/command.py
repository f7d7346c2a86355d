"""``overscripted analyze`` and ``overscripted report``."""

import click

from overscripted import layout
from overscripted.engines import NAMES
from overscripted.run import Run


@click.command()
@click.argument("run")
@click.argument("names", nargs=-1)
@click.option("--engine", type=click.Choice(NAMES), default="duckdb", show_default=True)
@click.option("--master", help="Spark's master, e.g. local[4] or spark://host:7077.")
@click.option("--conf", multiple=True, metavar="KEY=VALUE", help="A setting of the engine; repeatable.")
@click.option(
    "--list", "lists", multiple=True, metavar="NAME=PATH", help="Another list; see `overscripted lists`."
)
@click.option(
    "--rule", default="ours", show_default=True, help="How to match: ours, or study2018 as the study did."
)
def analyze(
    run: str,
    names: tuple[str, ...],
    engine: str,
    master: str | None,
    conf: tuple[str, ...],
    lists: tuple[str, ...],
    rule: str,
) -> None:
    """Answer questions about RUN: all, or those of NAMES (overview, session_replay, dynamic_code,
    cryptojacking).

    Each writes RUN/findings/<name>/: tables, summary.json and a figure.

    \b
    Examples:  overscripted analyze demo-run
               overscripted analyze demo-run session_replay --list session_replay=study2018
               overscripted analyze RUN cryptojacking --list nocoin=hosts.txt --rule study2018
    """
    from overscripted.analyses.run import analyze as door

    opened = Run.open(run)
    for name, finding in door(opened, names, engine, lists, rule, master, conf).items():
        click.echo(
            f"{name}: {finding.sentence or 'not answered: ' + finding.unsupported}".replace("\x1b", "")
        )
    click.echo(f"findings: {opened.store.uri(layout.FINDINGS)}")


@click.command()
@click.argument("run")
def report(run: str) -> None:
    """Write RUN/report/index.html: one page that needs no network, to read and to pass on.

    \b
    Example:  overscripted report demo-run
    """
    from overscripted.analyses.report import report as door

    click.echo(f"report: {door(Run.open(run))}")
