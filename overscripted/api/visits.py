"""``run.visit(…)``: one visit, with its rows of every table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from overscripted import urls
from overscripted.analyses.counted import counted
from overscripted.api import relations, shown
from overscripted.errors import InputError
from overscripted.schemas import TABLES
from overscripted.visit_groups import VISIT, with_values

if TYPE_CHECKING:
    from overscripted.api.opened import OpenedRun

_SHOWN = 10  # rows of a list in a display
_FACTS = (
    *("title", "site_url", "outcome", "error", "http_status", "variant", "wave", "reached_by", "started"),
    *("dwell_s", "n_calls", "n_dropped"),
)


class Visit:
    """One visit. ``row`` is its row of the table visits; ``others`` are the ids of visits of the same URL.

    Tables that belong to visits are attributes, with this visit's rows: ``visit.requests``.
    """

    def __init__(self, opened: "OpenedRun", row: dict[str, Any], others: Sequence[int] = ()) -> None:
        self._opened = opened
        self.row = row
        self.others = list(others)

    @property
    def id(self) -> int:
        """Its ``visit_id``."""
        return int(self.row["visit_id"])

    @property
    def url(self) -> str:
        """The page: the final URL, or the seed where no page came."""
        return str(self.row.get("final_url") or self.row.get("site_url") or "")

    def table(self, name: str) -> ir.Table:
        """This visit's rows of a table. Raises InputError for a table that belongs to no visit."""
        rows = self._opened.table(name)
        if not {*VISIT} <= {*rows.columns}:
            raise InputError(f"visit {self.id}: the rows of the table {name} belong to no visit")
        return rows.filter(*(rows[key] == self.row[key] for key in VISIT))

    def __getattr__(self, name: str) -> ir.Table:
        if name not in _OF_VISITS:
            raise AttributeError(f"visit has no attribute or table {name!r}")
        return self.table(name)

    def __dir__(self) -> list[str]:
        there = set(relations.tables(self._opened.store))
        return [*super().__dir__(), *(name for name in _OF_VISITS if name in there)]

    @property
    def third_parties(self) -> ir.Table:
        """Other registrable domains that were asked: domain, requests, hosts; the most asked first."""
        rows = self.requests
        rows = rows.filter(rows.is_third_party, rows.domain != "")
        found = rows.group_by("domain").agg(requests=rows.count(), hosts=rows.host.nunique())
        return found.order_by(ibis.desc("requests"), "domain")

    def _facts(self) -> list[tuple[str, Any]]:
        row = self.row
        others = ", ".join(map(str, self.others[:_SHOWN])) + (", …" if len(self.others) > _SHOWN else "")
        return [*((name, row.get(name)) for name in _FACTS), ("visits of the same URL", others)]

    def _title(self) -> str:
        return f"visit {self.id}: {self.url}"

    def __repr__(self) -> str:
        return shown.lines(self._title(), self._facts())

    def _repr_html_(self) -> str:
        parts = [shown.heading(self._title()), shown.facts(self._facts())]
        if "requests" in relations.tables(self._opened.store):
            rows = self._opened.rows(self.third_parties.limit(_SHOWN))
            parts.append(shown.table(("third party", "requests", "hosts"), [tuple(r.values()) for r in rows]))
        return shown.page(*parts)


_OF_VISITS = [name for name, table in TABLES.items() if {*VISIT} <= {*table.names} and name != "visits"]


def visit(opened: "OpenedRun", which: int | str) -> Visit:
    """The visit with this id, or of this URL, which may be the seed or the final one.

    Of several visits of a URL it is one of those that analyses count; the others are named. Raises InputError
    where there is none.
    """
    visits = opened.table("visits")
    by_id = isinstance(which, int)
    condition = (
        visits.visit_id == which if by_id else (visits.site_url == which) | (visits.final_url == which)
    )
    rows = opened.rows(with_values(visits.filter(condition)).order_by("visit_id"))
    if not rows:
        raise InputError(f"{opened.store.url}: no visit {which!r}; {_near(opened, visits, which)}")
    _, _, group = counted(opened.store, opened.engine, {})
    counts = group.values if group else {}
    row = min(rows, key=lambda row: any(row[name] != value for name, value in counts.items()))
    return Visit(opened, row, [other["visit_id"] for other in rows if other is not row])


def _near(opened: "OpenedRun", visits: ir.Table, which: int | str) -> str:
    """Visits to ask for instead: of the same site, else the first ones."""
    domain = urls.domain(which) if isinstance(which, str) else ""
    domain = domain or str(which)
    of_site = (visits.site_domain == domain) | (visits.final_domain == domain)
    for chosen, says in (
        (visits.filter(of_site), f"of {domain} there is"),
        (visits, "there is, for example,"),
    ):
        rows = opened.rows(chosen.order_by("visit_id").limit(3).select("visit_id", "site_url"))
        if rows:
            named = [f"{row['visit_id']} ({row['site_url']})" for row in rows]
            return f"{says} {', '.join(named)}"
    return "the run has no visit"
