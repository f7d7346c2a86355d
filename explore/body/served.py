"""Who has a body: the URLs that serve it, who brought it to pages, and what is like it."""

from overscripted.columns import INT, STR, Column
from overscripted.explore.body.marks import LOADED
from overscripted.explore.listing import Listing, listing
from overscripted.explore.model import Asked
from overscripted.explore.settings import SHIPPED_ROWS

_FOUND = ("finding_similar_members", "finding_similar_near")
_URLS = f"SELECT url FROM ({LOADED})"


def served(asked: Asked, sha256: str) -> list[Listing]:
    """The tables below a body."""
    return [
        _shipped(asked, sha256),
        _on_sites(asked, sha256),
        _brought(asked, sha256),
        *_alike(asked, sha256),
    ]


def _shipped(asked: Asked, sha256: str) -> Listing:
    columns = (
        Column("script_url", STR, "URL that answered with this body"),
        _n("sites", "Sites whose visits loaded it from there"),
        _n("visits", "Visits that did"),
        _n("loads", "Requests"),
    )
    sql = """SELECT r.url AS script_url, count(DISTINCT v.final_domain) AS sites,
  count(DISTINCT (r.crawl_id, r.visit_id)) AS visits, count(*) AS loads
FROM requests r LEFT JOIN visits v USING (crawl_id, visit_id) WHERE r.body_sha256 = $1
GROUP BY r.url ORDER BY sites DESC, visits DESC, r.url LIMIT $2"""
    href = asked.links.to("t/requests", body_sha256=sha256)
    return _listed(asked, "Who ships it", columns, sql, sha256, ("requests", "visits"), href)


def _on_sites(asked: Asked, sha256: str) -> Listing:
    columns = (
        Column("domain", STR, "Site whose visits loaded it"),
        _n("visits", "Visits that did"),
        Column("script_url", STR, "URL that it came from, one of them"),
    )
    sql = """SELECT v.final_domain AS domain, count(DISTINCT (r.crawl_id, r.visit_id)) AS visits,
  min(r.url) AS script_url
FROM requests r JOIN visits v USING (crawl_id, visit_id) WHERE r.body_sha256 = $1
GROUP BY v.final_domain ORDER BY visits DESC, domain LIMIT $2"""
    return _listed(asked, "On which sites", columns, sql, sha256, ("requests", "visits"))


def _brought(asked: Asked, sha256: str) -> Listing:
    columns = (
        Column("how", STR, "How it came: parser (the page names it), or what a script did"),
        Column("parent_url", STR, "Script that brought it"),
        _n("parent_line", "Line of that script"),
        _n("visits", "Visits in which it did"),
        _n("times", "How often"),
    )
    sql = f"""SELECT how, nullif(parent_url, '') AS parent_url, parent_line,
  count(DISTINCT (crawl_id, visit_id)) AS visits, sum(n)::BIGINT AS times
FROM script_edges WHERE coalesce(script_loc_eval, '') = '' AND script_url IN ({_URLS})
GROUP BY ALL ORDER BY visits DESC, times DESC, how, parent_url, parent_line LIMIT $2"""
    return _listed(asked, "Who brought it", columns, sql, sha256, ("script_edges", "requests"))


def _alike(asked: Asked, sha256: str) -> list[Listing]:
    """What the analysis of similar scripts found of this body."""
    columns = (
        Column("sha256", STR, "SHA-256 of a body of the same cluster"),
        Column("script_url", STR, "A URL that answers with it"),
        _n("size", "Length of the body"),
        _n("sites", "Sites that run it"),
        _n("pages", "Pages that run it"),
    )
    members, near = _FOUND
    sql = f"""SELECT o.sha256, o.example AS script_url, o."size", o.sites, o.pages
FROM {members} m JOIN {members} o ON m.cluster = o.cluster AND m.sha256 <> o.sha256
WHERE m.sha256 = $1 ORDER BY o.pages DESC, o.sha256 LIMIT $2"""
    found = _listed(asked, "Nearly the same bodies", columns, sql, sha256, (members,))
    close = (
        Column("script_url", STR, "The script, without query and fragment"),
        Column("near", STR, "The fingerprinting script whose calls are nearest"),
        Column("differs", STR, "Part of its calls that would have to go to other symbols to be the other's"),
        _n("pages", "Pages with the script"),
    )
    sql = f"""SELECT script AS script_url, nearest AS near, round(100 * differs, 1) || ' %' AS differs, pages
FROM {near} WHERE script IN (SELECT regexp_extract(url, '^[^?#]*') FROM ({_URLS}))
ORDER BY script LIMIT $2"""
    title = "Scripts that call nearly the same as a fingerprinter"
    return [found, _listed(asked, title, close, sql, sha256, (near, "requests"))]


def _listed(
    asked: Asked,
    title: str,
    columns: tuple[Column, ...],
    sql: str,
    sha256: str,
    needs: tuple[str, ...],
    href: str | None = None,
) -> Listing:
    absent = [name for name in needs if name not in asked.data.places]
    if absent:
        stage = "analyze" if absent[0] in _FOUND else "etl"
        why = f"This run has no table {absent[0]}; run `{asked.data.run.command(stage)}`."
        return Listing(title, columns, (), why)
    rows = asked.data.rows(sql, [sha256, SHIPPED_ROWS + 1]).dicts
    note = f"The first {SHIPPED_ROWS} rows." if len(rows) > SHIPPED_ROWS else ""
    return listing(asked.links, title, columns, rows[:SHIPPED_ROWS], note, href)


def _n(name: str, description: str) -> Column:
    return Column(name, INT, description)
