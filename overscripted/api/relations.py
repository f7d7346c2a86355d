"""Which tables a run has, under the names that they have in Python and in SQL."""

import difflib
from collections.abc import Iterable

from overscripted import layout
from overscripted.errors import InputError, StageMissing
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store

_FOLDERS = (layout.TABLES, layout.PRECRAWL, layout.FINDINGS, layout.COMPARISONS)


class TableMissing(StageMissing, AttributeError):
    """The run lacks a table that a command makes. An AttributeError, so that ``hasattr`` says so, too."""


def relations(store: Store, folders: Iterable[str] = _FOLDERS) -> dict[str, list[str]]:
    """The keys of the files of every table in the run: those of the etl first, then by name.

    Findings are ``finding_<analysis>_<table>``, comparisons ``comparison_<name>_<table>``, the precrawl's
    files ``precrawl_<file>``. Where two tables would have one name in SQL, which knows no upper case, the
    later one gets a number.
    """
    sources: dict[tuple[str, str], list[str]] = {}
    for key in (key for folder in folders for key in store.files(folder, ".parquet")):
        if name := layout.view_name(key):
            one = key.rpartition("/")[0] if key.startswith(f"{layout.TABLES}/") else key
            sources.setdefault((name, one), []).append(key)
    order = {name: place for place, name in enumerate(TABLES)}
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for (name, _), keys in sorted(
        sources.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0])
    ):
        number, unique = 1, name
        while unique.lower() in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.lower())
        found[unique] = keys
    return found


def tables(store: Store) -> list[str]:
    """The names of the tables that the etl made, in the order of the reference."""
    return list(relations(store, (layout.TABLES,)))


def keys(run: Run, name: str) -> list[str]:
    """The keys of a table's files. Raises TableMissing or InputError, which say what to do."""
    if name in TABLES:
        found = run.store.files(layout.table(name), ".parquet")
    else:
        found = relations(run.store).get(name, [])
    if not found:
        raise missing(run, name)
    return found


def missing(run: Run, name: str) -> StageMissing | InputError:
    """The error for a table that the run has not: which command makes it, or which names are like it."""
    url = run.store.url
    kind, _, rest = name.partition("_")
    commands = {
        "finding": "overscripted analyze {run}",
        "comparison": "overscripted compare OTHER {run}",
        "precrawl": "overscripted precrawl {run} --sites FILE --vantage NAME",
    }
    if name in TABLES:
        return TableMissing(f"{url}: no table {name}; run `{run.command('etl')}` to make it")
    if kind in commands and rest:
        return TableMissing(f"{url}: no table {name}; `{commands[kind].format(run=url)}` may make it")
    names = [*relations(run.store)]
    near = difflib.get_close_matches(name, names, 3) or names[:3]
    return InputError(f"{url}: no table is called {name!r}; there are {', '.join(near)}, … (`run.tables`)")
