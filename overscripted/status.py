"""``overscripted status``: what a run holds and what is missing."""

from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from overscripted.run import STAGES, Run

CRAWL = "crawl/status.json"  # written by the crawl's workers while they work


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
    if opened.store.exists(CRAWL):
        _show_crawl(console, opened.store.read_json(CRAWL))
    if following := next_stage(opened):
        console.print(escape(f"next: {STAGES[following].format(run=opened.store.url)}"), highlight=False)
    else:
        console.print(escape(f"every stage complete; report: {opened.store.uri('report/index.html')}"))


def _show_crawl(console: Console, said: dict[str, Any]) -> None:
    """The crawl as its workers last told: rate, time left, and what each of them does."""
    left = said.get("left_s")
    until = f", {left / 3600:.1f} h left at this rate" if left else ""
    seen = f"crawl at {said['time'][:19]}: {said['left']:,} of {said['seeds']:,} seeds left"
    console.print(escape(f"{seen}, {said['per_hour']:,} pages/hour{until}"), highlight=False)
    table = Table(title="crawl workers", title_justify="left")
    columns = ("worker", "alive", "silent_s", "windows", "active", "ended", "good", "per_hour")
    for heading in columns:
        table.add_column(heading, overflow="fold")
    for worker in said.get("workers", ()):
        table.add_row(*(escape(str(worker.get(name, ""))) for name in columns))
    console.print(table)


def stages_of(run: Run) -> list[str]:
    """The stages of this run: an imported run has no precrawl and crawl, and so on."""
    if run.stage("import"):
        absent = {"precrawl", "crawl"}
    elif run.stage("crawl") and not run.stage("precrawl"):  # seeds of the user's
        absent = {"import", "precrawl"}
    else:
        absent = {"import"}
    return [stage for stage in STAGES if stage not in absent]


def next_stage(run: Run) -> str | None:
    """The first stage that is not complete."""
    return next((s for s in stages_of(run) if run.stage(s).get("status") != "complete"), None)
