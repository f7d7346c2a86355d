"""``overscripted import`` with its end: which analyses can answer of what was imported.

It stands above the stages, as it needs two of them. The command itself is the etl's.
"""

import click

from overscripted.analyses import answerable
from overscripted.etl.command import import_ as import_
from overscripted.run import Run


@import_.result_callback()
def say_what_can_be_answered(run: Run, **_: object) -> None:
    """Say which analyses can answer, why others cannot, and which command is next."""
    for line in answerable.lines(run):
        click.echo(line)
    click.echo(f"next: {run.command('etl')}")
