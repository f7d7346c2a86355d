"""``overscripted crawl``: its options, and what it says at the end."""

from typing import Any

import click

from overscripted import robots
from overscripted.crawl import settings
from overscripted.errors import InputError
from overscripted.options import Contact, Count, Number, Seed, decimal
from overscripted.progress import duration


def _windows(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    if (number := decimal(value, 1, 500)) is None:
        raise click.BadParameter("a number from 1 to 500, or auto")
    return number


@click.command()
@click.argument("run")
@click.option(
    "--seeds",
    metavar="FILE",
    help="URLs to visit: Parquet with a column `seed`, or one URL a line. "
    "Default: the seeds of the run's precrawl. May add seeds to a crawl that has begun.",
)
@click.option(
    "--dwell",
    type=Number(0.1, 3600),
    default=settings.DWELL_S,
    show_default=True,
    metavar="SECONDS",
    help="How long a page is watched after its load event.",
)
@click.option(
    "--load-timeout",
    type=Number(1, 3600),
    default=settings.LOAD_TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="A page that has not loaded by then is a `timeout`.",
)
@click.option(
    "--windows",
    default="auto",
    show_default=True,
    callback=_windows,
    metavar="N|auto",
    help="Pages at a time; auto: as many as leave each page the CPU it needs.",
)
@click.option(
    "--frontier",
    metavar="URL",
    help="Where the seeds' state is: postgresql://… for a fleet, "
    "sqlite:///FILE. Default: RUN/frontier.sqlite.",
)
@click.option("--proxy", metavar="URL", default="", help="Forward proxy (http://HOST:PORT) for all pages.")
@click.option(
    "--ca",
    "authorities",
    metavar="FILE",
    multiple=True,
    help="PEM file of a certificate authority to trust. May be repeated.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Let pages reach loopback and private addresses (local work, the demo).",
)
@click.option(
    "--instrument",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="What is recorded: default, fingerprinting, study2017, or a JSON file in the format of "
    "OpenWPM's js_instrument_settings.",
)
@click.option(
    "--mix-instruments",
    is_flag=True,
    help="Go on with a run that was crawled with another --instrument: its records mean different things.",
)
@click.option(
    "--retries",
    type=Count(0, 10),
    default=3,
    show_default=True,
    help="Further attempts at a seed at most; which outcomes are tried again is fixed.",
)
@click.option(
    "--per-domain",
    type=Count(0, 10_000),
    default=settings.PER_DOMAIN,
    show_default=True,
    help="Visits at a time to one registrable domain, by the whole fleet; 0: any number, for sites of "
    "your own.",
)
@click.option(
    "--pace",
    type=Number(0, settings.DAY_S),
    default=0.0,
    metavar="SECONDS",
    help="Least time between the beginnings of two visits to one registrable domain.",
)
@click.option(
    "--contact",
    type=Contact(),
    metavar="URL",
    default="",
    help="Added to the User-Agent, for those who wonder.",
)
@click.option("--respect-robots", is_flag=True, help="Do not visit what a site's robots.txt forbids.")
@click.option(
    "--robots-unreachable",
    type=click.Choice([robots.DISALLOW, robots.ALLOW]),
    default=robots.DISALLOW,
    show_default=True,
    help="With --respect-robots: what to do at a site whose robots.txt cannot be read because of a "
    "network or server error.",
)
@click.option(
    "--metrics", metavar="HOST:PORT", default="", help="Serve this worker's numbers for Prometheus there."
)
@click.option("--firefox", metavar="PATH", help="Firefox to use; default: the system's.")
@click.option(
    "--show",
    is_flag=True,
    help="Show the windows on the desktop, or on a virtual display (xvfb-run), instead of headless.",
)
@click.option(
    "--popups",
    type=click.Choice(["block", "allow"]),
    default="block",
    show_default=True,
    help="Pop-ups that no click opens: block them, as Firefox does by default, and record the attempts; "
    "or allow them.",
)
@click.option(
    "--segment-age",
    type=Number(1, settings.DAY_S),
    default=settings.SEGMENT_AGE_S,
    show_default=True,
    metavar="SECONDS",
    help="Records are durable after this time at most.",
)
@click.option(
    "--visits-a-browser",
    type=Count(1, 1_000_000),
    default=settings.VISITS_A_BROWSER,
    show_default=True,
    help="Then a new Firefox takes over; 1: a new one for every page.",
)
@click.option("--log", metavar="FILE", help="Write a log of JSON lines, one a visit.")
def crawl(run: str, seeds: str | None, frontier: str | None, log: str | None, **given: Any) -> None:
    """Visit every seed of RUN in an instrumented Firefox and record what its JavaScript does.

    Interrupt with Ctrl-C: pages under way are finished, and the same command goes on later. Several
    workers may share one crawl: the same command on each machine, with RUN on S3 and --frontier.

    \b
    Example:  overscripted crawl runs/2026-11 --dwell 10 --windows auto
              overscripted crawl runs/mine --seeds urls.txt
    """
    from overscripted.crawl import logs
    from overscripted.crawl.limits import NAMES, Limit
    from overscripted.crawl.run import crawl as run_crawl

    logs.start(log)
    facts = run_crawl(run, options(given), seeds, frontier)
    held_back = ", ".join(f"{NAMES[Limit(it)]} {duration(s)}" for it, s in facts["held_back_s"].items())
    shown = ", ".join(f"{name} {n:,}" for name, n in facts.items() if name != "held_back_s")
    click.echo(f"crawl: {shown}")
    click.echo(f"crawl: held back by {held_back or 'nothing'}")
    if facts["left"]:
        raise KeyboardInterrupt


def options(given: dict[str, Any]) -> settings.Options:
    """The options as the crawl takes them."""
    proxy = given["proxy"]
    if proxy and (not proxy.startswith("http://") or "@" in proxy):
        raise InputError(
            f"--proxy {proxy}: an HTTP forward proxy without a login is needed, http://HOST:PORT"
        )
    return settings.Options(
        dwell_s=given["dwell"],
        load_timeout_s=given["load_timeout"],
        windows=given["windows"],
        proxy=proxy,
        authorities=tuple(given["authorities"]),
        allow_private=given["allow_private"],
        instrument=given["instrument"],
        mix_instruments=given["mix_instruments"],
        contact=given["contact"],
        respect_robots=given["respect_robots"],
        robots_unreachable=given["robots_unreachable"],
        metrics=given["metrics"],
        retries=given["retries"],
        per_domain=given["per_domain"],
        pace_s=given["pace"],
        firefox=given["firefox"],
        show=given["show"],
        popups=given["popups"],
        segment_age_s=given["segment_age"],
        visits_a_browser=given["visits_a_browser"],
    )


@click.command()
@click.argument("run")
@click.option("--sample", type=Count(1), default=200, show_default=True, help="Seeds to draw.")
@click.option(
    "--longest",
    type=Number(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each page of the sample is watched.",
)
@click.option(
    "--draw", type=Seed(), default=1, show_default=True, help="Number of the draw: same number, same sample."
)
@click.option(
    "--seeds", metavar="FILE", help="Draw from these URLs. Default: the seeds of the run's precrawl."
)
@click.option("--windows", default="auto", show_default=True, callback=_windows, metavar="N|auto")
@click.option("--proxy", metavar="URL", default="", help="Forward proxy for all pages.")
@click.option("--ca", "authorities", metavar="FILE", multiple=True, help="Certificate authority to trust.")
@click.option("--allow-private", is_flag=True, help="Let pages reach private addresses.")
def dwell(
    run: str,
    sample: int,
    longest: float,
    draw: int,
    seeds: str | None,
    windows: int | None,
    proxy: str,
    authorities: tuple[str, ...],
    allow_private: bool,
) -> None:
    """Find out how long pages should be watched: what would each dwell catch?

    Watches a sample of RUN's seeds for long, as the study did before it chose 10 s, and writes
    RUN/dwell/summary.json and RUN/dwell/dwell.svg.

    \b
    Example:  overscripted dwell runs/2026-11 --sample 200 --longest 60
    """
    from overscripted.crawl import logs
    from overscripted.crawl.dwell import dwell as find_dwell

    logs.start(None)
    asked = settings.Options(
        dwell_s=longest, windows=windows, proxy=proxy, authorities=authorities, allow_private=allow_private
    )
    summary = find_dwell(run, asked, sample, draw, seeds)
    click.echo(f"dwell: {summary['calls']:,} calls on {summary['pages']:,} pages in {longest:g} s")
    for candidate in summary["candidates"]:
        calls, uses = candidate["share_of_calls"] or 0, candidate["share_of_symbol_uses"] or 0
        caught = f"{calls:7.1%} of the calls  {uses:7.1%} of the symbols' first uses"
        click.echo(f"  {candidate['dwell_s']:>5g} s  {caught}")
