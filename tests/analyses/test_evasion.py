"""Cloaked hosts, bounces and decorated links on planted rows, with near misses beside."""

import json
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

CLOAKED = "metrics.site1.org"
# Host of the visit 1 -> its canonical names, and whether another site's name counts.
NAMES = {
    CLOAKED: ('["edge.cdn.net", "site1.sc.omtrdc.net"]', True),  # a tracker of the list
    "shop.site1.org": ('["shops.hosting.net"]', True),
    "a.site1.org": ('["b.site1.org"]', False),
    "www.site1.org": ('["front.hosting.net"]', False),
    "site1.org": ('["root.hosting.net"]', False),
    "plain.site1.org": ("[]", False),
    "unknown.site1.org": (None, False),
    "stats.other.org": ('["other.sc.omtrdc.net"]', False),  # of another site
    "mysite1.org": ('["mine.sc.omtrdc.net"]', False),  # not below the site
    "hostile.site1.org": ('[5, null, "\\u0000"', True),
}
GCLID, CONTROL = "click-1042", "control-2077"


def _visit(number: int, began: str, ended: str, variant: str = "plain") -> dict[str, Any]:
    counted = {"variant": variant, "wave": 1, "reached_by": "seed", "outcome": "complete"}
    return {"crawl_id": 7, "visit_id": number, "site_domain": began, "final_domain": ended, **counted}


def _request(visit: int, url: str, kind: str = "main_frame", **fields: Any) -> dict[str, Any]:
    host = url.split("/")[2]
    where = {"host": host, "domain": ".".join(host.split(".")[-2:]), "frame_id": 0, "time_stamp": TIME}
    return {"crawl_id": 7, "visit_id": visit, "url": url, "resource_type": kind, **where, **fields}


def _cookie(visit: int, host: str, value: str = "1", record_type: str = "added-or-changed") -> dict[str, Any]:
    about = {"host": host, "name": "c", "value": value, "record_type": record_type, "time_stamp": TIME}
    return {"crawl_id": 7, "visit_id": visit, **about}


def _run(folder: Path) -> Run:
    sets = json.dumps([["Set-Cookie", "a=1"]])
    visits = [
        _visit(1, "site1.org", "site1.org"),
        _visit(2, "short.link", "site2.org"),
        _visit(3, "site3.org", "site3.org"),
        _visit(4, "site4.org", "site4.org"),
        *(_visit(n, f"site{n - 10}.org", f"site{n - 10}.org", "clicked") for n in (11, 12, 13)),
    ]
    requests = [
        # 1 comes back through two domains, of which one sets a cookie.
        *(_request(1, f"https://{host}/go") for host in ("site1.org", "sync.bounce.net", "quiet.net")),
        # 2 leads from a short link, by a domain that sets a cookie in a header, to another site.
        _request(2, "https://short.link/1", response_headers=sets),
        _request(2, "https://click.net/1", response_headers=sets),
        _request(2, "https://site2.org/"),
        # 3 has a frame, a picture and a pop-up of others, and a cookie that was deleted.
        _request(3, "https://frame.net/", "sub_frame", response_headers=sets),
        _request(3, "https://popup.net/", frame_id=9, response_headers=sets),
        _request(3, "https://deleted.net/"),
        # In 11 a script takes the click identifier; 12 sends its whole address on; 13 does nothing.
        _request(11, f"https://site1.org/?gclid={GCLID}&not_a_param={CONTROL}"),
        _request(11, f"https://ads.net/c?id={GCLID}", "image"),
        _request(12, f"https://log.net/?u=site2.org%3Fgclid%3D{GCLID}%26not_a_param%3D{CONTROL}", "image"),
        _request(13, f"https://site3.org/log?gclid={GCLID}", "image"),
        _request(13, "https://ads.net/c?id=click-1043", "image"),
    ]
    cookies = [
        _cookie(1, ".bounce.net"),
        _cookie(1, "other.net"),
        _cookie(3, "deleted.net", record_type="deleted"),
        _cookie(11, ".site1.org", f"GCL.1.{GCLID}"),
        _cookie(13, ".site3.org", GCLID, record_type="deleted"),
        _cookie(1, ".site1.org", GCLID),  # of another variant
    ]
    run = planted_run(folder, [call("https://site1.org/", "https://site1.org/a.js")], visits)
    settings = {"plain": {}, "clicked": {"decorate": f"gclid={GCLID}&not_a_param={CONTROL}&v=1"}}
    settings |= {"never": {"decorate": "fbclid=never-visited"}}
    tables = {
        "requests": requests,
        "cookies": cookies,
        "dns_names": [
            {"crawl_id": 7, "visit_id": 1, "host": host, "canonical_names": names}
            for host, (names, _counts) in NAMES.items()
        ],
        "stored_items": [
            {"crawl_id": 7, "visit_id": 12, "origin": "https://site2.org", "kind": "local_storage"}
            | {"key": "k", "value": "nothing"}
        ],
        "variants": [
            {"crawl_id": 7, "variant": name, "ordinal": place, "settings": json.dumps(one)}
            for place, (name, one) in enumerate(settings.items())
        ],
    }
    for table, rows in tables.items():
        write(run, table, rows)
    return run


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    return analyze(_run(tmp_path_factory.mktemp("evasion")), ["evasion"], engine)["evasion"]


