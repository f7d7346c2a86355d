"""The command ``overscripted inspect``: its options, its live line of progress, its exit codes."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from overscripted.crawl.command import crawl
from overscripted.errors import InputError, NotVisited
from overscripted.inspection import settings
from overscripted.options import Count, Grouped, Number

# Options that mean the same as in a crawl.
_AS_CRAWL = (
    *("do", "load_timeout", "contact", "respect_robots", "robots_unreachable", "proxy", "authorities"),
    *("allow_private", "firefox", "display"),
)


def _as_crawl(command: click.Command) -> click.Command:
    """Give a command the crawl's own options, so that they stay the same."""
    known = {parameter.name: parameter for parameter in crawl.params}
    command.params += [known[name] for name in _AS_CRAWL]
    return command


@_as_crawl
@click.command(
    cls=Grouped,
    groups={
        "Visits": ("links", "dwell", "once", "consent", "variants", "do", "load_timeout"),
        "Answer": ("against", "html", "as_json", "evidence", "keep"),
        "Sites": ("contact", "respect_robots", "robots_unreachable"),
        "Network and Firefox": ("proxy", "authorities", "allow_private", "firefox", "display"),
    },
)
@click.argument("url")
@click.option(
    "--links",
    type=Count(0, settings.MOST_LINKS),
    default=0,
    show_default=True,
    metavar="N",
    help="Also visit up to N more pages of the site, by links of the page.",
)
@click.option(
    "--dwell",
    type=Number(settings.SHORTEST_DWELL_S, settings.LONGEST_DWELL_S),
    metavar="SECONDS",
    help="Watch each page for this long after its load event. Default: "
    f"{settings.DWELL_S:g}, with --consent {settings.CONSENT_DWELL_S:g}.",
)
@click.option(
    "--once",
    is_flag=True,
    help="Visit the page once. Otherwise it is visited twice at the same time, which shows which stored "
    "values tell browsers apart.",
)
@click.option(
    "--consent",
    is_flag=True,
    help="Also visit the page with consent given and with consent refused, and say what that changes. Needs "
    "npm, once.",
)
@click.option(
    "--variants",
    metavar="FILE",
    default="",
    help="Visit the page once in each variant of this file instead, and say what differs from the first one.",
)
@click.option(
    "--against",
    metavar="RUN",
    default="",
    help="Compare the numbers with those of the sites of this run, whose tables `overscripted etl` has made.",
)
@click.option("--html", metavar="FILE", help="Write the answer as one HTML file that can be sent to others.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, for programs.")
@click.option(
    "--evidence",
    type=Count(0, settings.EVIDENCE_KEPT),
    default=settings.EVIDENCE_SHOWN,
    show_default=True,
    metavar="N",
    help="Show up to N pieces of evidence below each sentence.",
)
@click.option(
    "--keep", metavar="RUN", default="", help="Keep the records in this new run. Otherwise they are deleted."
)
def inspect(
    url: str,
    links: int,
    dwell: float | None,
    once: bool,
    consent: bool,
    variants: str,
    against: str,
    html: str | None,
    as_json: bool,
    evidence: int,
    keep: str,
    **given: Any,
) -> None:
    """Visit the page at URL in an instrumented Firefox, and say in sentences what it does to its visitor.

    Each sentence comes with its evidence: requests, calls, scripts and lines. What could not be measured is
    said, too. The exit code is 0 if the page was seen, and 8 if it could not be visited.

    \b
    Example:  overscripted inspect https://www.example.org/
              overscripted inspect example.org --links 3 --consent --html example.html
              overscripted inspect example.org --against runs/2026-11 --json
    """
    from overscripted import without_pandas
    from overscripted.crawl import logs
    from overscripted.inspection.run import inspect as inspect_url
    from overscripted.inspection.run import web_address

    try:
        address = web_address(url)
    except InputError as error:
        raise click.UsageError(str(error)) from error
    if html:
        _require_writable(html)
    logs.start(None)
    without_pandas.hide()
    with _progress() as tell, _interruptible():
        answer = inspect_url(
            address,
            links=links,
            dwell_s=dwell,
            consent=consent,
            variants_file=variants,
            twice=not once,
            against=against,
            keep=keep,
            do=given.pop("do"),
            crawl_options=_crawl_options(given),
            progress=tell,
        )
    if html:
        Path(html).write_text(answer.to_html(), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(answer.to_json(), indent=2))
    else:
        _show(answer, evidence)
    if html:
        click.echo(f"written: {html}", err=True)
    if keep:
        click.echo(f"kept: {keep}; next: overscripted analyze {keep}", err=True)
    if not answer.answered:
        raise NotVisited(f"{address}: could not be visited ({answer.outcome}); the answer above says why")


def _crawl_options(given: dict[str, Any]) -> Any:
    from overscripted import proxies
    from overscripted.crawl.firefox import displays
    from overscripted.crawl.settings import Options

    if given["proxy"]:
        proxies.require_usable(given["proxy"], "--proxy")
    given["display"] = given["display"] or displays.default()
    given["authorities"] = tuple(given["authorities"])
    return Options(load_timeout_s=given.pop("load_timeout"), **given)


def _require_writable(html: str) -> None:
    """Raise InputError for a file that could not be written once the answer is there."""
    path = Path(html)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(
            f"--html {html}: is a folder, or its folder is not there; name a file in one that is"
        )
    try:
        path.open("ab").close()
    except OSError as error:
        raise InputError(f"--html {html}: cannot be written ({error.strerror})") from error


def _show(answer: Any, evidence: int) -> None:
    from rich.console import Console

    from overscripted.inspection import terminal

    console = Console(highlight=False)
    console.width = min(console.width, terminal.COLUMNS) if sys.stdout.isatty() else terminal.COLUMNS
    terminal.show(answer, evidence, console)


@contextmanager
def _interruptible() -> Iterator[None]:
    """End an interrupted inspection with the exit code of one. It leaves nothing to resume."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("inspect: interrupted", err=True)
        sys.exit(130)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What takes the lines of progress, on standard error: a live line on a terminal, else plain lines."""
    began = time.monotonic()
    if not sys.stderr.isatty():
        yield lambda text: click.echo(f"inspect: {time.monotonic() - began:4.0f} s  {text}", err=True)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda text: shown.update(task, description=escape(text))
