"""The page of a script, by its URL or by the SHA-256 of its body."""

from overscripted.display.number_format import count
from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.urls import domain, host


def _answer(asked: Asked) -> Content:
    return _by_body(asked, asked.get("sha256")) if asked.get("sha256") else _by_url(asked, asked.need("url"))


def _by_url(asked: Asked, url: str) -> Content:
    ran = asked.first(
        """SELECT count(DISTINCT location_domain) AS sites, count(DISTINCT (crawl_id, visit_id)) AS visits,
        count(DISTINCT location) AS documents, sum(n_calls)::BIGINT AS calls,
        sum(n_dynamic)::BIGINT AS dynamic, count(*) AS n FROM script_refs WHERE script_url = ?""",
        [url],
        "script_refs",
    )
    loaded = asked.first(
        """SELECT count(*) AS n, count(DISTINCT body_sha256) AS bodies, min(body_sha256) AS body
        FROM requests WHERE url = ?""",
        [url],
        "requests",
    )
    if not (ran.get("n") or loaded.get("n")):
        raise NotFound(f"This run has no script {url[:300]}.")
    of = asked.first("SELECT count(DISTINCT location_domain) AS sites FROM pages", [], "pages")
    at = domain(url.removeprefix("blob:"))
    facts = [
        *([Fact("site", at, "", asked.links.to("site", domain=at))] if at else []),
        *([Fact("host", host(url), "", asked.links.to("host", name=host(url)))] if host(url) else []),
        Fact("sites on which it makes calls", ran.get("sites"), f"of {of.get('sites') or 0:,} with calls"),
        Fact("visits in which it does", ran.get("visits")),
        Fact("calls", ran.get("calls"), f"{ran.get('dynamic') or 0:,} by dynamic code"),
        Fact("distinct bodies", loaded.get("bodies"), f"in {count(loaded.get('n') or 0, 'request')}"),
    ]
    if loaded.get("body"):
        facts += _code(asked, loaded["body"])
    sections = [
        asked.preview(
            "What it uses", "script_symbols", {"script_url": url}, "symbol operation n_sites n_visits n_calls"
        ),
        asked.preview(
            "Where it runs",
            "script_refs",
            {"script_url": url},
            "visit_id location is_third_party n_calls n_symbols n_dynamic",
            "-n_calls",
        ),
        asked.preview(
            "Who brought it", "script_edges", {"script_url": url}, "visit_id how parent_url parent_line n"
        ),
        asked.preview(
            "What it brought", "script_edges", {"parent_url": url}, "visit_id how script_url parent_line n"
        ),
        asked.preview(
            "What it asked for", "requests", {"script_url": url}, "visit_id request_id url method status host"
        ),
        asked.preview(
            "Loads of it, with its bodies",
            "requests",
            {"url": url},
            "visit_id request_id body_sha256 status size script_url",
        ),
    ]
    said = asked.in_findings(url, "script_url", "script", "example")
    return subject("Script", url, facts, sections, said=said)


def _by_body(asked: Asked, sha256: str) -> Content:
    asked.data.need("scripts")
    body = asked.data.one("SELECT size, content IS NULL AS cut FROM scripts WHERE sha256 = ?", [sha256])
    if not body:
        raise NotFound(f"This run has no script with the SHA-256 {sha256[:64]}.")
    loaded = asked.first(
        """SELECT count(*) AS n, count(DISTINCT url) AS urls, count(DISTINCT domain) AS domains,
        count(DISTINCT (crawl_id, visit_id)) AS visits FROM requests WHERE body_sha256 = ?""",
        [sha256],
        "requests",
    )
    facts = [
        *_code(asked, sha256),
        Fact("bytes", body["size"], "over a cap, not kept" if body["cut"] else ""),
        Fact("URLs that serve it", loaded.get("urls")),
        Fact("registrable domains that serve it", loaded.get("domains")),
        Fact("visits that loaded it", loaded.get("visits")),
        Fact("loads", loaded.get("n")),
    ]
    loads = asked.preview(
        "Loads of it",
        "requests",
        {"body_sha256": sha256},
        "visit_id url script_url host is_third_party status",
    )
    return subject("Script", sha256, facts, [loads], said=asked.in_findings(sha256, "sha256"))


def _code(asked: Asked, sha256: str) -> list[Fact]:
    """The link to the body; none where that page is not published."""
    href = asked.links.to("body", sha256=sha256)
    return [Fact("with its calls", "Read the code", "", href)] if href else []


PAGE = Page("script", _answer, published=True)
