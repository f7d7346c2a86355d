"""``overscripted status``: what a run holds and what is missing."""

from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from overscripted import layout
from overscripted.run import STAGES, Run
from overscripted.text import visible

_STYLES = {"complete": "green", "running": "yellow", "missing": "dim", "out of date": "yellow"}


@click.command()
@click.argument("run")
def status(run: str) -> None:
    """Show what RUN holds, stage by stage, and what to do next.

    \b
    Example:  overscripted status runs/2026-11
    """
    opened = Run.open(run)
    console = Console(highlight=False)
    console.print(escape(f"{opened.store.url} (run {opened.crawl_id})"), style="bold")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("stage", "status", "ended (UTC)", "facts"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "facts")
    for name in stages_of(opened):
        entry = opened.stage(name)
        state = state_of(opened, name)
        ended = str(entry.get("ended", ""))[:16].replace("T", " ")
        facts = escape("\n".join(lines_of(entry.get("facts", {}))))
        table.add_row(name, f"[{_STYLES.get(state, 'red')}]{escape(state)}[/]", ended, facts)
    console.print(table)
    if opened.store.exists(layout.CRAWL_STATUS) and opened.stage("crawl").get("status") != "complete":
        _show_crawl(console, opened.store.read_json(layout.CRAWL_STATUS))
    if following := next_stage(opened):
        conclusion = f"next: {opened.command(following)}"
    else:
        conclusion = f"every stage complete; report: {opened.store.uri(layout.REPORT)}"
    console.print(escape(conclusion), soft_wrap=True)  # on one line, so that it can be copied


def lines_of(facts: dict[str, Any]) -> list[str]:
    """Facts of a stage as lines: all counts on one line, each text and each group of counts on its own."""
    texts, counts = [], []
    for key, value in facts.items():
        if isinstance(value, str):
            texts.append(f"{_label(key)}: {_visible(value)}")
        elif isinstance(value, dict):
            texts.append(f"{_label(key)}: {', '.join(f'{_label(k)} {_count(v)}' for k, v in value.items())}")
        else:
            counts.append(f"{_label(key)} {_count(value)}")
    return ([", ".join(counts)] if counts else []) + texts


def _label(key: str) -> str:
    return _visible(key.replace("_", " "))


def _count(value: Any) -> str:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,}" if numeric else _visible(value)


def _visible(value: Any) -> str:
    return visible(str(value))


def _show_crawl(console: Console, crawl: dict[str, Any]) -> None:
    """The last report of the crawl's workers: rate, time left, and what each worker does."""
    left = crawl.get("left_s")
    time_left = f", {left / 3600:.1f} h left at this rate" if left else ""
    wave = f" of wave {crawl['wave']}" if "wave" in crawl else ""
    seeds = f"crawl at {crawl['time'][:19]}: {crawl['left']:,} of {crawl['seeds']:,} seeds{wave} left"
    console.print(escape(f"{seeds}, {crawl['per_hour']:,} pages/hour{time_left}"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    columns = ("worker", "alive", "silent_s", "windows", "active", "ended", "good", "per_hour", "limit")
    for heading in columns:
        table.add_column(heading, overflow="fold")
    workers = crawl.get("workers", ())
    for worker in workers:
        table.add_row(*(escape(_visible(worker.get(name, ""))) for name in columns))
    console.print(table)
    for worker in workers:
        if worker.get("alive") and worker.get("held_back"):
            console.print(escape(_visible(f"{worker['worker']}: {worker['held_back']}")))


def stages_of(run: Run) -> list[str]:
    """The stages of this run. An imported run has no precrawl and no crawl, for example."""
    if run.stage("import"):
        absent = {"precrawl", "crawl"}
    elif run.stage("crawl") and not run.stage("precrawl"):  # seeds of the user's
        absent = {"import", "precrawl"}
    else:
        absent = {"import"}
    return [stage for stage in STAGES if stage not in absent]


def state_of(run: Run, name: str) -> str:
    """A stage's state: the status in run.json, ``missing``, or ``out of date`` where an input has changed."""
    state = str(run.stage(name).get("status", "missing"))
    return "out of date" if state == "complete" and run.out_of_date(name) else state


def next_stage(run: Run) -> str | None:
    """The first stage that is not complete or is out of date; None where there is none."""
    return next((s for s in stages_of(run) if state_of(run, s) != "complete"), None)
