"""The page of a visit: how it ended, and what was recorded in it."""

from datetime import datetime

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.schemas import TABLES

# The tables whose first rows are shown; the others of the visit are linked.
_SHOWN = {
    "frames": "Frames",
    "script_refs": "Scripts",
    "requests": "Requests",
    "stored_cookies": "Cookies at the end",
    "stored_items": "Storage at the end",
    "navigations": "Navigations",
    "actions": "Actions",
}
_LABELS = {
    "outcome": "outcome",
    "http_status": "HTTP status",
    "n_calls": "calls",
    "n_dropped": "calls not kept",
    "dwell_s": "seconds after the load",
    "started": "started",
    "variant": "variant",
    "wave": "wave",
    "challenge": "challenge",
    "behaviours": "behaviours",
    "error": "error",
    "known_gaps": "known gaps",
}


def _answer(asked: Asked) -> Content:
    asked.data.need("visits")
    crawl, visit = asked.number("crawl"), asked.number("id")
    found = asked.data.one("SELECT * FROM visits WHERE crawl_id = ? AND visit_id = ?", [crawl, visit])
    if not found:
        raise NotFound(f"This run has no visit {visit} of crawl {crawl}.")
    page = found.get("final_url") or found.get("site_url") or f"visit {visit}"
    domain = found.get("final_domain") or found.get("site_domain") or ""
    facts = [Fact("site", domain, "", asked.links.to("site", domain=domain))] if domain else []
    facts += [
        Fact(label, _text(found[name]))
        for name, label in _LABELS.items()
        if found.get(name) not in (None, "", "{}")
    ]
    one = {"crawl_id": crawl, "visit_id": visit}
    sections = [
        asked.preview(title, name, one) for name, title in _SHOWN.items() if name in asked.data.tables
    ]
    others = [
        (name, asked.links.to(f"t/{name}", crawl_id=str(crawl), visit_id=str(visit)))
        for name in asked.data.tables
        if name not in (*_SHOWN, "visits", "instruments")
        and {"crawl_id", "visit_id"} <= {*TABLES[name].names}
    ]
    more = {
        "story": asked.links.to("story", crawl=str(crawl), id=str(visit)),
        "document": asked.links.to("document", url=page),
        "others": [(name.replace("_", " "), href) for name, href in others],
    }
    content = subject(
        "Visit", page, facts, sections, found.get("title") or "", more, asked.in_findings(visit, "visit_id")
    )
    return Content(content.title, "visit.html.j2", content.values)


def _text(value: object) -> object:
    return value if isinstance(value, bool | int | float | str | datetime) else str(value)


PAGE = Page("visit", _answer, published=True)
