"""Leaks on planted forms: exactly what third parties get before a submit, with near misses beside each."""

import base64
import gzip
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from overscripted import tokens, urls
from overscripted.analyses import processes
from overscripted.analyses.leaks import search, sent
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

PAGE = "https://www.shop{}.org/"
ADS, CRM, CDN, REPLAY = "criteo.com", "crm-of-nobody.net", "cdn-of-nobody.net", "hotjar.com"


def _at(seconds: float) -> datetime:
    return TIME + timedelta(seconds=seconds)


def _value(visit: int, kind: str) -> str:
    return tokens.values(7, visit)[kind]


def _fill(visit: int, kind: str, at: float, frame: str = "", **detail: Any) -> dict[str, Any]:
    about = {"kind": kind, "known_by": "type", "value": _value(visit, kind), "as_typed": True, "submits": 0}
    outcome = "blocked" if detail.get("submits") else "done"
    row = {"crawl_id": 7, "visit_id": visit, "attempt": 1, "action": "fill", "ordinal": int(at * 10)}
    where = {"frame_url": frame or PAGE.format(visit), "started": _at(at), "outcome": outcome}
    return row | where | {"target": f"#{kind}", "detail": json.dumps(about | detail)}


class Planted:
    """Rows of the tables of what visits send and keep."""

    def __init__(self) -> None:
        self.actions: list[dict[str, Any]] = []
        self.tables: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in (
                *("requests", "request_bodies", "contents", "websocket_messages", "messages"),
                *("stored_items", "stored_cookies"),
            )
        }

    def add(self, table: str, visit: int, **fields: Any) -> None:
        self.tables[table].append({"crawl_id": 7, "visit_id": visit, "attempt": 1, **fields})

    def request(self, visit: int, url: str, at: float, body: bytes | None = None, **headers: str) -> None:
        key = {"request_id": str(len(self.tables["requests"])), "hop": 0, "time_stamp": _at(at)}
        pairs = json.dumps([[name.capitalize(), text] for name, text in headers.items()])
        about = {"host": urls.host(url), "domain": urls.domain(url), "script_url": f"https://{CDN}/a.js"}
        self.add("requests", visit, **key, url=url, request_headers=pairs, **about)
        if body is not None:
            digest = hashlib.sha256(body).hexdigest()
            self.add("request_bodies", visit, **key, sha256=digest, size=len(body))
            self.tables["contents"].append({"sha256": digest, "content": body, "size": len(body)})


def _planted() -> Planted:
    p = Planted()
    # 1: a base64 password in a URL; an e-mail address hashed to a tracker, by body to the site itself.
    p.actions += [_fill(1, "email", 1), _fill(1, "password", 6), _fill(1, "search", 11)]
    mail, secret = _value(1, "email"), base64.b64encode(_value(1, "password").encode()).decode()
    p.request(1, f"https://hook.{CRM}/typed.gif?{quote(secret)}", 8)
    p.request(1, f"https://ad.{ADS}/p?em={hashlib.sha256(mail.encode()).hexdigest()}", 3)
    p.request(1, "https://api.shop1.org/check", 3, json.dumps({"mail": mail}).encode())
    p.request(1, f"https://{CDN}/lib.js?{_value(2, 'email')}", 3)  # another visit's value
    p.request(1, f"https://{CDN}/d?{hashlib.sha256(b'example.com').hexdigest()}", 3)  # of the domain alone
    p.request(1, f"data:text/plain,{mail}", 3)
    p.add("messages", 1, time_stamp=_at(3), origin=PAGE.format(1)[:-1], location="about:srcdoc", data=mail)
    p.add("stored_items", 1, origin=PAGE.format(1)[:-1], kind="local_storage", key="k", value=mail)
    # 2: to a recorder in a gzip body, and by WebSocket; the search is kept by the page alone.
    p.actions += [_fill(2, "password", 1), _fill(2, "name", 6), _fill(2, "search", 11)]
    p.request(2, f"https://in.{REPLAY}/r", 2, gzip.compress(f"pw {_value(2, 'password')}".encode()))
    socket = {"url": f"wss://ws.{CRM}/s", "time_stamp": _at(7), "request_id": "w", "ordinal": 0}
    p.add("websocket_messages", 2, **socket, direction="sent", data=f"n={_value(2, 'name')}")
    p.add("websocket_messages", 2, **socket, direction="received", data=_value(2, "search"))
    p.add(
        "stored_items",
        2,
        origin=PAGE.format(2)[:-1],
        kind="local_storage",
        key="k",
        value=_value(2, "search"),
    )
    # 3: after the page tried to send its form; the first field leaked before.
    p.actions += [_fill(3, "email", 1), _fill(3, "name", 6, submits=1)]
    p.request(3, f"https://{CRM}/x", 2, referer=f"{PAGE.format(3)}?e={_value(3, 'email')}")
    p.request(3, f"https://{CRM}/y?{_value(3, 'name')}", 8)
    # 4: a field in a frame of another site, which sends to itself, and is told by a message.
    p.actions += [_fill(4, "email", 1, frame=f"https://form.{CRM}/f"), _fill(4, "phone", 6)]
    p.request(4, f"https://{CRM}/x?{_value(4, 'email')}", 2)
    p.request(4, f"https://{CRM}/x?{_value(4, 'phone')}", 3)  # before it was typed
    said = {"time_stamp": _at(8), "origin": PAGE.format(4)[:-1]}
    p.add("messages", 4, **said, location=f"https://w.{CDN}/f", data=_value(4, "phone"))
    p.add("messages", 4, **said, location=PAGE.format(4), data=_value(4, "phone"))  # of the same origin
    # 5: a field that something stood in front of.  6: a page that nobody saw.
    failed = {"kind": "email", "value": _value(5, "email"), "error": "something is in front of it"}
    p.actions += [
        _fill(5, "email", 1) | {"outcome": "failed", "detail": json.dumps(failed)},
        _fill(6, "email", 1),
    ]
    p.actions += [
        _fill(1, "email", 20) | {"detail": text} for text in ("", "[]", "{", '{"kind": [], "value": 1}')
    ]
    p.request(6, f"https://{CRM}/x?{_value(6, 'email')}", 2)
    return p


