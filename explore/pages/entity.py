"""The page of a company: the third parties that are its, and who tells it of visits."""

from overscripted.explore.data import ENTITIES
from overscripted.explore.model import Asked, Content, Fact, Page, subject
from overscripted.explore.pages.site import of_domain


def _answer(asked: Asked) -> Content:
    name = asked.need("name")
    asked.data.owners()
    domains = asked.data.one(f"SELECT count(*) AS n FROM {ENTITIES} WHERE owner = ?", [name])
    if not domains["n"]:
        return of_domain(asked, name)  # of a company that is not known, findings have the domain
    reach = asked.first(
        f"""SELECT count(DISTINCT v.final_domain) AS sites,
        count(DISTINCT (r.crawl_id, r.visit_id)) AS visits, count(*) AS requests
        FROM requests r JOIN {ENTITIES} e ON e.domain = r.domain
        JOIN visits v USING (crawl_id, visit_id) WHERE e.owner = ? AND r.is_third_party""",
        [name],
        "requests",
        "visits",
    )
    of = asked.first(
        "SELECT count(*) AS visits, count(DISTINCT nullif(final_domain, '')) AS sites FROM visits",
        [],
        "visits",
    )
    facts = [
        Fact("registrable domains in this run", domains["n"]),
        *asked.prominence("owners", "owner", name),
        Fact("sites that ask it as a third party", reach.get("sites"), f"of {of.get('sites') or 0:,}"),
        Fact("visits in which they do", reach.get("visits"), f"of {of.get('visits') or 0:,}"),
        Fact("requests to it from them", reach.get("requests")),
    ]
    return subject(
        "Entity",
        name,
        facts,
        [
            asked.preview(
                "Its third parties",
                "third_parties",
                {"owner": name},
                "domain category n_sites n_visits n_requests",
            ),
            asked.preview(
                "Sites that tell it of their visits",
                "contacts",
                {"owner": name},
                "site domain n_visits n_requests",
            ),
        ],
        said=asked.in_findings(name, "owner", "holder_owner", "receiver_owner"),
    )


PAGE = Page("entity", _answer, published=True)
