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

_CHECK = click.Choice(["seeds", "union"])
_DROP = click.Choice(["failed", "duplicates"])


@click.command()
@click.argument("run")
@click.option(
    "--sites", type=click.Path(path_type=Path), help="List of sites: Tranco or Alexa CSV, or plain."
)
@click.option(
    "--vantage",
    "vantages",
    multiple=True,
    required=True,
    metavar="NAME[=PROXY_URL|=SOURCE_IP]",
    help="Vantage point; repeat it for several side by side.",
)
@click.option("--top", type=Count(1, 10**9), help="Only the N best-ranked sites.")
@click.option("--sample", type=Count(1, 10**9), help="Only N sites drawn at random (of the top).")
@click.option("--seed", type=Seed(), default=0, show_default=True, help="Seed of --sample and --shuffle.")
@click.option("--shuffle", is_flag=True, help="Visit in random order instead of by rank.")
@click.option("--list-id", help="Tranco's id of the list, where the file's name does not hold it.")
@click.option(
    "--links", type=click.Choice(KINDS), default="outbound", show_default=True, help="Which links to keep."
)
@click.option("--quorum", metavar="K/N", help="A seed was seen by K of the N vantage points.  [default: all]")
@click.option("--check", type=_CHECK, help="Also check that the seeds, or all links, load.")
@click.option("--drop", type=_DROP, multiple=True, help="With --check: what is no seed all the same.")
@click.option(
    "--timeout",
    type=Number(0.1, default.DAY_S),
    default=default.TIMEOUT_S,
    show_default=True,
    help="Seconds for one page, redirects included.",
)
@click.option(
    "--connections",
    type=Count(1, 10_000),
    default=default.CONNECTIONS,
    show_default=True,
    help="Open at once per vantage point.",
)
@click.option("--processes", type=Count(0, 64), default=0, help="Per vantage point.  [default: by core]")
@click.option(
    "--pace",
    type=Number(0, default.DAY_S),
    default=default.PACE_S,
    show_default=True,
    help="Seconds between two visits of a registrable domain.",
)
@click.option("--ca", type=click.Path(), help="PEM file of certificates to trust besides the usual.")
@click.option(
    "--contact", type=Contact(), metavar="URL", help="Where a site's owner can ask; goes into the User-Agent."
)
@click.option("--respect-robots", is_flag=True, help="Fetch and obey robots.txt.")
@click.option(
    "--robots-unreachable",
    type=click.Choice([robots.DISALLOW, robots.ALLOW]),
    default=robots.DISALLOW,
    show_default=True,
    help="With --respect-robots: what to do at a site whose robots.txt cannot be read because of a "
    "network or server error.",
)
@click.option("--allow-private", is_flag=True, help="Allow private addresses: for local work.")
@click.option("--restart", is_flag=True, help="Measure anew what this run has measured.")
def precrawl(run: str, sites: Path | None, vantages: tuple[str, ...], **options: Any) -> None:
    """Visit the sites of a ranking and keep the links that all vantage points saw: the seeds.

    \b
    Example, four vantage points on this machine:
      overscripted precrawl runs/2026 --sites tranco_6JX4N.csv --top 10000 --shuffle \\
        --vantage home --vantage de=http://proxy.example:3128 \\
        --vantage us=socks5h://127.0.0.1:1080 --vantage lte=192.0.2.7
    On several machines, with the run on a shared store:
      overscripted precrawl s3://bucket/2026 --sites tranco_6JX4N.csv --vantage home
      overscripted precrawl s3://bucket/2026 --vantage work          (elsewhere)
      overscripted seeds s3://bucket/2026                            (when both are done)

    Interrupted, it resumes by the same command.
    """
    from overscripted.precrawl.run import Asked
    from overscripted.precrawl.run import precrawl as door
    from overscripted.precrawl.sites import Choice

    summary = door(
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
        Asked(options["quorum"], options["check"], options["drop"]),
        options["list_id"],
        options["restart"],
    )
    if summary is None:
        click.echo(f"done from this vantage point; when all are: overscripted seeds {run}")
    else:
        _show(summary)


@click.command()
@click.argument("run")
@click.option("--quorum", metavar="K/N", help="A seed was seen by K of the N vantage points.  [default: all]")
@click.option("--check", type=_CHECK, help="Also check that the seeds, or all links, load.")
@click.option("--drop", type=_DROP, multiple=True, help="With --check: what is no seed all the same.")
@click.option("--vantage", default="here", metavar="NAME[=PROXY_URL|=SOURCE_IP]", help="From where to check.")
@click.option("--timeout", type=Number(0.1, default.DAY_S), default=default.TIMEOUT_S, show_default=True)
@click.option("--pace", type=Number(0, default.DAY_S), default=default.PACE_S, show_default=True)
@click.option("--ca", type=click.Path(), help="PEM file of certificates to trust besides the usual.")
@click.option("--contact", type=Contact(), metavar="URL", help="Goes into the User-Agent of the check.")
@click.option("--allow-private", is_flag=True, help="Allow private addresses: for local work.")
def seeds(run: str, vantage: str, **options: Any) -> None:
    """Combine the vantage points that RUN holds, from whatever machines, into its seeds.

    \b
    Example:  overscripted seeds s3://bucket/2026 --quorum 3/4
    """
    from overscripted.precrawl.run import Asked, combine

    settings = Settings(
        timeout_s=options["timeout"],
        pace_s=options["pace"],
        ca=options["ca"],
        contact=options["contact"],
        allow_private=options["allow_private"],
    )
    asked = Asked(options["quorum"], options["check"], options["drop"])
    _show(combine(run, asked, parse_all((vantage,))[0], settings))


def _show(summary: dict[str, Any]) -> None:
    for name, seen in summary["vantages"].items():
        why = ", ".join(f"{n} {reason}" for reason, n in list(seen["failed_by_reason"].items())[:5])
        click.echo(
            f"{name}: reached {seen['reached']} of {seen['sites']} sites, {seen['links']} links"
            + (f"; failed: {why}" if why else "")
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
