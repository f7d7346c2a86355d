"""The page of a request: its hops, headers, and the stack of the script that made it."""

import json
from collections.abc import Iterator
from typing import Any

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject

_LABELS = {
    "method": "method",
    "resource_type": "type",
    "status": "HTTP status",
    "error": "error",
    "ip": "address of the server",
    "http_version": "version of HTTP",
    "size": "bytes received",
    "request_body_size": "bytes sent",
    "is_third_party": "third party",
    "upgraded_by": "upgraded by",
}
_MOST_HEADERS = 200  # of one request; browsers and servers allow about a hundred


def _answer(asked: Asked) -> Content:
    asked.data.need("requests")
    crawl, visit, number = asked.number("crawl"), asked.number("visit"), asked.need("id")
    hops = asked.data.rows(
        "SELECT * FROM requests WHERE crawl_id = ? AND visit_id = ? AND request_id = ? ORDER BY hop LIMIT 50",
        [crawl, visit, number],
    ).dicts
    if not hops:
        raise NotFound(f"This run has no request {number[:40]} in the visit {visit}.")
    last, one = hops[-1], {"crawl_id": crawl, "visit_id": visit, "request_id": number}
    facts = [
        Fact("visit", str(visit), "", asked.links.to("visit", crawl=str(crawl), id=str(visit))),
        Fact("host", last["host"], "", asked.links.to("host", name=last["host"] or "")),
        *(Fact(label, last[name]) for name, label in _LABELS.items() if last.get(name) not in (None, "")),
    ]
    if last.get("body_sha256"):
        sha256 = last["body_sha256"]
        facts.append(Fact("script", sha256, "", asked.links.to("script", sha256=sha256)))
    sections = [
        asked.preview("Hops", "requests", one, "hop url status method redirect_url upgraded_by"),
        *(
            [asked.preview("What it sent", "request_bodies", one)]
            if "request_bodies" in asked.data.tables
            else []
        ),
    ]
    more = {
        "headers": [
            ("Request headers", list(_headers(last.get("request_headers")))),
            ("Response headers", list(_headers(last.get("response_headers")))),
        ],
        "stack": last.get("call_stack") or "",
        "document": asked.links.to("document", url=last.get("document_url") or ""),
        "script": asked.links.to("script", url=last["script_url"]) if last.get("script_url") else None,
        "asker": last.get("script_url") or "",
        "asked_in": last.get("document_url") or "",
    }
    content = subject("Request", last["url"], facts, sections, more=more)
    return Content(content.title, "request.html.j2", content.values)


def _headers(text: Any) -> Iterator[tuple[str, str]]:
    """Names and values in the JSON of headers; none where it is something else."""
    try:
        pairs = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return
    for pair in (pairs if isinstance(pairs, list) else [])[:_MOST_HEADERS]:
        if isinstance(pair, list) and len(pair) == 2:
            yield str(pair[0]), str(pair[1])


PAGE = Page("request", _answer)
