"""Similar scripts on planted calls and bodies: what is near, what is not, and near misses of both."""

import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze, explain
from overscripted.analyses.similar.calls import Vectors
from overscripted.analyses.similar.clusters import clusters
from overscripted.analyses.similar.dye import LEAKY, dyed
from overscripted.analyses.similar.shingles import sketch, tokens
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.analyses.planted import Call, call, raw_run, write

OFFER, CHANNEL = "RTCPeerConnection.createOffer", "RTCPeerConnection.createDataChannel"
HANDLER, AGENT = "RTCPeerConnection.onicecandidate", "window.navigator.userAgent"
COOKIE = "window.document.cookie"

# Script -> calls by symbol, and the pages that have it. The first two fingerprint by en2016 (WebRTC).
SCRIPTS: dict[str, tuple[dict[str, int], int]] = {
    "https://fp.net/dye.js?v=1": ({OFFER: 10, CHANNEL: 10, HANDLER: 1, AGENT: 19}, 2),
    "https://fp.net/far-dye.js": ({OFFER: 1, CHANNEL: 1, HANDLER: 1, COOKIE: 97}, 1),
    # The same shares of the calls without the handler: no rule finds it.
    "https://quiet.net/same.js": ({OFFER: 20, CHANNEL: 20, AGENT: 40}, 3),
    # The dye's shares are 0.250, 0.250, 0.025 and 0.475; a sixth of these calls is of another symbol.
    "https://quiet.net/close.js": ({OFFER: 3, CHANNEL: 3, AGENT: 4, "window.name": 2}, 1),
    # The same symbols, of which one has nearly all calls: 0.9 - 0.25 from the dye.
    "https://quiet.net/other-shares.js": ({OFFER: 90, CHANNEL: 5, AGENT: 5}, 1),
    # Its userAgent has 0.23 more of the calls: not below the threshold of 0.23.
    "https://quiet.net/at-threshold.js": ({AGENT: 705, OFFER: 145, CHANNEL: 150}, 1),
    # 0.30 more: many of its calls differ, too.
    "https://quiet.net/beyond.js": ({AGENT: 775, OFFER: 112, CHANNEL: 113}, 1),
    # 0 of the same symbols.
    "https://quiet.net/other-symbols.js": ({"window.localStorage": 5, "window.name": 1}, 1),
}
# Scripts that only read cookies: they are near to far-dye.js, so many that it is leaky.
READERS = [f"https://ads.net/{number}.js" for number in range(5)]
OTHERS = [f"https://other.net/{number}.js" for number in range(25)]


def _calls() -> Iterator[Call]:
    number = 0
    scripts = SCRIPTS | {url: ({COOKIE: 3}, 1) for url in READERS}
    scripts |= {url: ({"window.sessionStorage": 2}, 1) for url in OTHERS}
    for url, (uses, pages) in scripts.items():
        for _page in range(pages):
            number += 1
            page = f"https://site{number}.org/"
            for symbol, n in uses.items():
                handler = symbol == HANDLER
                operation = "set" if handler else "get" if symbol.startswith("window") else "call"
                value = "FUNCTION" if handler else ""
                yield call(page, url, visit_id=number, symbol=symbol, operation=operation, n=n, value=value)


# Bodies: a library, itself minified, itself with another half, and unrelated ones.
_WORDS = random.Random(7)


def _names(n: int) -> list[str]:
    return ["".join(_WORDS.choices("abcdefghijklmnop", k=7)) for _ in range(n)]


def _library(names: list[str]) -> str:
    """A readable function for each name."""
    return "\n".join(
        f"// Does {name}.\nfunction {name}Of(element, options) {{\n"
        f'  var result = element.{name}("{name}-class");\n'
        f"  return options.{name}Limit > {sum(map(ord, name))} ? result : null;\n}}"
        for name in names
    )


