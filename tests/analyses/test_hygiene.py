"""Hygiene: planted pages, requests, cookies and headers, each with what nearly is one beside it."""

import json
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.hygiene.certificate_key import key
from overscripted.analyses.hygiene.document_headers import facts
from overscripted.analyses.hygiene.script_integrity import integrity
from overscripted.analyses.run import analyze
from overscripted.certificates import Authority
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

STRICT = [
    ["Strict-Transport-Security", 'Max-Age="31536000"; includeSubDomains'],
    ["CONTENT-SECURITY-POLICY", "script-src 'unsafe-inline'"],
    ["Permissions-Policy", "camera=()"],
]
NONCE = [["content-security-policy", "default-src 'self' 'unsafe-inline' 'nonce-abc'"]]
WIDE = [["Referrer-Policy", "no-referrer, unsafe-url"], ["Strict-Transport-Security", "max-age=0"]]
PAGES = {  # visit -> its final URL, and the headers of its document
    1: ("https://a1.com/inner?user=7#top", STRICT),
    2: ("https://a2.com/", NONCE),
    3: ("http://a3.com/", STRICT),  # HSTS is ignored over HTTP
    **{n: (f"https://a{n}.com/page", WIDE) for n in range(4, 12)},
}


def day(n: float) -> datetime:
    return TIME + timedelta(days=n)


def requests() -> list[dict[str, Any]]:
    rows = []
    for visit, (final, headers) in PAGES.items():
        site = f"a{visit}.com"
        base = {"crawl_id": 7, "visit_id": visit, "frame_id": 0, "hop": 0, "status": 200, "time_stamp": TIME}
        base |= {
            "request_headers": "[]",
            "http_version": "h2",
            "is_third_party": False,
            "response_headers": "[]",
        }
        top = base | {"resource_type": "main_frame", "host": site, "domain": site, "request_id": "1"}
        page = final.partition("#")[0]
        rows.append(top | {"url": page, "response_headers": json.dumps(headers)})
        # Not the page: a redirect to it, a frame, a pop-up, a later response of another address.
        rows.append(top | {"url": f"http://{site}/", "redirect_url": page, "upgraded_by": "hsts", "hop": 1})
        rows.append(base | {"resource_type": "sub_frame", "host": site, "domain": site, "url": page})
        rows.append(top | {"url": page, "frame_id": 3, "request_id": "8", "http_version": "http/1.1"})
        rows.append(top | {"url": f"https://{site}/other", "time_stamp": day(1), "request_id": "9"})
        third = base | {"resource_type": "script", "is_third_party": True, "http_version": "h3"}
        both = "https" if visit % 2 else "http"
        for host, scheme, last in (("cdn.com", "https", 11), ("mix.com", both, 10), ("few.com", "http", 9)):
            if visit <= last:
                row = third | {"host": f"x.{host}", "domain": host, "url": f"{scheme}://x.{host}/s.js"}
                rows.append(row | {"request_id": f"{host}"})
    referrers = {  # who is told what by the page of visit 1, 2 and 4
        (1, "cdn.com"): "https://a1.com/inner?user=7",  # the whole address
        (1, "mix.com"): "https://a1.com/",  # the origin alone
        (2, "cdn.com"): "https://a2.com",
        (4, "cdn.com"): "https://www.a4.com/page",  # without a query
        (4, "mix.com"): "https://w.mix.com/frame?x=1",  # what its own frame tells it
        (5, "cdn.com"): "https://ads.com/frame?x=1",  # the address of a frame of others
        (6, "a6.com"): "https://a6.com/page",  # told to nobody else
    }
    for (visit, domain), referrer in referrers.items():
        row = next(r for r in rows if r["visit_id"] == visit and r["domain"] == domain)
        row["request_headers"] = json.dumps([["Accept", "*/*"], ["Referer", referrer]], separators=(",", ":"))
    # A header of a script's own, which only looks like one that tells an address.
    fake = next(r for r in rows if r["visit_id"] == 7 and r["domain"] == "cdn.com")
    fake["request_headers"] = json.dumps([["X", '["Referer","https://a7.com/page"]']], separators=(",", ":"))
    lost = {"crawl_id": 7, "visit_id": 13, "status": 200, "url": "http://wall.com/", "is_third_party": True}
    return [*rows, lost | {"domain": "few.com"}, rows[0] | {"status": None, "url": "http://a1.com/blocked"}]