def _figures(finding: Finding) -> dict[str, tuple[float | None, int | None]]:
    return {figure.name: (figure.n, figure.of) for figure in finding.figures}


def test_exactly_the_cloaked_hosts_are_found(finding: Finding) -> None:
    (met,) = finding.tables["cloaked_evidence"].to_pylist()
    assert (met["host"], met["canonical_name"]) == (CLOAKED, "site1.sc.omtrdc.net")
    assert met["tracker"].startswith("Adobe")
    near = {row["host"] for row in finding.tables["near_misses"].to_pylist()}
    assert near == {host for host, (_names, counts) in NAMES.items() if counts}
    figures = _figures(finding)
    assert figures["cloaked_trackers"] == figures["cloaked"] == (1, 4)


def test_exactly_the_stateful_bounces_are_found(finding: Finding) -> None:
    found = {
        (row["began_at"], row["through"], row["site"], row["returned"], row["sets_cookie"])
        for row in finding.tables["bounces"].to_pylist()
    }
    assert found == {
        ("site1.org", "bounce.net", "site1.org", True, True),
        ("site1.org", "quiet.net", "site1.org", True, False),
        ("short.link", "click.net", "site2.org", False, True),
        ("site3.org", "deleted.net", "site3.org", True, False),
    }
    figures = _figures(finding)
    assert (figures["bounces"], figures["bounces_back"], figures["bounces_any"]) == ((2, 4), (1, 4), (3, 4))


def test_decorated_links_are_followed_beside_their_control(finding: Finding) -> None:
    found = {
        (row["parameter"], row["how"], row["where"], row["pages"])
        for row in finding.tables["decoration"].to_pylist()
    }
    assert found == {
        ("gclid", "sent", "ads.net", 1),
        ("gclid", "sent", "log.net", 1),
        ("gclid", "stored", ".site1.org", 1),
        ("not_a_param", "sent", "log.net", 1),
    }
    figures = _figures(finding)
    assert (figures["stored_0"], figures["sent_0"]) == ((1, 3), (2, 3))
    assert (figures["stored_1"], figures["sent_1"]) == ((0, 3), (1, 3))
    assert "sent_2" not in figures  # v=1 is too short


def test_a_run_without_names_and_variants_says_so(tmp_path: Path) -> None:
    run = _run(tmp_path)
    for table in ("dns_names", "variants", "stored_items"):
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["evasion"], where=["variant=plain"])["evasion"]
    assert set(_figures(finding)) == {"bounces", "bounces_back", "bounces_any"}
    assert finding.sentence == "Of 4 pages, 50.0 % were reached through a third party that set a cookie."
    assert any("no table dns_names" in note for note in finding.notes)
    assert any("no variant with `decorate`" in note for note in finding.notes)