def _minified(text: str) -> str:
    """Without comments and spaces, local names of one letter."""
    text = re.sub(r"//[^\n]*", "", text)
    short = {"element": "e", "options": "o", "result": "r"}
    text = re.sub(r"(?<!\.)\b(element|options|result)\b", lambda m: short[m[0]], text)
    text = re.sub(r"\b\w+Of\b", "f", text)
    return re.sub(r"\s*([{}();=>?:,])\s*", r"\1", text.replace("\n", " "))


NAMES = _names(60)
LIBRARY = _library(NAMES)
BODIES = {
    "library": LIBRARY,
    "minified": _minified(LIBRARY),
    "newer": _library([*NAMES[:58], *_names(2)]),  # two functions of sixty differ
    "half": _library([*NAMES[:30], *_names(30)]),
    "unrelated": _library(_names(60)),
    "pixel": "new Image().src='/p?'+Math.random()",
    "pixel2": "new Image().src='/p?' + Math.random()",
}
SHA = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in BODIES.items()}
ALIKE = sorted(SHA[name] for name in ("library", "minified", "newer"))
# Visit, URL, body
REQUESTS = [
    (1, "https://cdn.net/lib.js", "library"),
    (2, "https://copy.org/l.js?x=1", "library"),
    (2, "https://fp.net/dye.js?v=1", "minified"),
    (3, "https://cdn.net/lib-2.js", "newer"),
    (3, "https://cdn.net/half.js", "half"),
    (4, "https://other.net/u.js", "unrelated"),
    (4, "https://other.net/p.js", "pixel"),
    (5, "https://other.net/p2.js", "pixel2"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = raw_run(tmp_path_factory.mktemp("similar") / "run", _calls())
    run_etl(made)
    requests: list[dict[str, Any]] = [
        {
            "crawl_id": 7,
            "visit_id": visit,
            "url": url,
            "host": url.split("/")[2],
            "domain": url.split("/")[2],
            "body_sha256": SHA[name],
        }
        for visit, url, name in REQUESTS
    ]
    write(made, "requests", [*requests, {**requests[0], "url": "https://cdn.net/a.png", "body_sha256": None}])
    visits = made.store.read_table("tables/visits").to_pylist()
    for row in visits:
        row["final_domain"] = f"site{row['visit_id']}.org"
        if row["visit_id"] == 5:
            row["outcome"] = "challenge"
    for key in made.store.files("tables/visits"):
        made.store.delete(key)
    write(made, "visits", visits)
    bodies = [(SHA[name], text.encode()) for name, text in BODIES.items()]
    write(made, "scripts", [{"sha256": sha, "size": len(text), "content": text} for sha, text in bodies])
    return made


@pytest.fixture(scope="module")
def finding(run: Run, engine: str) -> Finding:
    return analyze(run, ["similar"], engine)["similar"]


def _figures(finding: Finding) -> dict[str, tuple[float | None, int | None]]:
    return {figure.name: (figure.n, figure.of) for figure in finding.figures}


def test_scripts_that_call_what_fingerprinters_call_are_near(finding: Finding) -> None:
    rows = {row["script"]: row for row in finding.tables["near"].to_pylist()}
    assert set(rows) == {f"https://quiet.net/{name}.js" for name in ("same", "close", "at-threshold")}
    same = rows["https://quiet.net/same.js"]
    assert same["distance"] == pytest.approx(0.025)
    assert same["differs"] == pytest.approx(0.025)
    assert same["nearest"] == "https://fp.net/dye.js"  # without its query
    assert (same["dye_score"], same["pages"], same["calls"], same["symbols"]) == (1, 3, 240, 3)
    at_threshold = rows["https://quiet.net/at-threshold.js"]
    assert (at_threshold["dye_score"], at_threshold["differs"]) == (0, 0.23)  # near by the part alone
    close = rows["https://quiet.net/close.js"]
    assert close["distance"] == close["differs"] == pytest.approx(1 / 6, abs=1e-5)


def test_what_is_nearly_near_says_what_failed(finding: Finding) -> None:
    rows = {row["script"]: row["failed"] for row in finding.tables["near_misses"].to_pylist()}
    leaky = {url: "a dye script that is not leaky" for url in READERS}
    assert rows == leaky | {"https://quiet.net/beyond.js": "distance below 0.23"}


def test_a_dye_script_that_dyes_many_is_leaky(finding: Finding) -> None:
    rows = {row["script"]: row for row in finding.tables["dyes"].to_pylist()}
    assert rows["https://fp.net/dye.js"]["leaky_share"] == pytest.approx(2 / 36)
    assert not rows["https://fp.net/dye.js"]["leaky"]
    assert rows["https://fp.net/far-dye.js"]["leaky"]


def test_pages_and_scripts_are_counted_by_threshold(finding: Finding) -> None:
    figures = _figures(finding)
    pages, scripts = 41, len(SCRIPTS) + len(READERS) + len(OTHERS)
    assert figures["pages_same"] == (5, pages)
    assert figures["scripts_same"] == (3, scripts)
    assert figures["near_15"] == (3, pages)
    assert figures["near_23"] == (4, pages)
    assert figures["near_25"] == (5, pages)
    assert figures["scripts_near_25"] == (3, scripts)
    assert figures["dye"] == (2, scripts)
    assert figures["leaky"] == (1, 2)
    assert figures["vectors"] == (len(SCRIPTS) + 2, scripts)


def test_bodies_are_counted_by_where_they_run(finding: Finding) -> None:
    figures = _figures(finding)
    assert figures["bodies"] == (6, None)  # the seventh is a challenge's
    assert figures["bodies_sites"] == figures["bodies_urls"] == figures["bodies_domains"] == (1, 6)
    first = finding.tables["bodies"].to_pylist()[0]
    assert (first["sha256"], first["urls"], first["hosts"], first["sites"]) == (SHA["library"], 2, 2, 2)
    assert first["size"] == len(LIBRARY)


def test_a_body_that_a_minifier_changed_is_a_near_duplicate(finding: Finding) -> None:
    members = finding.tables["members"].to_pylist()
    assert [row["sha256"] for row in members] == ALIKE
    assert {row["cluster"] for row in members} == {ALIKE[0]}
    (cluster,) = finding.tables["clusters"].to_pylist()
    assert (cluster["bodies"], cluster["urls"], cluster["domains"], cluster["sites"]) == (3, 4, 3, 3)
    figures = _figures(finding)
    assert figures["near_duplicates"] == (3, 5)  # one pixel is too short, and the other one a challenge's
    assert figures["clusters"] == (1, None)


def test_a_script_is_explained_by_its_calls_and_its_body(run: Run, engine: str) -> None:
    text = explain(run, ["similar"], "https://fp.net/dye.js?v=1", engine)
    calls, body = text.split("  by body: ")
    lines = calls.splitlines()
    assert lines[1].startswith("  by what it calls (80 calls of 4 symbols)")
    assert lines[2] == "      2.5 %  0.025  https://quiet.net/same.js, on 3 pages"
    assert "     23.0 %  0.230  https://quiet.net/at-threshold.js, on 1 page" in lines
    without_query = explain(run, ["similar"], "https://fp.net/dye.js", engine)
    assert without_query.splitlines()[1:] == text.splitlines()[1:]
    assert body.startswith(f"{SHA['minified']} at 1 URL, 1 host, on 1 site\n")
    assert f"100 % alike: {SHA['library']}, such as https://cdn.net/lib.js" in body
    assert SHA["half"] not in body


def test_a_script_is_found_by_its_body_though_it_calls_nothing(run: Run) -> None:
    text = explain(run, ["similar"], SHA["unrelated"].upper())
    assert "it made no recorded call" in text
    assert "no other body is nearly the same, of 5 compared" in text
    inline = explain(run, ["similar"], "https://quiet.net/same.js")
    assert "by body: none of its own" in inline
    with pytest.raises(InputError, match="no script with this URL"):
        explain(run, ["similar"], "https://none.net/")


def test_a_run_without_bodies_or_fingerprinters_is_answered(tmp_path: Path) -> None:
    made = raw_run(tmp_path / "run", [call("https://a.org/", "https://a.org/a.js", symbol=COOKIE)])
    run_etl(made)
    for name in ("requests", "scripts"):
        if made.store.files(f"tables/{name}"):
            made.store.delete(f"tables/{name}")
    finding = analyze(made, ["similar"])["similar"]
    assert finding.sentence == "No script fingerprints by en2016, so none is compared with those that do."
    assert "no table requests; no table scripts" in finding.notes[-1]
    assert "by body: unknown" in explain(made, ["similar"], "https://a.org/a.js")
    made.store.delete("tables/symbol_arguments")
    finding = analyze(made, ["similar"])["similar"]
    assert finding.sentence == "Nobody can say which scripts are near to fingerprinters."
    assert [figure.name for figure in finding.figures] == ["vectors"]
    assert any("no table symbol_arguments" in note for note in finding.notes)


def test_a_leaky_dye_script_gives_no_score() -> None:
    distances = np.array([[0, 200_000], [100_000, 900_000], [900_000, 100_000]])
    found = dyed(distances, np.array([0, 1, 19]), np.array([3, 5]), 0.15)
    assert found.leaky_shares.tolist() == [0.05, 0.95]
    assert found.leaky.tolist() == [False, True]
    assert LEAKY == 0.1
    assert found.scores.tolist() == [3, 3, 0]


_PARTS = st.dictionaries(st.integers(0, 9), st.integers(1, 1000), min_size=1, max_size=6)


@given(st.lists(_PARTS, min_size=1, max_size=6))
def test_distances_are_those_of_the_whole_vectors(made: list[dict[int, int]]) -> None:
    whole = np.zeros((len(made), 10), np.int64)
    for row, parts in enumerate(made):
        for symbol, n in parts.items():
            whole[row, symbol] = n * 1_000_000 // sum(parts.values())
    parts = [np.flatnonzero(row) for row in whole]
    names = [str(number) for number in range(len(made))]
    ends = np.cumsum([len(one) for one in parts])
    shares = np.concatenate([row[one] for row, one in zip(whole, parts, strict=True)])
    packed = Vectors(names, names, ends, np.concatenate(parts), shares)
    greatest, differing = packed.distances(np.arange(len(made)))
    differences = np.abs(whole[:, None] - whole[None])
    assert (greatest == differences.max(axis=2)).all()
    assert np.abs(differing - differences.sum(axis=2) / 2).max() < 1
    assert not differing.diagonal().any()


def test_tokens_are_what_minifiers_keep() -> None:
    text = rb"""/* a.b 1 */ var x = e.foo ( 'it\'s' ) // c.d
    + /\/\//.test(n.bar) ? 12.5 : `t ${q.r}`; "open"""
    assert tokens(text) == [b"foo", rb"it\'s", b"test", b"bar", b"12.5", b"t ${q.r}", b"ope"]


@given(st.binary(max_size=400))
def test_any_body_has_tokens(body: bytes) -> None:
    assert all(isinstance(token, bytes) for token in tokens(body))


def test_clusters_are_joined_through_their_members() -> None:
    words = _names(100)
    chain = {str(n): sketch(_library(words[4 * n : 4 * n + 60]).encode()) for n in range(4)}
    whole = {name: made for name, made in chain.items() if made is not None}
    assert whole["0"].jaccard(whole["3"]) < 0.8 < whole["0"].jaccard(whole["1"])
    assert clusters(whole) == [["0", "1", "2", "3"]]
