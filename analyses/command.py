"""``overscripted analyze``."""

import click

from overscripted import layout
from overscripted.engine_names import ENGINES
from overscripted.group_names import DIMENSIONS
from overscripted.run import Run


@click.command()
@click.argument("run")
@click.argument("names", nargs=-1)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="duckdb",
    show_default=True,
    help="The engine that runs the queries.",
)
@click.option("--master", help="Spark's master, e.g. local[4] or spark://host:7077.")
@click.option("--conf", multiple=True, metavar="KEY=VALUE", help="A setting of the engine; repeatable.")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="NAME=PATH",
    help="Use this list, not the default one; repeatable. See `overscripted lists`.",
)
@click.option(
    "--rule",
    default="ours",
    show_default=True,
    help="How hosts are matched with a list: ours, or study2018 for the study's own rule.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Count the visits with this variant, wave or reached_by (seed, link, revisit); repeatable. Default: "
    "those at seeds, of the last wave, without a variant or of the one named plain.",
)
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(list(DIMENSIONS)),
    help="Add tables that have each variant, wave or way beside the others; repeatable.",
)
def analyze(
    run: str,
    names: tuple[str, ...],
    engine: str,
    master: str | None,
    conf: tuple[str, ...],
    lists: tuple[str, ...],
    rule: str,
    where: tuple[str, ...],
    by: tuple[str, ...],
) -> None:
    """Answer questions about RUN: all of them, or those of NAMES (overview, session_replay, dynamic_code,
    cryptojacking).

    Each analysis writes RUN/findings/<name>/: tables, summary.json and a figure. It counts visits of one
    variant and wave at seeds, never several together.

    \b
    Examples:  overscripted analyze demo-run
               overscripted analyze demo-run session_replay --list session_replay=study2018
               overscripted analyze RUN cryptojacking --list nocoin=hosts.txt --rule study2018
               overscripted analyze RUN --where wave=1 --by variant
    """
    from overscripted.analyses.run import analyze as run_analyses

    opened = Run.open(run)
    for name, finding in run_analyses(opened, names, engine, lists, rule, master, conf, where, by).items():
        answer = finding.sentence or f"not answered: {finding.unsupported}"
        click.echo(f"{name}: {answer}".replace("\x1b", ""))
    click.echo(f"findings: {opened.store.uri(layout.FINDINGS)}")
