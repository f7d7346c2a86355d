"""What documents protect: policies in headers, referrers, integrity of other sites' scripts."""

import ibis
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.hygiene.script_integrity import integrity_of
from overscripted.analyses.hygiene.seen_pages import Part, SeenPages, figure
from overscripted.analyses.model import Figure
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.visit_groups import VISIT

_HEADERS = {
    "hsts": "HTTPS pages with HSTS (max-age above 0)",
    "hsts-subdomains": "HTTPS pages with HSTS for subdomains, too",
    "hsts-preload": "HTTPS pages with HSTS and the word preload",
    "csp": "Pages with a Content-Security-Policy",
    "csp-scripts": "Pages whose policy restricts scripts",
    "csp-unsafe-inline": "of them, with the word unsafe-inline",
    "csp-inline-allowed": "of them, where inline scripts do run",
    "csp-report-only": "Pages with a report-only policy",
    "permissions-policy": "Pages with a Permissions-Policy",
    "referrer-policy": "Pages with a Referrer-Policy that browsers know",
    "referrer-whole-url": "Pages whose policy sends whole addresses to other sites",
    "nosniff": "Pages with X-Content-Type-Options: nosniff",
    "frame-options": "Pages with X-Frame-Options",
}


def headers(seen: SeenPages) -> Part:
    """Policies that the headers of top documents set, see `document_headers`."""
    secure = seen.documents.url.startswith("https://")
    has = {name: seen.documents.facts.contains(name) for name in _HEADERS}
    has |= {name: has[name] & secure for name in has if name.startswith("hsts")}  # ignored over HTTP
    found = seen.inputs.totals(
        seen.documents.aggregate(
            _of=_.count(), _https=secure.sum(), **{name: met.sum() for name, met in has.items()}
        )
    )
    note = (
        f"The headers of the top document are known of {found['_of']:,} of {seen.n_pages:,} pages. Policies "
        "in markup (meta) are not counted."
    )
    of = {name: found["_https"] if name.startswith("hsts") else found["_of"] for name in _HEADERS}
    of |= dict.fromkeys(("csp-unsafe-inline", "csp-inline-allowed"), found["csp-scripts"])
    shown = seen.documents.select(
        *VISIT, page=seen.documents.final_url.left(EVIDENCE_TEXT), facts=seen.documents.facts.join(" ")
    ).order_by(*VISIT)
    return Part(
        [figure(name, label, found[name], of[name]) for name, label in _HEADERS.items()],
        {"documents": seen.inputs.arrow(shown.limit(MAX_EVIDENCE))},
        [note],
    )


def referrers(seen: SeenPages) -> Part:
    """Requests of a page to other sites that carry more of its address than the origin."""
    header = r'\["[Rr]eferer","(https?://(?:[^"\\]|\\.)*)"\]'
    third = seen.requests.filter(_.is_third_party, _.domain != "", _.request_headers.notnull())
    sent = third.select(*VISIT, "host", "domain", referrer=third.request_headers.re_extract(header, 1))
    # Kept once: the headers of all requests are the longest texts that this question reads.
    whole = sent.filter(sent.referrer.re_search(r"^https?://[^/?#]+/[\s\S]"))
    rolled = seen.inputs.engine.keep(
        whole.group_by(*VISIT, "host", "domain", "referrer").aggregate(requests=_.count())
    )
    sent = rolled.mutate(from_host=rolled.referrer.re_extract(r"^https?://([^/?#:@]+)", 1).lower())
    known = with_domain(seen.inputs, sent, "from_host", "from_domain")
    known = known.inner_join(seen.pages.select(*VISIT, "final_domain"), VISIT)
    leaks = known.filter(known.from_domain == known.final_domain, known.from_domain != known.domain)
    visits = leaks.group_by(*VISIT).aggregate(
        query=leaks.referrer.contains("?").max(), parties=_.domain.nunique()
    )
    found = seen.inputs.totals(visits.aggregate(leaking=_.count(), query=_.query.sum()))
    shown = (
        leaks.mutate(referrer=leaks.referrer.left(EVIDENCE_TEXT))
        .group_by(*VISIT, "host", "referrer")
        .aggregate(requests=_.requests.sum())
        .order_by(*VISIT, "host", "referrer")
    )
    table = seen.inputs.arrow(shown.limit(MAX_EVIDENCE))
    seen.inputs.engine.drop(rolled)
    return Part(
        [
            figure(
                "referrer_leaks", "Pages whose whole address another site got", found["leaking"], seen.n_pages
            ),
            figure("referrer_queries", "of them, with its query", found["query"], found["leaking"]),
        ],
        {"referrers": table},
    )


def integrity(seen: SeenPages) -> Part:
    """Scripts of other sites in saved documents, and which of them have an integrity."""
    saved = seen.inputs.table("saved_documents").filter(_.frame_id == 0).semi_join(seen.pages, VISIT)
    one = saved.group_by(*VISIT).aggregate(sha256=_.sha256.max(), url=_.url.max())
    contents = seen.inputs.table("contents").filter(_.content.notnull()).select("sha256", "content")
    counted = one.inner_join(contents, "sha256")
    counts = counted.select(*VISIT, "url", n=integrity_of(counted.content, counted.url))
    each = seen.inputs.engine.keep(
        counts.select(*VISIT, "url", others=counts.n[0], whole=counts.n[1], any_kind=counts.n[2])
    )
    found = seen.inputs.totals(
        each.aggregate(
            documents=_.count(),
            used=(_.any_kind > 0).sum(),
            others=_.others.sum(),
            whole=_.whole.sum(),
        )
    )
    shown = each.filter(_.others > _.whole).select(
        *VISIT, page=_.url.left(EVIDENCE_TEXT), third_party_scripts="others", with_integrity="whole"
    )
    table = seen.inputs.arrow(shown.order_by(ibis.desc("third_party_scripts"), *VISIT).limit(MAX_EVIDENCE))
    seen.inputs.engine.drop(each)
    without = found["others"] - found["whole"]
    return Part(
        [
            figure("sri", "Saved pages that use Subresource Integrity", found["used"], found["documents"]),
            Figure(
                "sri_without", "Scripts of other sites in them without integrity", without, found["others"]
            ),
        ],
        {"without_integrity": table},
    )
