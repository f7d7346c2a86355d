"""``overscripted analyze``."""

import click

from overscripted import layout
from overscripted.group_names import DIMENSIONS
from overscripted.options import Count, engine_options
from overscripted.run import Run


@click.command()
@click.argument("run")
@click.argument("names", nargs=-1)
@engine_options
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
@click.option(
    "--sample",
    type=Count(1),
    metavar="N",
    help="Answer of N of these visits, too, drawn at random: a table has each figure beside that of all.",
)
@click.option(
    "--script",
    metavar="URL|SHA256",
    help="Do not analyse: say why the named analysis counts this script or does not, with its calls.",
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
    sample: int | None,
    script: str | None,
) -> None:
    """Answer questions about RUN: all of them, or those of NAMES, such as overview or session_replay. The
    guide "Run the analyses" lists them.

    Each analysis writes RUN/findings/<name>/: tables, summary.json and a figure. It counts visits of one
    variant and wave at seeds, never several together.

    \b
    Examples:  overscripted analyze demo-run
               overscripted analyze demo-run session_replay --list session_replay=study2018
               overscripted analyze RUN cryptojacking --list nocoin=hosts.txt --rule study2018
               overscripted analyze RUN --where wave=1 --by variant
               overscripted analyze RUN dynamic_code --sample 10000
               overscripted analyze RUN fingerprinting --script https://example.com/fp.js
    """
    from overscripted import without_pandas
    from overscripted.analyses.registry import analyses
    from overscripted.analyses.run import analyze as run_analyses
    from overscripted.analyses.run import explain
    from overscripted.analyses.sampling import sentence

    without_pandas.hide()
    opened = Run.open(run)
    if script is not None:
        click.echo(explain(opened, names, script, engine, master, conf, where))
        return
    found = run_analyses(opened, names, engine, lists, rule, master, conf, where, by, sample)
    for name, finding in found.items():
        answer = finding.sentence or f"not answered: {finding.unsupported}"
        click.echo(f"{name}: {answer}".replace("\x1b", ""))
        if beside := sentence(finding, analyses()[name].headline):
            click.echo(f"  {beside}")
    click.echo(f"findings: {opened.store.uri(layout.FINDINGS)}")
