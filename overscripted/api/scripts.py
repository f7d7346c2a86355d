"""``run.script(…)``: one script, with its body, and what it did where."""

from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from overscripted.analyses.model import Inputs
from overscripted.analyses.scripts_named import SHA256, urls_of
from overscripted.api import relations, shown
from overscripted.text import decoded

if TYPE_CHECKING:
    from overscripted.api.opened import OpenedRun

_SHOWN = 10  # rows of a list in a display
_BODY_SHOWN = 600  # characters of a body in a display


class Script:
    """One script: ``urls`` that answered with it, and ``sha256s`` of the bodies that came from them.

    A script that is named by its URL may have had several bodies; one that is named by its SHA-256 has one,
    and may have come from several URLs.
    """

    def __init__(self, opened: "OpenedRun", which: str) -> None:
        self._opened = opened
        self.urls = urls_of(Inputs(opened.engine, opened.store, {}), which, "script")
        self.sha256s = [which.lower()] if SHA256.fullmatch(which) else self._bodies()

    def _bodies(self) -> list[str]:
        if "requests" not in relations.tables(self._opened.store):
            return []
        rows = self._opened.requests
        rows = rows.filter(rows.url.isin(self.urls), rows.body_sha256.notnull())
        counts = rows.group_by("body_sha256").agg(n=rows.count()).order_by(ibis.desc("n"), "body_sha256")
        return [row["body_sha256"] for row in self._opened.rows(counts)]

    @property
    def refs(self) -> ir.Table:
        """Its rows of ``script_refs``: each document that it ran on."""
        return self._of("script_refs")

    @property
    def calls(self) -> ir.Table:
        """Its calls."""
        return self._of("calls")

    @property
    def symbols(self) -> ir.Table:
        """What it called: symbol, operation, calls, documents, the most common on documents first."""
        rows = self._of("symbol_counts")
        found = rows.group_by("symbol", "operation").agg(
            calls=rows.n_calls.sum(), documents=rows.location.nunique()
        )
        return found.order_by(ibis.desc("documents"), ibis.desc("calls"), "symbol", "operation")

    @property
    def content(self) -> str | None:
        """Its body, the most common one where it has several; None where none is stored."""
        if not self.sha256s:
            return None
        data = self._opened.content(self.sha256s[0])
        return None if data is None else decoded(data)

    def _of(self, name: str) -> ir.Table:
        rows = self._opened.table(name)
        return rows.filter(rows.script_url.isin(self.urls))

    def _facts(self) -> list[tuple[str, Any]]:
        refs = self.refs
        (counts,) = self._opened.rows(
            refs.aggregate(
                visits=refs.visit_id.nunique(),
                sites=refs.location_domain.nunique(),
                documents=refs.location.nunique(),
                calls=refs.n_calls.sum(),
                dynamic=refs.n_dynamic.sum(),
            )
        )
        more = f" and {len(self.urls) - 1:,} more" if len(self.urls) > 1 else ""
        bodies = ", ".join(self.sha256s[:3]) + (", …" if len(self.sha256s) > 3 else "")
        return [("URL", f"{self.urls[0]}{more}"), ("SHA-256", bodies), *counts.items()]

    def __repr__(self) -> str:
        return shown.lines("script", self._facts())

    def _repr_html_(self) -> str:
        rows = [tuple(row.values()) for row in self._opened.rows(self.symbols.limit(_SHOWN))]
        parts = [shown.heading(self.urls[0]), shown.facts(self._facts())]
        parts.append(shown.table(("symbol", "operation", "calls", "documents"), rows))
        if body := self.content:
            parts.append(shown.text(body, _BODY_SHOWN))
        return shown.page(*parts)
