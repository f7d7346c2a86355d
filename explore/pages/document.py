"""The page of a document: a URL that was loaded in a window or frame."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.urls import domain, host


def _answer(asked: Asked) -> Content:
    url = asked.need("url")
    pages = asked.first(
        """SELECT count(DISTINCT (crawl_id, visit_id)) AS visits, sum(n_calls)::BIGINT AS calls,
        max(n_scripts) AS scripts, max(n_third_party_scripts) AS third FROM pages WHERE location = ?""",
        [url],
        "pages",
    )
    framed = asked.first(
        "SELECT count(*) AS n, count_if(kind = 'top') AS top FROM frames WHERE url = ?", [url], "frames"
    )
    ended = asked.first(
        "SELECT count(*) AS n FROM visits WHERE final_url = ? OR site_url = ?", [url, url], "visits"
    )
    if not (pages.get("visits") or framed.get("n") or ended.get("n")):
        raise NotFound(f"This run has no document {url[:300]}.")
    at = domain(url)
    facts = [
        *([Fact("site", at, "", asked.links.to("site", domain=at))] if at else []),
        *([Fact("host", host(url), "", asked.links.to("host", name=host(url)))] if host(url) else []),
        Fact("visits with calls", pages.get("visits")),
        Fact("loads", framed.get("n"), f"{framed.get('top') or 0:,} as top documents"),
        Fact(
            "most scripts in a visit", pages.get("scripts"), f"{pages.get('third') or 0:,} of third parties"
        ),
        Fact("calls", pages.get("calls")),
    ]
    return subject(
        "Document",
        url,
        facts,
        [
            asked.preview("Visits that ended here", "visits", {"final_url": url}),
            asked.preview(
                "Scripts on it",
                "script_refs",
                {"location": url},
                "visit_id script_url is_third_party n_calls n_symbols",
                "-n_calls",
            ),
            asked.preview(
                "What they use",
                "symbol_counts",
                {"location": url},
                "visit_id script_url symbol operation n_calls",
                "-n_calls",
            ),
            asked.preview("Requests that it made", "requests", {"document_url": url}),
            asked.preview("Loads", "frames", {"url": url}),
        ],
        said=asked.in_findings(url, "location", "page"),
    )


PAGE = Page("document", _answer, published=True)
