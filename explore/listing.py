"""Rows of a query of a page's own, as a table with links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overscripted.columns import Column
from overscripted.explore.links import Links
from overscripted.explore.tables import Cell, cell
from overscripted.explore.views import View


@dataclass(frozen=True)
class Listing:
    """A table under a title. ``note``: what is left out, or why there are no rows. ``href``: all rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    note: str = ""
    href: str | None = None


def listing(
    links: Links,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    note: str = "",
    href: str | None = None,
) -> Listing:
    """Rows by the names of the columns. A value links to its page if its column is named as in the tables.

    Further values of a row, which no column names, are for the links.
    """
    view = View("", title, "", tuple(columns), ())
    cells = [[cell(links, view, column, dict(row)) for column in columns] for row in rows]
    return Listing(title, columns, cells, note, href)
