"""What each visit typed into forms, by the rows of the behaviour ``forms``."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ibis import _

from overscripted import tokens, urls
from overscripted.analyses.model import Inputs
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

Visit = tuple[int, int]
# What is typed into a field of each kind of `tokens.KINDS`, for sentences.
IN_WORDS = {
    "email": "an e-mail address",
    "name": "a name",
    "phone": "a phone number",
    "password": "a password",
    "card": "a card number",
    "search": "a search",
}


@dataclass(frozen=True)
class Field:
    """A field into which a visit began to type.

    ``domain``: of the field's document. ``filled``: whether the whole value was typed. ``submits``: how often
    the page tried to send a form meanwhile.
    """

    kind: str
    started: datetime
    domain: str
    filled: bool
    submits: int


@dataclass(frozen=True)
class Typed:
    """A visit that shows its page and typed into fields: its registrable domain, its page, the fields."""

    visit: Visit
    domain: str
    page: str
    fields: tuple[Field, ...]

    @property
    def filled(self) -> set[str]:
        """The kinds of which a field was filled."""
        return {field.kind for field in self.fields if field.filled}

    def texts(self) -> dict[str, str]:
        """The texts to look for, each with the kind of field that it was typed into."""
        values = tokens.values(*self.visit)
        kinds = {field.kind for field in self.fields}
        found = {values[kind]: kind for kind in tokens.KINDS if kind in kinds}
        if "phone" in kinds:  # advertisers hash numbers with the country's code
            found |= {f"{code}{values['phone']}": "phone" for code in ("1", "+1")}
        return found

    def since(self, kind: str) -> datetime:
        """When the visit began to type into the first field of a kind."""
        return min(field.started for field in self.fields if field.kind == kind)

    def first_submit(self) -> datetime | None:
        """When the visit began to type into the first field during which the page tried to send a form."""
        return min((field.started for field in self.fields if field.submits), default=None)


def typed(inputs: Inputs) -> list[Typed]:
    """The visits with a field that was filled, by their ids."""
    pages = inputs.table("visits").filter(_.outcome.isin(GOOD))
    pages = pages.select(*VISIT, "final_url", "final_domain", "site_domain")
    rows = inputs.table("actions").filter(_.action == "fill", _.started.notnull())
    rows = rows.select(*VISIT, "ordinal", "started", "frame_url", "outcome", "detail")
    found: dict[Visit, tuple[dict[str, Any], list[Field]]] = {}
    for row in inputs.rows(rows.inner_join(pages, VISIT).order_by(*VISIT, "started", "ordinal")):
        if field := _field(row):
            found.setdefault((row["crawl_id"], row["visit_id"]), (row, []))[1].append(field)
    visits = [
        Typed(visit, row["final_domain"] or row["site_domain"] or "", row["final_url"] or "", tuple(fields))
        for visit, (row, fields) in found.items()
    ]
    return [visit for visit in visits if visit.filled]


def n_filled(visits: Iterable[Typed]) -> dict[str, int]:
    """How many visits filled a field of each kind; "" counts them all."""
    found = dict.fromkeys(("", *tokens.KINDS), 0)
    for visit in visits:
        for kind in ("", *visit.filled):
            found[kind] += 1
    return found


def _field(row: dict[str, Any]) -> Field | None:
    """The field of a row of ``actions``; None where nothing was typed, or the row is none of ``forms``."""
    try:
        detail = json.loads(row["detail"] or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(detail, dict) or "value" not in detail or detail.get("kind") not in tokens.KINDS:
        return None
    submits = detail.get("submits")
    filled = row["outcome"] in ("done", "blocked") or "as_typed" in detail
    return Field(
        detail["kind"],
        row["started"],
        urls.domain(row["frame_url"] or ""),
        filled,
        submits if isinstance(submits, int) else 0,
    )
