"""``overscripted lists``: show the catalogue, fetch lists into the cache."""

from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from overscripted.lists import cache, catalogue, roles
from overscripted.lists.hosts import Entry


@click.group(invoke_without_command=True)
@click.pass_context
def lists(ctx: click.Context) -> None:
    """Show or fetch the lists of hosts that analyses use: replay providers, miners, trackers, owners.

    Our own lists come with Overscripted, and two of others whose licence allows it. All others are fetched
    on request, checked by SHA-256, and kept in $XDG_CACHE_HOME/overscripted/lists. `show` says what a list
    may be used for.

    \b
    Examples:  overscripted lists
               overscripted lists show session_replay
               overscripted lists show duckduckgo-2025-06-17
               overscripted lists fetch nocoin-2025-03-05
               overscripted lists fetch nocoin-2018-05-07 --from hosts.txt
               overscripted analyze RUN --list nocoin=nocoin-2025-03-05
    """
    if ctx.invoked_subcommand is None:
        _overview()


@lists.command()
@click.argument("names", nargs=-1)
def show(names: tuple[str, ...]) -> None:
    """Show all lists, or the origin and entries of each list in NAMES."""
    if not names:
        _overview()
    for name in names:
        _details(name)


@lists.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Read the list from this file, not from its URL.",
)
def fetch(names: tuple[str, ...], source: Path | None) -> None:
    """Fetch lists of the catalogue into the cache and check their SHA-256."""
    if source is not None and len(names) != 1:
        raise click.UsageError("--from names one file: name one list")
    for entry in [catalogue.listing(name) for name in names]:
        path = cache.fetch(entry, source)
        click.echo(f"{entry.name} {entry.version} ({entry.licence}): {path}")


def _overview() -> None:
    table = Table(title="Lists", title_justify="left")
    for heading in ("name", "for --list", "version", "licence", "state"):
        table.add_column(heading, overflow="fold")
    for role, (builtin, _) in roles.ROLES.items():
        if builtin:
            hosts = roles.builtin(builtin)
            state = f"built in, default, {len(hosts.entries)} hosts"
            table.add_row(builtin, role, hosts.version, hosts.licence, state)
    for entry in catalogue.listings().values():
        state = "fetched" if cache.path_of(entry).is_file() else "not fetched"
        table.add_row(entry.name, entry.role, entry.version, entry.licence, state)
    Console().print(table)


def _details(name: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if name in {builtin for builtin, _ in roles.ROLES.values() if builtin}:
        hosts = roles.builtin(name)
        facts = hosts.provenance()
        lines = [_line(entry) for entry in hosts.entries]
    else:
        entry = catalogue.listing(name)
        facts = {**vars(entry), "cache": str(cache.path_of(entry))}
        lines = []
    for key, value in facts.items():
        if value not in ("", None):
            console.print(escape(f"{key}: {value}"))
    for line in lines:
        console.print(escape(line))


def _line(entry: Entry) -> str:
    """An entry as a line: its host, and what is known of it."""
    known = [entry.owner, entry.service, entry.category, ", ".join(entry.sets)]
    return "  ".join(["", entry.host, *filter(None, dict.fromkeys(known))])
