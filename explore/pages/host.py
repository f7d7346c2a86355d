"""The page of a host: what it was asked for, what it served, and what it stored."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.urls import registrable_domain


def _answer(asked: Asked) -> Content:
    name = asked.need("name")
    requests = asked.first(
        """SELECT count(*) AS n, count_if(is_third_party) AS third,
        count(DISTINCT (crawl_id, visit_id)) AS visits FROM requests WHERE host = ?""",
        [name],
        "requests",
    )
    served = asked.first(
        "SELECT n_locations AS documents, n_scripts AS scripts FROM hosts WHERE host = ?", [name], "hosts"
    )
    cookies = asked.first(
        "SELECT count(*) AS n FROM stored_cookies WHERE host IN (?, ?)", [name, f".{name}"], "stored_cookies"
    )
    if not (requests.get("n") or served or cookies.get("n")):
        raise NotFound(f"This run has no host {name[:200]}.")
    domain = registrable_domain(name) or name
    facts = [
        Fact("site", domain, "", asked.links.to("site", domain=domain)),
        Fact("requests to it", requests.get("n"), f"{requests.get('third') or 0:,} as a third party"),
        Fact("visits that asked it", requests.get("visits")),
        Fact("documents on it", served.get("documents")),
        Fact("scripts on it", served.get("scripts")),
        Fact("cookies of it", cookies.get("n"), "at the end of visits"),
    ]
    return subject(
        "Host",
        name,
        facts,
        [
            asked.preview("Requests to it", "requests", {"host": name}),
            asked.preview("Scripts on it", "scripts_on_sites", {"script_host": name}),
            asked.preview("Documents on it", "documents", {"location_host": name}),
            asked.preview("Cookies of it", "cookie_names", {"host": name}),
            asked.preview("Cookies of its domain and below", "cookie_names", {"host": f".{name}"}),
            asked.preview("Names in the DNS", "dns_names", {"host": name}),
        ],
        said=asked.in_findings(name, "host", "script_host"),
    )


PAGE = Page("host", _answer, published=True)
