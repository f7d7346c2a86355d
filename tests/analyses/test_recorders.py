"""Recorders on planted scripts: exactly those that watch and send, with near misses beside each."""

import base64
import gzip
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted import tokens, urls
from overscripted.analyses.model import Finding
from overscripted.analyses.recorders.behaviour import CONFIRMED, EVENTS, SENDS, WATCHES
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

PAGE = "https://www.news{}.org/"
TREE, CHILDREN = '{"childList":true,"subtree":true,"attributes":true}', '{"childList":true,"subtree":false}'
ALL = tuple(EVENTS)
LINES = [f"Sentence number {word} of the page, which no other page has" for word in ("one", "two", "three")]
TITLE = "A title that every tracker sends on"


def _snapshot(visit: int) -> bytes:
    return json.dumps({"nodes": LINES, "visit": visit, "more": "x" * 2_000}).encode()


def _sends(*sizes: int) -> list[bytes]:
    return [b"x" * size for size in sizes]


def _typed(visit: int, kind: str) -> str:
    return tokens.values(7, visit)[kind]


# Script -> its visit, the options of its observer, what it listens to, what it sends, and to which host.
Script = tuple[int, str, tuple[str, ...], list[bytes], str]
SCRIPTS: dict[str, Script] = {
    # Listed: records by gzip; one that only watches; one that does nothing.
    "https://static.hotjar.com/h.js": (
        1,
        TREE,
        ALL,
        [gzip.compress(_snapshot(1)), *_sends(1500, 600)],
        "in.hotjar.com",
    ),
    "https://cdn.mouseflow.com/m.js": (2, TREE, ALL, [], ""),
    "https://cdn.logrocket.io/l.js": (2, "", (), [], ""),
    # Not listed: with a password in base64, with other bodies, in three kinds of events only.
    "https://rec.nobody.net/r.js": (
        2,
        TREE,
        ALL,
        [base64.b64encode(_typed(2, "password").encode()), *_sends(1500, 900)],
        "in.nobody.net",
    ),
    "https://www.news3.org/own.js": (3, TREE, ALL[:3], _sends(10, 20, 2000), "log.news3.org"),
    # A chat that observes and listens but sends nothing, pings, an error, a menu, a lazy loader, analytics.
    "https://chat.of.net/c.js": (3, TREE, ALL, [], ""),
    "https://ping.of.net/p.js": (3, TREE, ALL, _sends(900, 900, 900), "ping.of.net"),
    "https://error.of.net/e.js": (3, TREE, ALL, _sends(3000, 3001), "error.of.net"),
    "https://small.of.net/s.js": (3, TREE, ALL, _sends(10, 20, 30), "small.of.net"),
    "https://menu.of.net/m.js": (3, TREE, ALL[2:], _sends(3000, 3001, 9), "menu.of.net"),
    "https://lazy.of.net/l.js": (3, TREE, (), [], ""),
    "https://stats.of.net/a.js": (3, CHILDREN, ALL, _sends(3000, 3001, 9), "stats.of.net"),
    # On a page that nobody saw.
    "https://rec.nobody.net/x.js": (4, TREE, ALL, _sends(3000, 3001, 9), "in.nobody.net"),
}


def _rows(kind: str) -> list[dict[str, Any]]:
    of_kind: dict[str, list[dict[str, Any]]] = {"symbol_arguments": [], "requests": [], "request_bodies": []}
    of_kind["contents"] = []
    for script, (visit, options, events, bodies, host) in SCRIPTS.items():
        ids = {"crawl_id": 7, "visit_id": visit, "attempt": 1}
        about = {
            **ids,
            "location": PAGE.format(visit),
            "script_url": script,
            "operation": "call",
            "n_calls": 1,
        }
        arguments = [("MutationObserver.observe", options)] if options else []
        arguments += [("EventTarget.addEventListener", EVENTS[event][0]) for event in events]
        of_kind["symbol_arguments"] += [about | {"symbol": s, "argument": a} for s, a in arguments]
        for number, body in enumerate(bodies):
            key = {
                **ids,
                "request_id": f"{script} {number}",
                "hop": 0,
                "time_stamp": TIME + timedelta(seconds=9),
            }
            digest = hashlib.sha256(body).hexdigest()
            # The last one of the first script is a beacon as the page ends: nobody knows whose.
            by = None if "hotjar" in script and number == 2 else script
            request = {
                "url": f"https://{host}/",
                "host": host,
                "script_url": by,
                "request_body_size": len(body),
            }
            of_kind["requests"].append(key | request)
            of_kind["request_bodies"].append(key | {"sha256": digest, "size": len(body)})
            of_kind["contents"].append({"sha256": digest, "content": body, "size": len(body)})
    return list({json.dumps(row, default=str): row for row in of_kind[kind]}.values())


