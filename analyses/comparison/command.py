"""``overscripted compare``."""

import click

from overscripted.options import engine_options
from overscripted.run import Run

SHOWN = 20  # figures in the terminal: what fits a screen


@click.command()
@click.argument("then")
@click.argument("now")
@click.option(
    "--then",
    "then_where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Which visits of THEN, such as wave=1; repeatable. Default: as `analyze` counts them.",
)
@click.option(
    "--now",
    "now_where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Which visits of NOW, such as wave=2; repeatable. Default: as `analyze` counts them.",
)
@click.option(
    "--noise",
    metavar="RUN",
    help="A run that measured the same as NOW at the same time: the baseline of noise.",
)
@click.option(
    "--noise-visits",
    "noise_where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Which visits are the baseline, such as variant=twin; of NOW without --noise; repeatable.",
)
@click.option("--only", multiple=True, metavar="ANALYSIS", help="Compare this analysis alone; repeatable.")
@click.option("--name", default="", help="Name of the comparison's folder; default: that of THEN.")
@engine_options
def compare(
    then: str,
    now: str,
    then_where: tuple[str, ...],
    now_where: tuple[str, ...],
    noise: str | None,
    noise_where: tuple[str, ...],
    only: tuple[str, ...],
    name: str,
    engine: str,
    master: str | None,
    conf: tuple[str, ...],
) -> None:
    """Say what changed from run THEN to run NOW, over the seeds that both visited.

    Every share of every analysis is counted again over these seeds and tested. Third parties and scripts are
    new, gone, more or fewer. The result is in NOW/comparisons/, and `overscripted report NOW` shows it.

    \b
    Examples:  overscripted compare runs/october runs/november
               overscripted compare runs/weekly runs/weekly --then wave=1 --now wave=2
               overscripted compare runs/october runs/november --noise runs/november-again
    """
    from overscripted.analyses.comparison.run import compare as run_comparison

    later = Run.open(now)
    done = run_comparison(
        Run.open(then),
        later,
        then_where,
        now_where,
        Run.open(noise) if noise else None,
        noise_where,
        only,
        name,
        engine,
        master,
        conf,
    )
    click.echo(done["sentence"])
    for row in [row for row in done["rows"] if row["verdict"]][:SHOWN]:
        label = f"{row['analysis']}: {row['label']}"
        click.echo(f"  {row['then']:6.2f} % {row['now']:6.2f} %  {row['verdict']:15}  {label}")
    for note in done["notes"]:
        click.echo(f"note: {note}".replace("\x1b", ""))
    click.echo(f"comparison: {later.store.uri(done['key'])}")
