"""Bounce tracking: third parties through which the tab passed on its way to the page, with cookies.

A *stateful bounce*, after the draft Navigational-Tracking Mitigations of the W3C's Privacy Community Group:
a site that the tab left at once, that is neither where the navigation began nor where it ended, and that
stored something. Here: the main document of another domain than the seed's and the page's, by a redirect or a
navigation of a script, whose domain set a cookie in the visit. Khaleesi (2022) counts those that come back to
the domain where they began.
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.outcomes import GOOD

_SET_COOKIE = r'\["[Ss][Ee][Tt]-[Cc][Oo][Oo][Kk][Ii][Ee]"'
COLUMNS = (*VISIT, "began_at", "through", "site", "returned", "sets_cookie", "url")


def bounces(inputs: Inputs) -> ir.Table:
    """One row for each domain through which the tab of a visit passed; columns `COLUMNS`."""
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
    ends = visits.select(*VISIT, began_at=visits.site_domain.fill_null(""), site=visits.final_domain)
    requests = inputs.table("requests").filter(
        _.resource_type == "main_frame", _.frame_id.fill_null(0) == 0, _.domain.fill_null("") != ""
    )
    passed = requests.inner_join(ends, VISIT)
    passed = passed.filter(passed.domain != passed.site, passed.domain != passed.began_at)
    by_header = passed.response_headers.fill_null("").re_search(_SET_COOKIE)
    rows = passed.group_by(*VISIT, "began_at", "site", through=passed.domain).agg(
        by_header=by_header.max(), url=passed.url.min()
    )
    set_by = with_domain(
        inputs,
        inputs.table("cookies").filter(_.record_type != "deleted").select(*VISIT, "host"),
        "host",
        "through",
    )
    set_by = set_by.select(*VISIT, "through", stored=ibis.literal(True)).distinct()
    joined = rows.left_join(set_by, [*VISIT, "through"])
    return joined.select(
        *VISIT,
        "began_at",
        "through",
        "site",
        returned=joined.began_at == joined.site,
        sets_cookie=joined.by_header | joined.stored.fill_null(False),
        url=joined.url.substr(0, EVIDENCE_TEXT),
    )
