"""``overscripted demo``: the whole pipeline on the demo web, by the commands that a user would type."""

import json
import shlex
import subprocess
import sys

import click

from overscripted import layout
from overscripted.demo.check import Check, check
from overscripted.demo.check_acted import check_acted
from overscripted.demo.check_findings import check_acted_findings, check_findings
from overscripted.demo.settings import (
    ACTED_DWELL_S,
    ACTED_WINDOWS,
    DWELL_S,
    LOAD_TIMEOUT_S,
    PACE_S,
    PRECRAWL_TIMEOUT_S,
    WINDOWS,
)
from overscripted.demo.web import DemoWeb
from overscripted.errors import InputError, OutsideError
from overscripted.options import Number
from overscripted.run import Run
from overscripted.store import STAGING, Store

SHOWN = 5  # differences that are shown per comparison
STOP_S = 60.0  # for an interrupted stage to end in order


@click.command()
@click.argument("run", default="demo-run")
@click.option(
    "--libraries",
    type=click.Choice(["auto", "npm", "own"]),
    default="auto",
    show_default=True,
    help="Third-party code: from npm, our own stand-ins, or npm if it is available.",
)
@click.option(
    "--dwell",
    type=Number(0.1, 3600),
    default=DWELL_S,
    show_default=True,
    help="Seconds on each page after its load event.",
)
@click.option(
    "--windows", default=WINDOWS, show_default=True, help="Pages visited at the same time: a number, or auto."
)
def demo(run: str, libraries: str, dwell: float, windows: str) -> None:
    """Run the whole pipeline on a small web on this machine, and compare the findings with its truth.

    A second, short crawl into RUN-behaviours acts on a few pages, in several variants. An earlier demo at
    these places is replaced; your notebooks in it stay.

    \b
    Example:  overscripted demo
    Then:     overscripted status demo-run
    """
    second = f"{run.rstrip('/')}-behaviours"
    stores = _make_room(run, second)
    with DemoWeb(libraries) as web:
        _introduce(web)
        for store in stores:
            Run.open(store.url, create=True).store.write_json(layout.DEMO_TRUTH, web.truth)
        for arguments in [*_stages(run, web, dwell, windows), *_acted_stages(second, web, windows)]:
            _stage(arguments)
    acted = web.truth["acted"]
    checks = check(stores[0], web.truth) + check_findings(stores[0], web.truth)
    checks += check_acted(stores[1], acted) + check_acted_findings(stores[1], acted)
    _summarise(checks)
    for store in stores:
        click.echo(f"report: {store.uri(layout.REPORT)}")
    _judge(checks, run)


def _make_room(*runs: str) -> list[Store]:
    """Delete earlier demos at these places. Raises InputError, and deletes nothing, if one is no demo."""
    found = [(Store(run), _names(run)) for run in runs]
    for store, names in found:
        if names and not store.exists(layout.DEMO_TRUTH):
            raise InputError(f"{store.url}: holds something that is not a demo; name another RUN")
    for store, names in found:
        if names:
            click.echo(f"replacing the demo at {store.url}")
            for name in names | {STAGING}:
                store.delete(name)
    return [store for store, _ in found]


def _names(run: str) -> set[str]:
    """What is in a folder, but for the user's notebooks."""
    store = Store(run)
    store.check()
    return {key.partition("/")[0] for key in store.files()} - {layout.NOTEBOOKS}


def _introduce(web: DemoWeb) -> None:
    listed, hosts = len(web.demo.listed), len(web.world.schemes)
    click.echo(f"the demo web: {listed} listed sites, {hosts} hosts, {len(web.proxies)} vantage points")
    if web.libraries.mode == "own":
        click.secho(
            f"no third-party code from npm ({web.libraries.why}): our own stand-ins are served instead",
            fg="yellow",
        )


def _stages(run: str, web: DemoWeb, dwell: float, windows: str) -> list[list[str]]:
    """The commands of the pipeline, without the program's name."""
    vantages = [part for name, proxy in web.proxies.items() for part in ("--vantage", f"{name}={proxy}")]
    shared = ["--ca", web.ca_file, "--allow-private"]
    first = next(iter(web.proxies.values()))
    pace = ["--dwell", f"{dwell:g}", "--windows", windows, "--load-timeout", f"{LOAD_TIMEOUT_S:g}"]
    return [
        [
            "precrawl",
            run,
            "--sites",
            web.sites_file,
            *vantages,
            *shared,
            "--timeout",
            f"{PRECRAWL_TIMEOUT_S:g}",
            "--pace",
            f"{PACE_S:g}",
        ],
        ["crawl", run, "--proxy", first, "--popups", "allow", *shared, *pace],
        ["etl", run],
        ["analyze", run],
        ["report", run],
    ]


def _acted_stages(run: str, web: DemoWeb, windows: str) -> list[list[str]]:
    """The commands of the second crawl, without the program's name."""
    seeds = ["--seeds", web.acted_file, "--variants", web.variants_file]
    proxy = ["--proxy", next(iter(web.proxies.values())), "--ca", web.ca_file, "--allow-private"]
    windows = f"{ACTED_WINDOWS}" if windows == WINDOWS else windows
    pace = ["--dwell", f"{ACTED_DWELL_S:g}", "--windows", windows, "--per-domain", "0"]
    return [["crawl", run, *seeds, *proxy, *pace], ["etl", run], ["analyze", run], ["report", run]]


def _stage(arguments: list[str]) -> None:
    """Show a command and run it. Raises OutsideError with the exit code of a command that failed."""
    click.secho(f"\n$ {shlex.join(['overscripted', *arguments])}", bold=True)
    process = subprocess.Popen([sys.executable, "-m", "overscripted", *arguments])
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the stage was interrupted as well: let it end in order
        process.wait(STOP_S)
        raise
    finally:
        if process.poll() is None:
            process.kill()
    if code == 130:
        raise KeyboardInterrupt
    if code:
        error = OutsideError(f"demo: `overscripted {arguments[0]}` failed; see its message above")
        error.exit_code = code if code > 0 else error.exit_code
        raise error


def _summarise(checks: list[Check]) -> None:
    click.secho("\ncompared with the truth of the demo web:", bold=True)
    for comparison in checks:
        right = not comparison.wrong
        mark = click.style("  right" if right else "  WRONG", fg="green" if right else "red")
        differ = "" if right else f", {len(comparison.wrong)} differ"
        gaps = f", {len(comparison.gaps)} in known gaps of the crawl" if comparison.gaps else ""
        click.echo(f"{mark}  {comparison.name}: {comparison.facts:,} facts{differ}{gaps}")
        for line in comparison.wrong[:SHOWN]:
            click.echo(f"         {json.dumps(line, ensure_ascii=False)}")


def _judge(checks: list[Check], run: str) -> None:
    """Raise OutsideError where a comparison differs: the run does not agree with the truth."""
    if wrong := sum(bool(comparison.wrong) for comparison in checks):
        raise OutsideError(
            f"demo: {wrong} of {len(checks)} comparisons differ from the truth, see above; if this machine "
            f"is busy with other work, visit fewer pages at a time: overscripted demo {run} --windows 2"
        )
