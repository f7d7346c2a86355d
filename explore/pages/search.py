"""The search in one box: domains, URLs, scripts, symbols, hashes, names of cookies; values by `find`."""

import re

from overscripted.analyses.find.command import SHORTEST
from overscripted.explore.model import Asked, Content, Missing, Page
from overscripted.explore.settings import SHORTEST_SEARCH
from overscripted.explore.tables import Shown

# Kinds of results: title, view, the column that is searched, columns shown.
_KINDS = (
    ("Sites", "sites", "domain", "domain rank n_visits n_calls"),
    ("Third parties", "third_parties", "domain", "domain owner n_sites n_requests"),
    ("Entities", "entities", "owner", "owner n_domains n_sites n_requests"),
    ("Hosts", "request_hosts", "host", "host domain n_visits n_requests"),
    ("Documents", "documents", "location", "location n_scripts n_calls"),
    ("Scripts", "scripts_on_sites", "script_url", "script_url n_sites n_visits n_calls"),
    ("Symbols", "symbols", "symbol", "symbol n_sites n_scripts n_calls"),
    ("Cookies", "cookie_names", "name", "name host n_visits n_values"),
    ("Storage keys", "storage_keys", "key", "key origin kind n_visits"),
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _answer(asked: Asked) -> Content:
    text = asked.get("q").strip()
    found: list[Shown | Missing] = []
    if len(text) >= SHORTEST_SEARCH:
        sections = [
            asked.preview(title, view, {f"{column}__contains": text}, shown)
            for title, view, column, shown in _KINDS
        ]
        if _SHA256.fullmatch(text.lower()):
            sections.append(asked.preview("Scripts by their SHA-256", "scripts", {"sha256": text.lower()}))
            sections.append(asked.preview("Loads of this body", "requests", {"body_sha256": text.lower()}))
        found = [one for one in sections if isinstance(one, Shown) and one.rows]
    values = {
        "asked_for": text,
        "sections": found,
        "shortest": SHORTEST_SEARCH,
        "everywhere": asked.links.to("value", v=text) if len(text) >= SHORTEST else None,
    }
    return Content(f"Search: {text}" if text else "Search", "search.html.j2", values)


PAGE = Page("search", _answer)
