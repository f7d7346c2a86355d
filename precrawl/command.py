"""The commands `overscripted precrawl` and `overscripted seeds`."""

from pathlib import Path
from typing import Any

import click

from overscripted import robots
from overscripted.options import Contact, Count, Number, Seed
from overscripted.precrawl import settings as default
from overscripted.precrawl.links import KINDS
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.vantage import parse_all

# Options of both commands.
_quorum = click.option(
    "--quorum",
    metavar="K/N",
    help="A link is a seed if K of the N vantage points saw it.  [default: all of them]",
)
_check = click.option(
    "--check", type=click.Choice(["seeds", "union"]), help="Check also that the seeds, or all links, load."
)
_drop = click.option(
    "--drop",
    type=click.Choice(["failed", "duplicates"]),
    multiple=True,
    help="With --check: leave links that failed, or lead to the same page as another, out of the seeds.",
)
_timeout = click.option(
    "--timeout",
    type=Number(0.1, default.DAY_S),
    default=default.TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="Time limit for one page with its redirects.",
)
_pace = click.option(
    "--pace",
    type=Number(0, default.DAY_S),
    default=default.PACE_S,
    show_default=True,
    metavar="SECONDS",
    help="Time between two visits to the same registrable domain.",
)
_ca = click.option(
    "--ca",
    type=click.Path(),
    metavar="FILE",
    help="PEM file of certificates to trust in addition to the usual ones.",
)
_contact = click.option(
    "--contact",
    type=Contact(),
    metavar="URL",
    help="Add this URL to the User-Agent so that site operators can reach you.",
)
_allow_private = click.option(
    "--allow-private", is_flag=True, help="Allow private addresses, for work on local sites."
)


@click.command()
@click.argument("run")
@click.option(
    "--sites",
    type=click.Path(path_type=Path),
    help="List of sites to visit: a Tranco or Alexa CSV file, or one site per line.",
)
@click.option(
    "--vantage",
    "vantages",
    multiple=True,
    required=True,
    metavar="NAME[=PROXY_URL|=SOURCE_IP]",
    help="A vantage point: this machine, a proxy, or an address of this machine. Repeat the option to "
    "visit from several of them side by side.",
)
@click.option("--top", type=Count(1, 10**9), metavar="N", help="Visit only the N best-ranked sites.")
@click.option(
    "--sample", type=Count(1, 10**9), metavar="N", help="Visit only N sites, drawn at random (from the top)."
)
@click.option(
    "--seed",
    type=Seed(),
    default=0,
    show_default=True,
    help="Seed of the random numbers for --sample and --shuffle.",
)
@click.option("--shuffle", is_flag=True, help="Visit the sites in random order instead of by rank.")
@click.option("--list-id", help="Tranco's id of the list, if the file's name does not contain it.")
@click.option(
    "--links",
    type=click.Choice(KINDS),
    default="outbound",
    show_default=True,
    help="Which links to record: to other registrable domains than the page's, to the same, or all.",
)
@_quorum
@_check
@_drop
@_timeout
@click.option(
    "--connections",
    type=Count(1, 10_000),
    default=default.CONNECTIONS,
    show_default=True,
    metavar="N",
    help="Connections per vantage point that are open at the same time.",
)
@click.option(
    "--processes",
    type=Count(0, 64),
    default=0,
    metavar="N",
    help="Processes per vantage point.  [default: by number of cores]",
)
@_pace
@_ca
@_contact
@click.option("--respect-robots", is_flag=True, help="Read and obey robots.txt.")
@click.option(
    "--robots-unreachable",
    type=click.Choice([robots.DISALLOW, robots.ALLOW]),
    default=robots.DISALLOW,
    show_default=True,
    help="With --respect-robots: what to do at a site whose robots.txt cannot be read because of a "
    "network or server error.",
)
@_allow_private
@click.option("--restart", is_flag=True, help="Measure again what this run has measured.")
def precrawl(run: str, sites: Path | None, vantages: tuple[str, ...], **options: Any) -> None:
    """Visit the sites of a ranking and record the links that all vantage points saw: the seeds.

    \b
    Example, four vantage points on this machine:
      overscripted precrawl runs/2026 --sites tranco_6JX4N.csv --top 10000 --shuffle \\
        --vantage home --vantage de=http://proxy.example:3128 \\
        --vantage us=socks5h://127.0.0.1:1080 --vantage lte=192.0.2.7
    On several machines, with the run on a shared store:
      overscripted precrawl s3://bucket/2026 --sites tranco_6JX4N.csv --vantage home
      overscripted precrawl s3://bucket/2026 --vantage work          (elsewhere)
      overscripted seeds s3://bucket/2026                            (when both are done)

    Run the same command again to resume after an interruption.
    """
    from overscripted import without_pandas
    from overscripted.precrawl.run import SeedOptions
    from overscripted.precrawl.run import precrawl as run_precrawl
    from overscripted.precrawl.sites import Choice

    without_pandas.hide()
    summary = run_precrawl(
        run,
        parse_all(vantages),
        sites,
        Choice(options["top"], options["sample"], options["seed"], options["shuffle"]),
        Settings(
            links=options["links"],
            timeout_s=options["timeout"],
            connections=options["connections"],
            processes=options["processes"],
            pace_s=options["pace"],
            ca=options["ca"],
            allow_private=options["allow_private"],
            contact=options["contact"],
            respect_robots=options["respect_robots"],
            robots_unreachable=options["robots_unreachable"],
        ),
        SeedOptions(options["quorum"], options["check"], options["drop"]),
        options["list_id"],
        options["restart"],
    )
    if summary is None:
        click.echo(f"this vantage point is done; when all are, run: overscripted seeds {run}")
    else:
        _show(summary)


@click.command()
@click.argument("run")
@_quorum
@_check
@_drop
@click.option(
    "--vantage", default="here", metavar="NAME[=PROXY_URL|=SOURCE_IP]", help="The vantage point that checks."
)
@_timeout
@_pace
@_ca
@_contact
@_allow_private
def seeds(run: str, vantage: str, **options: Any) -> None:
    """Combine all vantage points in RUN, whichever machines visited from them, into its seeds.

    \b
    Example:  overscripted seeds s3://bucket/2026 --quorum 3/4
    """
    from overscripted.precrawl.run import SeedOptions, combine

    settings = Settings(
        timeout_s=options["timeout"],
        pace_s=options["pace"],
        ca=options["ca"],
        contact=options["contact"],
        allow_private=options["allow_private"],
    )
    seed_options = SeedOptions(options["quorum"], options["check"], options["drop"])
    _show(combine(run, seed_options, parse_all((vantage,))[0], settings))


def _show(summary: dict[str, Any]) -> None:
    for name, figures in summary["vantages"].items():
        reasons = ", ".join(f"{n} {reason}" for reason, n in list(figures["failed_by_reason"].items())[:5])
        click.echo(
            f"{name}: reached {figures['reached']} of {figures['sites']} sites, {figures['links']} links"
            + (f"; failed: {reasons}" if reasons else "")
        )
    k, n = summary["quorum"]
    click.echo(
        f"{summary['union']} links in all, {summary['intersection']} seen by all; "
        f"{summary['seeds']} seeds (seen by {k} of {n})"
    )
    if checked := summary.get("check"):
        click.echo(
            f"checked {checked['checked']} {checked['of']} links: {checked['loaded']} load, "
            f"{checked['duplicates']} of them lead where another leads"
        )
