"""How requests and pages travel: HTTPS, versions of HTTP, mixed content, TLS and certificates."""

import ibis
from ibis import _

from overscripted.analyses.hygiene.certificate_key import key_of
from overscripted.analyses.hygiene.seen_pages import Part, SeenPages, figure, share_figure
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.shares import shares
from overscripted.visit_groups import VISIT

MIN_SITES = 10  # of a third party that is classed by its use of HTTPS (Englehardt and Narayanan, 2016)
_DAY_S = 86_400
_SOON_S = 30 * _DAY_S  # before the end of a certificate
_LONGEST_S = 398 * _DAY_S  # of a certificate, as browsers have it since September 2020


def requests(seen: SeenPages) -> Part:
    """Requests over HTTPS and by version of HTTP."""
    secure = seen.requests.url.startswith("https://") | seen.requests.url.startswith("wss://")
    version = seen.requests.http_version.fill_null("")
    conditions = {
        "https_requests": secure,
        "http2": version.isin(("h2", "h3")),
        "http3": version == "h3",
    }
    found = shares(seen.inputs, seen.requests, {"https_requests": conditions.pop("https_requests")})
    found |= shares(seen.inputs, seen.requests.filter(version != ""), conditions)
    versions = seen.requests.group_by(http_version=version).aggregate(requests=_.count())
    labels = {
        "https_requests": "Requests over HTTPS",
        "http2": "Requests over HTTP/2 or HTTP/3",
        "http3": "Requests over HTTP/3",
    }
    table = seen.inputs.arrow(versions.order_by(ibis.desc("requests"), "http_version").limit(100))
    return Part([share_figure(name, labels[name], found[name]) for name in labels], {"http_versions": table})


def third_parties(seen: SeenPages) -> Part:
    """Third parties on `MIN_SITES` sites or more, by whether all or some of their requests are secure."""
    sites = seen.pages.select(*VISIT, "final_domain")
    third = seen.requests.filter(_.is_third_party, _.domain != "").inner_join(sites, VISIT)
    secure = third.url.startswith("https://") | third.url.startswith("wss://")
    rolled = third.group_by("domain").aggregate(
        sites=_.final_domain.nunique(), requests=_.count(), https=secure.sum()
    )
    known = rolled.filter(rolled.sites >= MIN_SITES)
    kind = ibis.cases(
        (known.https == known.requests, "only HTTPS"), (known.https == 0, "only HTTP"), else_="both"
    )
    ordered = known.mutate(transport=kind).order_by(ibis.desc("sites"), ibis.desc("requests"), "domain")
    table = seen.inputs.arrow(ordered.limit(MAX_EVIDENCE))
    kinds = table["transport"].to_pylist()
    return Part(
        [
            figure(name, f"Third parties on {MIN_SITES} sites or more: {kind}", kinds.count(kind), len(kinds))
            for name, kind in (
                ("third_https", "only HTTPS"),
                ("third_both", "both"),
                ("third_http", "only HTTP"),
            )
        ],
        {"third_parties": table},
    )


def mixed_content(seen: SeenPages) -> Part:
    """HTTPS pages that ask for something over HTTP, by what the browser did."""
    secure = seen.pages.filter(_.final_url.startswith("https://")).select(*VISIT)
    rows = seen.inputs.table("mixed_content").semi_join(secure, VISIT)
    visits = rows.group_by(*VISIT).aggregate(
        loaded=(_.action == "loaded").sum(), blocked=(_.action == "blocked").sum()
    )
    found = seen.inputs.totals(
        visits.aggregate(any=_.count(), loaded=(_.loaded > 0).sum(), blocked=(_.blocked > 0).sum())
    )
    shown = rows.select(
        *VISIT,
        "action",
        location=rows.location.left(EVIDENCE_TEXT),
        url=rows.url.left(EVIDENCE_TEXT),
    ).order_by("action", *VISIT, "location", "url")
    return Part(
        [
            figure("mixed", "HTTPS pages with mixed content", found["any"], seen.n_https),
            figure("mixed_loaded", "of them, where some was loaded", found["loaded"], found["any"]),
            figure("mixed_blocked", "of them, where some was blocked", found["blocked"], found["any"]),
        ],
        {"mixed_content": seen.inputs.arrow(shown.limit(MAX_EVIDENCE))},
    )


def tls(seen: SeenPages) -> Part:
    """Versions of TLS, refused connections, and certificates by validity, issuer and key."""
    connections = seen.inputs.table("tls_connections").semi_join(seen.pages, VISIT)
    good = connections.filter(_.error.fill_null("") == "", _.tls_version.notnull())
    versions = good.group_by("tls_version", "key_exchange", "signature_scheme").aggregate(
        hosts=_.host.nunique(), connections=_.count()
    )
    of_page = good.inner_join(seen.documents.select(*VISIT, "host"), [*VISIT, "host"])
    by_page = of_page.group_by(*VISIT).aggregate(best=_.tls_version.max())
    tls = seen.inputs.totals(by_page.aggregate(of=_.count(), n=(_.best == "TLS 1.3").sum()))
    errors = (
        connections.filter(_.error.fill_null("") != "")
        .group_by(error=_.error.left(EVIDENCE_TEXT))
        .aggregate(hosts=_.host.nunique(), connections=_.count())
    )
    certificates = seen.inputs.table("certificates").semi_join(
        good, [*VISIT, ("sha256", "certificate_sha256")]
    )
    used = good.group_by("certificate_sha256").aggregate(seen=_.time_stamp.max(), hosts=_.host.nunique())
    each = (
        certificates.group_by("sha256")
        .aggregate(issuer=_.issuer.min(), not_before=_.not_before.min(), not_after=_.not_after.min())
        .inner_join(used, [("sha256", "certificate_sha256")])
    )
    left = each.not_after.epoch_seconds() - each.seen.epoch_seconds()
    life = each.not_after.epoch_seconds() - each.not_before.epoch_seconds()
    totals = seen.inputs.totals(
        each.aggregate(
            of=_.count(),
            expired=(left < 0).sum(),
            soon=((left >= 0) & (left < _SOON_S)).sum(),
            long=(life > _LONGEST_S).sum(),
        )
    )
    issuers = each.group_by(issuer=each.issuer.fill_null("").left(EVIDENCE_TEXT)).aggregate(
        certificates=_.count(), hosts=_.hosts.sum()
    )
    tables = {
        "tls": versions.order_by(ibis.desc("connections"), "tls_version", "key_exchange", "signature_scheme"),
        "tls_errors": errors.order_by(ibis.desc("hosts"), "error"),
        "issuers": issuers.order_by(ibis.desc("certificates"), "issuer"),
    }
    shown = {name: seen.inputs.arrow(expr.limit(MAX_EVIDENCE)) for name, expr in tables.items()}
    if not seen.inputs.missing("contents"):
        ders = seen.inputs.table("contents").semi_join(each, "sha256").filter(_.content.notnull())
        keys = ders.group_by(key=key_of(ders.content)).aggregate(certificates=_.count())
        shown["keys"] = seen.inputs.arrow(keys.order_by(ibis.desc("certificates"), "key").limit(100))
    return Part(
        [
            figure("tls13", "HTTPS pages whose server speaks TLS 1.3", tls["n"], tls["of"]),
            figure("expired", "Accepted certificates after their end", totals["expired"], totals["of"]),
            figure("expiring", "Certificates with less than 30 days left", totals["soon"], totals["of"]),
            figure("long_lived", "Certificates for more than 398 days", totals["long"], totals["of"]),
        ],
        shown,
    )
