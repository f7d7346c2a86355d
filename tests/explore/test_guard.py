"""Who may ask the explorer: the holder of the token, by the printed address, from no other site."""

import requests

from overscripted.explore.guard import HEADERS
from tests.explore.conftest import Site


def bare(site: Site, path: str = "/run/", method: str = "GET", **headers: str) -> requests.Response:
    """A request without the cookie of the reader, unless it is among the headers."""
    return requests.request(method, f"{site.url}{path}", headers=headers, allow_redirects=False)


def cookie(site: Site) -> str:
    return "; ".join(f"{name}={value}" for name, value in site.reader.cookies.items())


def test_the_token_becomes_a_cookie_and_leaves_the_address(site: Site) -> None:
    answer = bare(site, f"/run/t/requests?host=a&token={site.guard.token}&size=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/run/t/requests?host=a&size=1"
    flags = {part.strip() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= flags
    assert site.guard.token not in answer.headers["set-cookie"]


def test_nobody_reads_anything_without_the_cookie(site: Site) -> None:
    for path in ("/", "/run/", "/run/t/requests.csv", "/static/explore.css", "/nothing"):
        answer = bare(site, path)
        assert (answer.status_code, "overscripted explore" in answer.text) == (403, True), path
    assert bare(site, Cookie="overscripted=; x=y").status_code == 403
    assert bare(site, "/run/?token=wrong").status_code == 403
    assert bare(site, Cookie=cookie(site)).status_code == 200


def test_a_redirect_never_leaves_the_server(site: Site) -> None:
    answer = bare(site, f"//evil.example/?token={site.guard.token}")
    assert answer.headers["location"] == "/evil.example/"


def test_a_name_that_was_pointed_at_this_machine_is_refused(site: Site) -> None:
    port = site.url.rpartition(":")[2]
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil:{port}",
    ):
        assert bare(site, Cookie=cookie(site), Host=host).status_code == 403, host
    assert bare(site, Cookie=cookie(site), Host=f"localhost:{port}").status_code == 200


def test_other_sites_are_refused(site: Site) -> None:
    own = {"Cookie": cookie(site)}
    for origin in ("http://evil.example", "null", site.url.replace("http:", "https:"), "http://127.0.0.1"):
        assert bare(site, Origin=origin, **own).status_code == 403, origin
    for kind in ("cross-site", "same-site"):
        assert bare(site, **own, **{"Sec-Fetch-Site": kind}).status_code == 403, kind
    assert bare(site, Origin=site.url, **own, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_nothing_can_be_changed(site: Site) -> None:
    own = {"Cookie": cookie(site), "Origin": site.url}
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert bare(site, "/run/t/requests", method, **own).status_code == 403, method
    assert bare(site, "/run/", "HEAD", **own).status_code == 200


def test_every_answer_forbids_what_it_does_not_need(site: Site) -> None:
    for path in ("", "t/requests.csv", "t/requests?nothing=1", "nothing"):
        headers = site.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
