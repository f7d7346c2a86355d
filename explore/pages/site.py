"""The page of a registrable domain: as a site that was visited, and as a third party on others."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.outcomes import Outcome


def _answer(asked: Asked) -> Content:
    return of_domain(asked, asked.need("domain"))


def of_domain(asked: Asked, domain: str) -> Content:
    """The page of a registrable domain."""
    facts = [*_visited(asked, domain), *_reach(asked, domain)]
    if not any(fact.value for fact in facts):
        raise NotFound(f"This run has no site or third party {domain[:200]}.")
    owner = asked.owner(domain)
    if owner:
        facts.insert(0, Fact("owner", owner, "", asked.links.to("entity", name=owner)))
    return subject(
        "Site",
        domain,
        facts,
        [
            asked.preview("Visits of it", "visits", {"final_domain": domain}),
            asked.preview(
                "Who is told of its visits", "contacts", {"site": domain}, "domain owner n_visits n_requests"
            ),
            asked.preview(
                "Sites that tell it of their visits",
                "contacts",
                {"domain": domain},
                "site n_visits n_requests",
            ),
            asked.preview("Scripts from it", "scripts_on_sites", {"script_domain": domain}),
            asked.preview("Its documents", "documents", {"location_domain": domain}),
            asked.preview("Its hosts", "request_hosts", {"domain": domain}),
        ],
        said=asked.in_findings(
            domain, "domain", "script_domain", "site", "holder", "receiver", "page_domain"
        ),
    )


def _visited(asked: Asked, domain: str) -> list[Fact]:
    ranked = asked.first(
        "SELECT min(rank) AS rank FROM precrawl_sites WHERE domain = ?", [domain], "precrawl_sites"
    )
    visits = asked.first(
        """SELECT count(*) AS n, count_if(outcome = ?) AS n_complete, sum(n_calls)::BIGINT AS calls
        FROM visits WHERE final_domain = ?""",
        [Outcome.COMPLETE, domain],
        "visits",
    )
    return [
        *([Fact("rank", ranked["rank"], "in the list of sites")] if ranked.get("rank") else []),
        Fact("visits of it", visits.get("n"), f"{visits.get('n_complete') or 0:,} complete"),
        Fact("calls in them", visits.get("calls")),
    ]


def _reach(asked: Asked, domain: str) -> list[Fact]:
    """On how many sites and in how many visits it is a third party, with the denominators."""
    of = asked.first(
        "SELECT count(*) AS visits, count(DISTINCT nullif(final_domain, '')) AS sites FROM visits",
        [],
        "visits",
    )
    asked_it = asked.first(
        """SELECT count(DISTINCT v.final_domain) AS sites, count(DISTINCT (r.crawl_id, r.visit_id)) AS visits,
        count(*) AS requests FROM requests r JOIN visits v USING (crawl_id, visit_id)
        WHERE r.domain = ? AND r.is_third_party""",
        [domain],
        "requests",
        "visits",
    )
    ran = asked.first(
        """SELECT count(DISTINCT location_domain) AS sites, count(DISTINCT script_url) AS scripts
        FROM script_refs WHERE script_domain = ? AND is_third_party""",
        [domain],
        "script_refs",
    )
    if not (asked_it.get("visits") or ran.get("sites")):
        return []
    return [
        *asked.prominence("domains", "domain", domain),
        Fact("other sites that ask it", asked_it.get("sites"), f"of {of.get('sites') or 0:,}"),
        Fact("visits in which they do", asked_it.get("visits"), f"of {of.get('visits') or 0:,}"),
        Fact("requests to it from them", asked_it.get("requests")),
        Fact("other sites that run its scripts", ran.get("sites")),
        Fact("its scripts there", ran.get("scripts")),
    ]


PAGE = Page("site", _answer, published=True)
