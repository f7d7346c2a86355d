"""``overscripted status``: what a run holds and what is missing."""

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from overscripted.run import STAGES, Run


@click.command()
@click.argument("run")
def status(run: str) -> None:
    """Show what RUN holds, stage by stage, and what to do next.

    \b
    Example:  overscripted status runs/2026-11
    """
    opened = Run.open(run)
    console = Console()
    table = Table(title=escape(f"{opened.store.url} (run {opened.crawl_id})"), title_justify="left")
    for heading in ("stage", "status", "ended", "facts"):
        table.add_column(heading, overflow="fold")
    for name in stages_of(opened):
        entry = opened.stage(name)
        facts = entry.get("facts", {})
        table.add_row(
            name,
            str(entry.get("status", "missing")),
            str(entry.get("ended", ""))[:19],
            escape(", ".join(f"{key} {value}" for key, value in facts.items())),
        )
    console.print(table)
    if following := next_stage(opened):
        console.print(escape(f"next: {STAGES[following].format(run=opened.store.url)}"), highlight=False)
    else:
        console.print(escape(f"every stage complete; report: {opened.store.uri('report/index.html')}"))


def stages_of(run: Run) -> list[str]:
    """The stages of this run: an imported run has no precrawl and crawl, and the reverse."""
    imported = bool(run.stage("import"))
    return [s for s in STAGES if (s != "import" if not imported else s not in ("precrawl", "crawl"))]


def next_stage(run: Run) -> str | None:
    """The first stage that is not complete."""
    return next((s for s in stages_of(run) if run.stage(s).get("status") != "complete"), None)
