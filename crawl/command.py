"""The commands ``overscripted crawl`` and ``overscripted dwell``: their options and their last lines."""

from typing import Any

import click

from overscripted import proxies, robots
from overscripted.crawl import settings
from overscripted.crawl.firefox import displays
from overscripted.crawl.openwpm import options as engines
from overscripted.options import Contact, Count, Grouped, Number, Seed, decimal
from overscripted.progress import duration
from overscripted.record_kinds import saving


def _windows(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    if (number := decimal(value, 1, 500)) is None:
        raise click.BadParameter("must be a number from 1 to 500, or auto")
    return number


def _renamed(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Take the value of an option under its old name, unless the new name is given too; say so."""
    if value is not None:
        click.echo(f"crawl: {parameter.opts[0]} is now --{parameter.metavar}; use that name", err=True)
        new = str(parameter.metavar).replace("-", "_")
        context.default_map = {**(context.default_map or {}), new: value}


@click.command(
    cls=Grouped,
    groups={
        "Seeds": ("seeds", "variants", "next_wave", "frontier", "retries"),
        "Visits": (
            "dwell",
            "do",
            "revisit",
            "profile",
            "load_timeout",
            "windows",
            "per_domain",
            "pace",
            "contact",
            "respect_robots",
            "robots_unreachable",
        ),
        "Records": ("instrument", "mix_instruments", "save", "record", "segment_age"),
        "Firefox": ("firefox", "display", "popups", "visits_per_browser"),
        "OpenWPM": ("engine", "openwpm", "openwpm_python", "openwpm_config"),
        "Network": ("replay", "replay_clock", "replay_random", "proxy", "authorities", "allow_private"),
        "Monitoring": ("metrics", "log"),
    },
)
@click.argument("run")
@click.option(
    "--seeds",
    metavar="FILE",
    help="URLs to visit: a Parquet file with a column `seed`, or a text file with one URL per line. "
    "Default: the seeds that the precrawl of RUN found. New seeds are added to a crawl that has begun.",
)
@click.option(
    "--next-wave",
    is_flag=True,
    help="Visit all seeds once more, as the next wave of RUN. While seeds of the present wave are left, "
    "continue that one.",
)
@click.option(
    "--variants",
    metavar="FILE",
    default="",
    help="Visit each seed once in each variant of this TOML or YAML file, at the same time: another device, "
    "language, privacy setting and the like. docs/guide/variants.md has all settings.",
)
@click.option(
    "--dwell",
    type=Number(0.1, 3600),
    default=settings.DWELL_S,
    show_default=True,
    metavar="SECONDS",
    help="Watch each page for this long after its load event.",
)
@click.option(
    "--do",
    metavar="STEP,…",
    default="",
    help="Do this on each page after its load, in order, within the dwell. Steps: scroll, mouse, "
    "consent=accept, consent=reject or consent=detect, forms, links=N (visit N more pages of the site), "
    "wait=SECONDS, or a Python file of your own.",
)
@click.option(
    "--revisit",
    type=Number(0, settings.DAY_S),
    default=0.0,
    metavar="SECONDS",
    help="Visit each page once more, this long after its first visit and with what that visit left: cookies, "
    "storage, caches. The second visit is one of its own.",
)
@click.option(
    "--profile",
    metavar="keep|load=FILE|save=FILE",
    multiple=True,
    help="Visit all seeds with one profile, one after the other: each visit finds the cookies and storage "
    "that those before it left. `save` writes the profile to a file at the end, `load` begins with one. May "
    "be given several times.",
)
@click.option(
    "--load-timeout",
    type=Number(1, 3600),
    default=settings.LOAD_TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="End a visit as `timeout` if its page has no load event within this time.",
)
@click.option(
    "--windows",
    default="auto",
    show_default=True,
    callback=_windows,
    metavar="N|auto",
    help="Visit up to N pages at the same time. `auto` visits as many as get the CPU that they need.",
)
@click.option(
    "--frontier",
    metavar="URL",
    help="Database that holds the state of the seeds: postgresql://… for several machines, or "
    "sqlite:///FILE. Default: RUN/frontier.sqlite.",
)
@click.option(
    "--replay",
    metavar="ARCHIVE",
    multiple=True,
    help="Load all pages from this archive, and nothing from the network: a WARC, WACZ or HAR file, or a "
    "folder of them, such as that of a run that was recorded, also in a bucket (s3://…). May be given "
    "several times. Without --seeds, the pages of the archive are visited. docs/guide/replay.md has the "
    "rules.",
)
@click.option(
    "--replay-clock",
    is_flag=True,
    help="With --replay: let each page's clock begin at the time at which the archive captured its visit. "
    "Pages can notice it.",
)
@click.option(
    "--replay-random",
    is_flag=True,
    help="With --replay: give each page the same random numbers in every replay. Pages can notice it.",
)
@click.option(
    "--proxy", metavar="URL", default="", help="Load all pages through this HTTP proxy (http://HOST:PORT)."
)
@click.option(
    "--ca",
    "authorities",
    metavar="FILE",
    multiple=True,
    help="Trust the certificate authority in this PEM file. May be given several times.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Let pages connect to loopback and private addresses (for local sites and the demo).",
)
@click.option(
    "--instrument",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Which calls to record: default, fingerprinting, study2017, or a JSON file in the format of "
    "OpenWPM's js_instrument_settings.",
)
@click.option(
    "--mix-instruments",
    is_flag=True,
    help="Continue a run that was crawled with another --instrument. Its records then mean different things.",
)
@click.option(
    "--save",
    metavar="KIND,…",
    multiple=True,
    help=f"Also record these kinds: {', '.join(saving.options()) or 'none yet'}. "
    "docs/reference/saving.md says what each costs.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Also keep every request and response, with all bodies, as WARC files in RUN/archive, so that the "
    "measurement can be replayed.",
)
@click.option(
    "--retries",
    type=Count(0, 10),
    metavar="N",
    default=3,
    show_default=True,
    help="Try a failed seed again up to N times. How often each outcome is tried again is fixed.",
)
@click.option(
    "--per-domain",
    type=Count(0, 10_000),
    metavar="N",
    default=settings.PER_DOMAIN,
    show_default=True,
    help="Visit up to N pages of one registrable domain at the same time, counted over all workers. "
    "0 means no limit, for your own sites.",
)
@click.option(
    "--pace",
    type=Number(0, settings.DAY_S),
    default=0.0,
    metavar="SECONDS",
    help="Wait at least this long between the starts of two visits to one registrable domain.",
)
@click.option(
    "--contact",
    type=Contact(),
    metavar="URL",
    default="",
    help="Add this URL to the User-Agent so that site operators can reach you.",
)
@click.option("--respect-robots", is_flag=True, help="Do not visit pages that a site's robots.txt forbids.")
@click.option(
    "--robots-unreachable",
    type=click.Choice([robots.DISALLOW, robots.ALLOW]),
    default=robots.DISALLOW,
    show_default=True,
    help="With --respect-robots: what to do at a site whose robots.txt cannot be read because of a "
    "network or server error.",
)
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    default="",
    help="Serve this worker's metrics for Prometheus at this address.",
)
@click.option(
    "--engine",
    type=click.Choice(engines.ENGINES),
    default=engines.OWN,
    show_default=True,
    help="What makes the visits: our own instrumented Firefox, or OpenWPM, if you have it installed. "
    "docs/guide/openwpm-engine.md says what differs.",
)
@click.option("--openwpm", metavar="PATH", default="", help="OpenWPM's checkout, version 0.30 or later.")
@click.option(
    "--openwpm-python",
    metavar="PATH",
    default="",
    help="OpenWPM's Python. Default: that of an environment in the checkout, or of conda's `openwpm`.",
)
@click.option(
    "--openwpm-config",
    metavar="FILE",
    default="",
    help="OpenWPM's parameters, and commands of your own, in TOML or JSON.",
)
@click.option("--firefox", metavar="PATH", help="Use this Firefox instead of the system's, or OpenWPM's own.")
@click.option(
    "--display",
    type=click.Choice(displays.CHOICES),
    help="Run Firefox on a virtual display of its own (needs Xvfb), without a display, or on the desktop. "
    "Default: virtual where Xvfb is installed, else headless.",
)
@click.option(
    "--show",
    is_flag=True,
    flag_value=displays.DESKTOP,
    default=None,
    metavar="display",
    hidden=True,
    is_eager=True,
    expose_value=False,
    callback=_renamed,
)
@click.option(
    "--popups",
    type=click.Choice(["block", "allow"]),
    default="block",
    show_default=True,
    help="Block pop-ups that no click opened, as Firefox does by default, and record the attempts; or allow "
    "them.",
)
@click.option(
    "--segment-age",
    type=Number(1, settings.DAY_S),
    default=settings.SEGMENT_AGE_S,
    show_default=True,
    metavar="SECONDS",
    help="Write buffered records to the store at least this often.",
)
@click.option(
    "--visits-per-browser",
    type=Count(1, 1_000_000),
    metavar="N",
    default=settings.VISITS_PER_BROWSER,
    show_default=True,
    help="Restart Firefox after N visits (1 = a new Firefox for every page).",
)
@click.option(
    "--visits-a-browser",
    type=Count(1, 1_000_000),
    metavar="visits-per-browser",
    hidden=True,
    is_eager=True,
    expose_value=False,
    callback=_renamed,
)
@click.option("--log", metavar="FILE", help="Write a log of JSON lines to this file, one line per visit.")
def crawl(
    run: str, seeds: str | None, next_wave: bool, frontier: str | None, log: str | None, **given: Any
) -> None:
    """Visit every seed of RUN in an instrumented Firefox and record what its JavaScript does.

    Press Ctrl-C to interrupt: visits in progress are finished first. Run the same command again to
    continue. Several workers can share one crawl: run the same command on each machine, with RUN in an
    object store (s3://…) and with --frontier.

    \b
    Example:  overscripted crawl runs/2026-11 --dwell 10 --windows auto
              overscripted crawl runs/mine --seeds urls.txt
              overscripted crawl runs/mine --next-wave
    """
    from overscripted import without_pandas
    from overscripted.crawl import logs
    from overscripted.crawl.limits import NAMES, Limit
    from overscripted.crawl.run import crawl as run_crawl

    without_pandas.hide()
    logs.start(log)
    facts = run_crawl(run, options(given), seeds, frontier, next_wave)
    held_back = ", ".join(
        f"{NAMES[Limit(limit)]} {duration(seconds)}" for limit, seconds in facts["held_back_s"].items()
    )
    click.echo(f"crawl: {_counts({name: n for name, n in facts.items() if isinstance(n, int)})}")
    if facts.get("replayed"):
        click.echo(f"crawl: requests by how the archive answered: {_counts(facts['replayed'])}")
    click.echo(f"crawl: held back by {held_back or 'nothing'}")
    if facts["left"]:
        raise KeyboardInterrupt


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.items())


def options(given: dict[str, Any]) -> settings.Options:
    """The crawl's options from the values of the command line. Raises InputError for a wrong proxy."""
    if given["proxy"]:
        proxies.require_usable(given["proxy"], "--proxy")
    return settings.Options(
        dwell_s=given["dwell"],
        load_timeout_s=given["load_timeout"],
        windows=given["windows"],
        proxy=given["proxy"],
        authorities=tuple(given["authorities"]),
        allow_private=given["allow_private"],
        instrument=given["instrument"],
        mix_instruments=given["mix_instruments"],
        save=given["save"],
        record=given["record"],
        do=given["do"],
        profile=given["profile"],
        revisit_s=given["revisit"],
        replay=given["replay"],
        replay_clock=given["replay_clock"],
        replay_random=given["replay_random"],
        variants=given["variants"],
        contact=given["contact"],
        respect_robots=given["respect_robots"],
        robots_unreachable=given["robots_unreachable"],
        metrics=given["metrics"],
        retries=given["retries"],
        per_domain=given["per_domain"],
        pace_s=given["pace"],
        firefox=given["firefox"],
        engine=given["engine"],
        openwpm=given["openwpm"],
        openwpm_python=given["openwpm_python"],
        openwpm_config=given["openwpm_config"],
        display=given["display"] or displays.default(),
        popups=given["popups"],
        segment_age_s=given["segment_age"],
        visits_per_browser=given["visits_per_browser"],
    )


@click.command()
@click.argument("run")
@click.option("--sample", type=Count(1), default=200, show_default=True, help="Draw this many seeds.")
@click.option(
    "--longest",
    type=Number(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Watch each page of the sample for this long after its load event.",
)
@click.option(
    "--draw",
    type=Seed(),
    default=1,
    show_default=True,
    help="Seed of the random draw. The same number draws the same sample.",
)
@click.option(
    "--seeds", metavar="FILE", help="Draw from these URLs. Default: the seeds that the precrawl of RUN found."
)
@click.option(
    "--windows",
    default="auto",
    show_default=True,
    callback=_windows,
    metavar="N|auto",
    help="Visit up to N pages at the same time.",
)
@click.option("--proxy", metavar="URL", default="", help="Load all pages through this HTTP proxy.")
@click.option(
    "--ca",
    "authorities",
    metavar="FILE",
    multiple=True,
    help="Trust the certificate authority in this PEM file.",
)
@click.option("--allow-private", is_flag=True, help="Let pages connect to private addresses.")
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
    """Find out how long to watch pages: which share of the calls would each dwell record?

    Watches a sample of RUN's seeds for a long time, as the study did before it chose 10 s. Writes
    RUN/dwell/summary.json and RUN/dwell/dwell.svg.

    \b
    Example:  overscripted dwell runs/2026-11 --sample 200 --longest 60
    """
    from overscripted.crawl import logs
    from overscripted.crawl.dwell import dwell as find_dwell

    logs.start(None)
    chosen = settings.Options(
        dwell_s=longest,
        windows=windows,
        proxy=proxy,
        authorities=authorities,
        allow_private=allow_private,
        display=displays.default(),
    )
    summary = find_dwell(run, chosen, sample, draw, seeds)
    click.echo(f"dwell: {summary['calls']:,} calls on {summary['pages']:,} pages in {longest:g} s")
    for candidate in summary["candidates"]:
        calls, uses = candidate["share_of_calls"] or 0, candidate["share_of_symbol_uses"] or 0
        caught = f"{calls:7.1%} of the calls  {uses:7.1%} of the symbols' first uses"
        click.echo(f"  {candidate['dwell_s']:>5g} s  {caught}")