def cookies(visit: int, site: str) -> list[dict[str, Any]]:
    base = {"crawl_id": 7, "visit_id": visit, "created": TIME, "path": "/", "name": "n", "is_secure": False}
    base |= {"is_http_only": False, "same_site": "unspecified", "expiry": None, "is_partitioned": False}
    return [
        base | {"host": f".{site}", "is_secure": True, "expiry": day(365)},  # a year is not more than a year
        base | {"host": site, "name": "m", "same_site": "lax", "expiry": day(366)},
        base | {"host": "cdn.com", "same_site": "no_restriction", "is_http_only": True, "is_secure": True},
        base | {"host": "cdn.com.evil.org", "is_partitioned": True},
        base | {"host": ""},  # of a file: no party
    ]


MARKUP = b"""<!doctype html><base href="https://cdn.com/"><script src=a.js integrity="sha384-x"></script>
<script src="https://other.net/b.js" integrity="md5-x"></script><script src="//a1.com/own.js"></script>
<script>inline()</script><script src="https://a1.com:99999999/"></script><link integrity="SHA256-y">"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("hygiene")
    ids = {n: {"crawl_id": 7, "visit_id": n} for n in range(1, 15)}
    visits = [
        ids[n] | {"outcome": "complete", "final_url": url, "final_domain": f"a{n}.com"}
        for n, (url, _headers) in PAGES.items()
    ]
    visits.append(
        ids[13] | {"outcome": "challenge", "final_url": "http://wall.com/", "final_domain": "wall.com"}
    )
    run = planted_run(folder / "run", [call(PAGES[1][0], "https://b.com/x.js")], visits)
    write(run, "requests", requests())
    write(run, "stored_cookies", cookies(1, "a1.com") + cookies(13, "wall.com"))
    mixed = [(1, "loaded"), (1, "blocked"), (2, "blocked"), (3, "loaded"), (13, "loaded")]
    write(
        run,
        "mixed_content",
        [ids[n] | {"action": action, "location": "l", "url": f"http://{n}"} for n, action in mixed],
    )
    old = {"tls_version": "TLS 1.2", "error": "", "time_stamp": TIME, "certificate_sha256": "c1"}
    new = old | {"tls_version": "TLS 1.3"}
    refused = {"error": "SEC_ERROR_EXPIRED_CERTIFICATE", "time_stamp": TIME, "certificate_sha256": "c4"}
    write(
        run,
        "tls_connections",
        [
            ids[1] | old | {"host": "a1.com"},
            ids[1] | new | {"host": "a1.com"},  # it speaks both
            ids[2] | old | {"host": "a2.com", "certificate_sha256": "c2"},
            ids[2] | new | {"host": "cdn.com", "certificate_sha256": "c3"},  # of another host
            ids[2] | refused | {"host": "late.com"},
            ids[13] | new | {"host": "wall.com", "certificate_sha256": "c5"},
        ],
    )
    terms = {"c1": (-300, 98), "c2": (-1, 29), "c3": (-399, -0.01), "c4": (-90, -1), "c5": (0, 1)}
    seen = {"c1": 1, "c2": 2, "c3": 2, "c4": 2, "c5": 13}
    write(
        run,
        "certificates",
        [
            ids[seen[name]]
            | {"sha256": name, "not_before": day(start), "not_after": day(end), "issuer": "CN=CA"}
            for name, (start, end) in terms.items()
        ],
    )
    write(
        run,
        "saved_documents",
        [
            ids[1] | {"frame_id": 0, "sha256": "d1", "url": PAGES[1][0]},
            ids[2] | {"frame_id": 0, "sha256": "d2", "url": PAGES[2][0]},
            ids[2] | {"frame_id": 5, "sha256": "d1", "url": "https://frame.com/"},
            ids[3] | {"frame_id": 0, "sha256": "lost", "url": PAGES[3][0]},
        ],
    )
    der = ssl.PEM_cert_to_DER_cert(Authority(folder).ca_file.read_text())
    contents = {"d1": MARKUP, "d2": b"<script src='/own.js' integrity='sha256-x'>", "c1": der, "c2": b"\x00"}
    write(run, "contents", [{"sha256": name, "content": content} for name, content in contents.items()])
    return run


TRUTH = {
    "https": (10, 11),
    # 11 documents, 11 frames, 11 pop-ups, 11 others; cdn on 11, mix on 10 (5 secure), few on 9 (none).
    "https_requests": (44 - 3 + 11 + 5, 74),
    "http2": (74 - 11, 74),
    "http3": (30, 74),
    "third_https": (1, 2),
    "third_both": (1, 2),
    "third_http": (0, 2),
    "mixed": (2, 10),
    "mixed_loaded": (1, 2),
    "mixed_blocked": (2, 2),
    "tls13": (1, 2),
    "expired": (1, 3),
    "expiring": (1, 3),
    "long_lived": (1, 3),  # one of 398 days and one of 399
    "hsts": (1, 10),
    "hsts-subdomains": (1, 10),
    "hsts-preload": (0, 10),
    "csp": (3, 11),
    "csp-scripts": (3, 11),
    "csp-unsafe-inline": (3, 3),
    "csp-inline-allowed": (2, 3),
    "csp-report-only": (0, 11),
    "permissions-policy": (2, 11),
    "referrer-policy": (8, 11),
    "referrer-whole-url": (8, 11),
    "nosniff": (0, 11),
    "frame-options": (0, 11),
    "referrer_leaks": (2, 11),
    "referrer_queries": (1, 2),
    "sri": (2, 2),
    "sri_without": (1, 2),
}
COOKIES = {
    "first": {"secure": 1, "long": 1, "lax": 1, "unspecified": 1},
    "third": {"secure": 1, "http_only": 1, "session": 2, "none": 1, "unspecified": 1, "partitioned": 1},
}


def test_every_figure_is_the_truth(run: Run, engine: str) -> None:
    finding = analyze(run, ["hygiene"], engine)["hygiene"]
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    attributes = {name for name in figures if name.startswith(("first_", "third_"))} - TRUTH.keys()
    assert {name: value for name, value in figures.items() if name not in attributes} == TRUTH
    for party, known in COOKIES.items():
        found = {name: figures[name] for name in attributes if name.startswith(party)}
        assert {name.partition("_")[2]: n for name, (n, _of) in found.items() if n} == known
        assert {of for _n, of in found.values()} == {2}
    tables = {name: table.to_pylist() for name, table in finding.tables.items()}
    assert [tuple(row.values()) for row in tables["third_parties"]] == [
        ("cdn.com", 11, 11, 11, "only HTTPS"),
        ("mix.com", 10, 10, 5, "both"),
    ]
    assert [tuple(row.values()) for row in tables["http_versions"]] == [
        ("h2", 33), ("h3", 30), ("http/1.1", 11),
    ]  # fmt: skip
    assert [(row["visit_id"], row["host"], row["referrer"]) for row in tables["referrers"]] == [
        (1, "x.cdn.com", "https://a1.com/inner?user=7"),
        (4, "x.cdn.com", "https://www.a4.com/page"),
    ]
    assert [tuple(row.values()) for row in tables["keys"]] == [("secp256r1", 1), ("unreadable", 1)]
    assert [(row["error"], row["hosts"]) for row in tables["tls_errors"]] == [(
        "SEC_ERROR_EXPIRED_CERTIFICATE", 1,
    )]  # fmt: skip
    assert [tuple(row.values())[2:] for row in tables["without_integrity"]] == [(PAGES[1][0], 2, 1)]
    assert "Some figures are missing" not in " ".join(finding.notes)


def test_a_run_without_the_new_tables_answers_the_rest(tmp_path: Path, engine: str) -> None:
    one = {"crawl_id": 7, "visit_id": 1}
    visit = one | {"outcome": "complete", "final_url": None, "final_domain": ""}  # as in imports
    run = planted_run(tmp_path / "old", [call(PAGES[2][0], "https://b.com/x.js")], [visit])
    rows = [row | one | {"http_version": None} for row in requests() if row["visit_id"] == 2]
    write(run, "requests", [row for row in rows if "other" not in row["url"]])
    for name in ("stored_cookies", "tls_connections", "mixed_content", "certificates"):  # not recorded
        write(run, name, [])
    cookie = one | {"host": "a2.com", "name": "n", "path": "/", "record_type": "added-or-changed"}
    changes = [(TIME, True, None), (day(1), False, day(9)), (day(2), True, None)]
    write(
        run,
        "cookies",
        [cookie | {"time_stamp": at, "is_secure": secure, "expiry": end} for at, secure, end in changes[:2]]
        + [cookie | {"time_stamp": day(2), "record_type": "deleted", "is_secure": True}],
    )
    finding = analyze(run, ["hygiene"], engine)["hygiene"]
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert (figures["csp"], figures["first_secure"], figures["first_session"]) == ((1, 1), (0, 1), (0, 1))
    assert (figures["https"], figures["http2"]) == ((1, 1), (0, 0))
    assert not {"mixed", "tls13", "sri"} & {*figures}
    assert "no rows in its table tls_connections" in finding.notes[-2] and "--save html" in finding.notes[-1]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            [["Content-Security-Policy", "script-src 'unsafe-inline', default-src 'self'"]],
            "csp csp-scripts csp-unsafe-inline",
        ),
        ([["content-security-policy", "img-src *"], ["X", "y"]], "csp"),
        ([["content-security-policy", " ; , "]], ""),
        ([["content-security-policy", "script-src 'self'; script-src 'unsafe-inline'"]], "csp csp-scripts"),
        ([["content-security-policy", "style-src 'unsafe-inline'"]], "csp"),
        (
            [["content-security-policy", "default-src; script-src-elem 'UNSAFE-INLINE' 'strict-dynamic'"]],
            "csp csp-scripts csp-unsafe-inline",
        ),
        ([["Content-Security-Policy-Report-Only", "script-src 'unsafe-inline'"]], "csp-report-only"),
        ([["strict-transport-security", "max-age=1"], ["strict-transport-security", "max-age=0"]], "hsts"),
        ([["strict-transport-security", "max-age=00"]], "hsts-off"),
        ([["strict-transport-security", "max-age=-1; preload"]], ""),
        ([["strict-transport-security", "max-age=²"]], ""),
        ([["referrer-policy", "always"]], ""),
        ([["referrer-policy", "unsafe-url,never, ORIGIN"]], "referrer-policy"),
        ([["x-content-type-options", "NoSniff, x"], ["x-frame-options", " "]], "nosniff"),
        ([["feature-policy", "camera 'none'"], ["x-frame-options", "DENY"]], "feature-policy frame-options"),
        ([["content-security-policy"], "x", 5, None, [1, 2], ["a", "b", "c"]], ""),
        ({"content-security-policy": "script-src 'self'"}, ""),
    ],
)  # fmt: skip
def test_headers_are_read_as_browsers_read_them(headers: Any, expected: str) -> None:
    assert facts(json.dumps(headers)) == expected.split()


def test_hostile_texts_have_no_facts() -> None:
    for text in (None, "", "{", "[" * 100_000, "\x00", "1e999", "9" * 5000, '["\\ud800"]'):
        assert facts(text) == []
    long = [["content-security-policy", "x " * 10**6], *[["a", "b"]] * 1000, ["x-frame-options", "DENY"]]
    assert facts(json.dumps(long[1:])) == []  # beyond the headers that are read
    assert integrity(b"\xff<script src=http://[>", "no address") == [0, 0, 0]
    assert integrity(None, None) == [0, 0, 0]
    assert key(None) == key(b"\x30\x82") == "unreadable"
