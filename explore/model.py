"""The types that every page shares: what it is asked, what it answers, and how it describes itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from overscripted.errors import InputError, StageMissing
from overscripted.explore import tables
from overscripted.explore.data import ENTITIES, RunData
from overscripted.explore.inspecting.inspections import Inspections
from overscripted.explore.links import Links
from overscripted.explore.state import parse_filter
from overscripted.explore.tables import Shown
from overscripted.explore.views import view as view_named


class NotFound(InputError):
    """The run has nothing of that name."""


class Fact(NamedTuple):
    """A fact at the top of a page: a label, a value (text, number or None), what it means, and its page."""

    label: str
    value: Any
    note: str = ""
    href: str | None = None


@dataclass(frozen=True)
class Missing:
    """A section without its table: ``why`` says which command makes it."""

    title: str
    why: str


@dataclass(frozen=True)
class Content:
    """What a page shows: the title of the window, a template, its values, and the status of HTTP."""

    title: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class File:
    """What a page answers in place of HTML: bytes of a type. With a ``name`` the browser saves them."""

    body: bytes
    mime_type: str
    name: str = ""


@dataclass(frozen=True)
class Moved:
    """What a page answers to a form that was accepted: the address of the page that shows what came of it."""

    href: str


@dataclass(frozen=True)
class Asked:
    """A request for a page: a run, the parameters of the address, and how addresses are written.

    ``form``: the fields of a form that was sent by POST. ``inspections``: None where none may be started.
    """

    data: RunData
    parameters: Sequence[tuple[str, str]]
    links: Links
    form: Mapping[str, str] = field(default_factory=dict)
    inspections: Inspections | None = None

    def get(self, name: str) -> str:
        """A parameter of the address; empty without it."""
        return next((value for key, value in self.parameters if key == name), "")

    def need(self, name: str) -> str:
        """A parameter of the address. Raises InputError without it."""
        if not (found := self.get(name)):
            raise InputError(f"The address lacks {name}=….")
        return found

    def number(self, name: str) -> int:
        """A parameter that is a whole number of 64 bits. Raises InputError for another text."""
        text = self.need(name)
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdecimal() and len(text) < 19):
            raise InputError(f"{name}={text[:40]}: a whole number is expected.")
        return int(text)

    def first(self, sql: str, parameters: Sequence[Any], *tables: str) -> dict[str, Any]:
        """The first row of a query of these tables; empty where the run lacks one of them."""
        if any(table not in self.data.places for table in tables):
            return {}
        return self.data.one(sql, parameters)

    def in_findings(self, value: Any, *columns: str) -> list[Fact]:
        """The tables of findings that have this value in one of the columns, each with its number of rows."""
        counts: list[str] = []
        found: list[tuple[str, str]] = []
        for name, other in self.data.findings.items():
            for column in (column for column in columns if column in other.schema.names):
                counts.append(f'SELECT {len(found)} AS i, count(*) AS n FROM "{name}" WHERE "{column}" = ?')
                found.append((name, column))
        if not counts:
            return []
        rows = self.data.rows(" UNION ALL ".join(counts) + " ORDER BY i", [value] * len(counts)).rows
        return [self._in_finding(found[i], value, n) for i, n in rows if n]

    def _in_finding(self, where: tuple[str, str], value: Any, n: int) -> Fact:
        name, column = where
        other = self.data.findings[name]
        label = f"{other.folder}: {other.table}".replace("_", " ")
        return Fact(label, n, "", self.links.to(f"t/{name}", **{column: str(value)}))

    def prominence(self, table: str, column: str, value: str) -> list[Fact]:
        """The prominence of a domain or company, as the finding on entities has it."""
        name = f"finding_entities_{table}"
        known = self.data.findings.get(name)
        if known is None or "prominence" not in known.schema.names:
            return []
        found = self.data.one(f'SELECT prominence FROM "{name}" WHERE "{column}" = ?', [value])
        if found.get("prominence") is None:
            return []
        return [Fact("prominence", found["prominence"], "the sum of 1/rank over the sites that ask it")]

    def owner(self, domain: str) -> str | None:
        """The company that owns a registrable domain; None if it is not known."""
        self.data.owners()
        found = self.data.one(f"SELECT owner FROM {ENTITIES} WHERE domain = ?", [domain])
        return found.get("owner")

    def preview(
        self, title: str, view: str, filters: Mapping[str, Any], columns: str = "", sort: str = ""
    ) -> Shown | Missing:
        """The first rows of a view with these filters, as in an address (``url__contains``).

        ``columns`` and ``sort`` are names with spaces between them; else those of the view.
        """
        found = view_named(self.data, view)
        try:
            self.data.need(*(found.needs if found else (view,)))
        except StageMissing as missing:
            return Missing(title, str(missing))
        if found is None:
            why = f"This run lacks what {view} is made from: run `{self.data.run.command('etl')}`."
            return Missing(title, why)
        parsed = []
        for name, value in filters.items():
            column = found.column(name.partition("__")[0])
            if column is None:
                return Missing(title, f"This run's table {view} has no column {name}; an etl makes it.")
            parsed.append(parse_filter(column, name, str(value)))
        order = tuple(name for name in sort.split() if found.column(name.removeprefix("-")))
        return tables.preview(self.data, self.links, found, title, parsed, tuple(columns.split()), order)


@dataclass(frozen=True)
class Page:
    """One kind of page. A file in ``pages/`` holds one as ``PAGE``.

    - ``path``: its address below the run.
    - ``answer``: makes its content. Raises NotFound, InputError, StageMissing or SlowQuery.
    - ``label``: its name in the navigation; empty: it is not there. ``order``: its place there.
    - ``takes_forms``: whether forms are sent to it by POST.
    - ``published``: whether an export may have it: it needs no server and shows nothing personal.
    """

    path: str
    answer: Callable[[Asked], Content | File | Moved]
    label: str = ""
    order: int = 100
    takes_forms: bool = False
    published: bool = False


def subject(
    kind: str,
    name: str,
    facts: Sequence[Fact],
    sections: Sequence[Shown | Missing],
    lead: str = "",
    more: Mapping[str, Any] | None = None,
    said: Sequence[Fact] = (),
) -> Content:
    """The page of one thing: what kind it is, its name, facts, what findings say of it, then tables."""
    values = {"kind": kind, "name": name, "facts": facts, "sections": sections, "lead": lead, "said": said}
    values |= more or {}
    return Content(f"{kind}: {name}", "subject.html.j2", values)