def _run(folder: Path) -> Run:
    visits = [
        {
            "crawl_id": 7,
            "visit_id": n,
            "final_url": PAGE.format(n),
            "final_domain": f"news{n}.org",
            "title": TITLE,
            "outcome": "challenge" if n == 4 else "complete",
        }
        for n in range(1, 5)
    ]
    run = planted_run(
        folder, [call(PAGE.format(s[0]), url, visit_id=s[0]) for url, s in SCRIPTS.items()], visits
    )
    text = "\n".join([TITLE, "short", *LINES]).encode()
    source = b'<p class="rr-block big">a</p><p data-not-rr-mask>b</p><p>data-hj-suppressed</p>'
    extra = [
        {"sha256": name, "content": body, "size": len(body)} for name, body in (("t", text), ("s", source))
    ]
    for table in ("symbol_arguments", "requests", "request_bodies", "contents"):
        write(run, table, _rows(table) + (extra if table == "contents" else []))
    seen = [{"crawl_id": 7, "visit_id": n, "attempt": 1, "frame_id": 0} for n in (1, 2, 3)]
    write(run, "page_texts", [{**row, "sha256": "t"} for row in seen])
    write(run, "saved_documents", [{**row, "sha256": "s" if row["visit_id"] == 1 else "t"} for row in seen])
    fills = []
    for kind in ("password", "email"):
        detail = json.dumps({"kind": kind, "value": _typed(2, kind), "as_typed": True, "submits": 0})
        about = {"action": "fill", "outcome": "done", "started": TIME, "frame_url": PAGE.format(2)}
        fills.append({"crawl_id": 7, "visit_id": 2, "attempt": 1, "ordinal": 1, **about, "detail": detail})
    write(run, "actions", fills)
    socket = {"crawl_id": 7, "visit_id": 3, "attempt": 1, "request_id": "https://chat.of.net/c.js 0"}
    received = {
        **socket,
        "url": "wss://chat.of.net/",
        "direction": "received",
        "data": "y" * 3000,
        "size": 3000,
    }
    write(run, "websocket_messages", [{**received, "ordinal": n, "time_stamp": TIME} for n in range(4)])
    return run


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    return analyze(_run(tmp_path_factory.mktemp("recorders") / "run"), ["recorders"], engine)["recorders"]


def test_exactly_the_planted_recorders_are_found(finding: Finding) -> None:
    rows = finding.tables["evidence"].to_pylist()
    assert {(r["script_url"], r["grade"], r["kinds_sent"], r["pieces_sent"], r["sends"]) for r in rows} == {
        ("https://static.hotjar.com/h.js", CONFIRMED, "", len(LINES), 3),
        ("https://rec.nobody.net/r.js", CONFIRMED, "password", 0, 3),
        ("https://www.news3.org/own.js", SENDS, "", 0, 3),
    }
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures == {
        "watch": (3, 3),
        "send": (3, 3),
        "confirmed": (2, 3),
        "unlisted": (2, 3),
        "listed": (2, 3),
        "listed_send": (1, 2),
        "masked": (1, 3),
        "password": (1, 1),
    }
    assert "on 2 pages what it sent" in finding.sentence


def test_a_near_miss_says_which_condition_failed(finding: Finding) -> None:
    rows = finding.tables["near_misses"].to_pylist()
    assert {(urls.host(row["script_url"]), row["grade"], row["why"]) for row in rows} == {
        ("cdn.mouseflow.com", WATCHES, "sends nothing itself"),
        ("cdn.logrocket.io", 0, "no observer of the whole page"),
        ("chat.of.net", WATCHES, "sends nothing itself"),
        ("ping.of.net", WATCHES, "sends bodies of one size"),
        ("error.of.net", WATCHES, "sends fewer than 3 times to a host"),
        ("small.of.net", WATCHES, "sends under 2,000 bytes to a host"),
        ("menu.of.net", 0, "listens to 2 of 4 kinds of events"),
        ("stats.of.net", 0, "no observer of the whole page"),
    }


def test_hosts_fields_and_masks_are_counted(finding: Finding) -> None:
    hosts = {row.pop("script_host"): row for row in finding.tables["scripts"].to_pylist()}
    assert {host: (row["grade"], row["pages"], row["confirmed_pages"]) for host, row in hosts.items()} == {
        "static.hotjar.com": (CONFIRMED, 1, 1),
        "rec.nobody.net": (CONFIRMED, 1, 1),
        "www.news3.org": (SENDS, 1, 0),
    }
    assert (hosts["static.hotjar.com"]["provider"], hosts["rec.nobody.net"]["provider"]) == ("Hotjar", "")
    assert finding.tables["fields"].to_pylist() == [
        {"kind": "email", "pages": 1, "sent": 0},
        {"kind": "password", "pages": 1, "sent": 1},
    ]
    assert finding.tables["masks"].to_pylist() == [{"mark": "rr-block", "recorder": "rrweb", "pages": 1}]


def test_messages_by_websocket_are_sends(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    chat = "https://chat.of.net/c.js"
    ids = {"crawl_id": 7, "visit_id": 3, "attempt": 1, "request_id": "socket"}
    request = {**ids, "hop": 0, "url": "wss://chat.of.net/", "host": "chat.of.net", "script_url": chat}
    write(run, "requests", [*_rows("requests"), {**request, "time_stamp": TIME}])
    message = {**ids, "url": "wss://chat.of.net/", "direction": "sent", "time_stamp": TIME}
    texts = ["x" * 2_000, "y", " | ".join(LINES)]
    rows = [{**message, "ordinal": n, "data": text, "size": len(text)} for n, text in enumerate(texts)]
    write(run, "websocket_messages", rows)
    evidence = analyze(run, ["recorders"])["recorders"].tables["evidence"].to_pylist()
    (row,) = [row for row in evidence if row["script_url"] == chat]
    assert (row["grade"], row["pieces_sent"], row["bytes"]) == (CONFIRMED, 3, sum(map(len, texts)))


def test_a_run_that_lacks_tables_answers_the_rest(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    lacking = ("actions", "contents", "page_texts", "saved_documents", "websocket_messages", "request_bodies")
    for table in lacking:
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["recorders"])["recorders"]
    assert {row["grade"] for row in finding.tables["evidence"].to_pylist()} == {SENDS}
    notes = " ".join(finding.notes)
    assert all(words in notes for words in ("--do forms", "in page_texts", "source was saved"))
    write(run, "symbol_arguments", [])
    assert "symbol_arguments" in analyze(run, ["recorders"])["recorders"].unsupported