def _run(folder: Path) -> Run:
    p = _planted()
    visits = [
        {
            "crawl_id": 7,
            "visit_id": n,
            "final_url": PAGE.format(n),
            "final_domain": f"shop{n}.org",
            "outcome": "challenge" if n == 6 else "complete",
        }
        for n in range(1, 7)
    ]
    run = planted_run(folder, [call(PAGE.format(1), "https://shop1.org/a.js")], visits)
    write(run, "actions", p.actions)
    for table, rows in p.tables.items():
        write(run, table, rows)
    return run


LEAKS = {
    (1, "email", "url", f"ad.{ADS}", "sha256"),
    (1, "password", "url", f"hook.{CRM}", "base64"),
    (2, "password", "request body", f"in.{REPLAY}", "gzip"),
    (2, "name", "websocket", f"ws.{CRM}", "plain"),
    (3, "email", "referrer", CRM, "plain"),
    (4, "phone", "message", f"w.{CDN}", "plain"),
}
NEAR = {
    (1, "email", "request body", "api.shop1.org", "sent to the site itself"),
    (2, "search", "storage", "www.shop2.org", "kept in the page's own storage only"),
    (3, "name", "url", CRM, "sent after a submit was stopped"),
    (4, "email", "url", CRM, "sent to the site of the field's frame"),
    (4, "phone", "url", CRM, "sent before it was typed"),
}
# Figure -> pages, and pages with such a field.
FIGURES = {
    "leaks": (4, 4),
    "trackers": (2, 4),
    "own": (1, 4),
    "email": (2, 3),
    "email_trackers": (1, 3),
    "name": (1, 2),
    "phone": (1, 1),
    "password": (2, 2),
    "password_recorders": (1, 2),
    "card": (0, 0),
    "search": (0, 2),
    "receivers": (4, None),
}


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    return analyze(_run(tmp_path_factory.mktemp("leaks") / "run"), ["leaks"], engine)["leaks"]


def test_exactly_the_planted_leaks_are_found(finding: Finding) -> None:
    rows = finding.tables["evidence"].to_pylist()
    found = {(r["visit_id"], r["kind"], r["place"], r["host"], r["encoding"]) for r in rows}
    assert found == LEAKS and len(rows) == len(LEAKS)
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert {name: figures[name] for name in FIGURES} == FIGURES
    assert finding.sentence.startswith("100 % of pages with a filled field send it to third parties")
    (secret,) = [row for row in rows if row["encoding"] == "base64"]
    assert (secret["seconds"], secret["domain"], secret["script_url"]) == (2, CRM, f"https://{CDN}/a.js")


def test_a_near_miss_says_what_keeps_it_from_being_a_leak(finding: Finding) -> None:
    rows = finding.tables["near_misses"].to_pylist()
    assert {(r["visit_id"], r["kind"], r["place"], r["host"], r["why"]) for r in rows} == NEAR
    assert any("tried to send a form" in note for note in finding.notes)


def test_receivers_and_encodings_are_counted(finding: Finding) -> None:
    receivers = {(r["domain"], r["kind"]): r for r in finding.tables["receivers"].to_pylist()}
    assert {key: row["pages"] for key, row in receivers.items()} == {
        (ADS, "email"): 1,
        (CDN, "phone"): 1,
        (CRM, "email"): 1,
        (CRM, "name"): 1,
        (CRM, "password"): 1,
        (REPLAY, "password"): 1,
    }
    ads = receivers[ADS, "email"]
    assert (ads["owner"], ads["tracker"], receivers[CRM, "name"]["tracker"]) == ("Criteo", True, False)
    encodings = {(r["kind"], r["encoding"]) for r in finding.tables["encodings"].to_pylist()}
    assert encodings == {(kind, encoding) for _, kind, _, _, encoding in LEAKS}


def test_large_texts_are_searched_for_all_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LARGEST", 100)
    rows = analyze(_run(tmp_path / "run"), ["leaks"])["leaks"].tables["evidence"].to_pylist()
    assert {(r["visit_id"], r["kind"], r["place"], r["host"], r["encoding"]) for r in rows} == LEAKS


@pytest.mark.parametrize("n", [1, 2])
def test_chunks_of_any_size_give_the_same_in_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    run = _run(tmp_path / "run")
    monkeypatch.setattr(sent, "CHUNK", 1)
    monkeypatch.setattr(processes, "worthwhile", lambda engine, seconds: n)
    rows = analyze(run, ["leaks"])["leaks"].tables["evidence"].to_pylist()
    assert {(r["visit_id"], r["kind"], r["place"], r["host"], r["encoding"]) for r in rows} == LEAKS


def test_a_run_that_lacks_tables_says_so(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    for table in ("contents", "messages", "stored_cookies", "stored_items", "websocket_messages"):
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["leaks"])["leaks"]
    assert {row["place"] for row in finding.tables["evidence"].to_pylist()} == {"url", "referrer"}
    assert any("no table contents; no table websocket_messages" in note for note in finding.notes)
    write(run, "actions", [])
    assert "--do forms" in analyze(run, ["leaks"])["leaks"].unsupported
