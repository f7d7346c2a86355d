"""What is said of a visit becomes rows, and nothing in it does harm."""

import gzip
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from overscripted import segments
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.records import script_body
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.settings import Limits
from overscripted.schemas import RAW
from overscripted.store import Store


class Visit:
    """Records of one visit on a folder, read back after `close`."""

    def __init__(self, folder: Path, **limits: int) -> None:
        self.store = Store(folder)
        self.writer = Writer(self.store, "w", 10**9, 600)
        self.records = Records(self.writer, 3, 5, 1, Limits(**limits))
        self.records.tab = 11

    async def take(self, *messages: dict[str, Any]) -> None:
        async with self.writer:
            for message in messages:
                self.records.handle(
                    {"container_id": "s", "tab": 11, "frame": 0, "parent": -1, **message}, 100
                )
            self.records.finish()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [row for part in segments.read(self.store, table) for row in part.to_pylist()]


def calls(n: int, **message: Any) -> dict[str, Any]:
    made = [
        {
            "time": 1.5e12 + i,
            "symbol": "S.x",
            "operation": "get",
            "value": "v",
            "caller": "f@http://a.com/x:y.js:3:4",
        }
        for i in range(n)
    ]
    return {
        "type": "calls",
        "doc": "d",
        "location": "http://a.com/",
        "top": "http://a.com/",
        "calls": made,
    } | message


def nested(depth: int) -> list[Any]:
    """A list in a list in a list …, too deep to be written as text."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


async def test_a_call_becomes_a_row(tmp_path: Path) -> None:
    visit = Visit(tmp_path)
    await visit.take(calls(2))
    first, second = visit.rows("calls")
    assert set(first) == set(RAW["calls"].names)
    assert (first["ordinal"], second["ordinal"]) == (0, 1)
    assert first["script_url"] == "http://a.com/x:y.js"
    assert (first["script_line"], first["script_col"], first["func_name"]) == ("3", "4", "f")
    assert first["time_stamp"] == "2017-07-14T02:40:00.000Z"
    assert first["file_name"].startswith("3_")
    assert first["in_iframe"] == "false"


RIGHTS = {"context": "http://a.com/owner", "framed": True, "origin": "http://a.com"}
# What a message tells, and the origin document that its records have; the visited page is http://a.com/page.
CONTEXTS: list[tuple[dict[str, Any], tuple[str, bool]]] = [
    # With an address a document is its own, whatever is said of it.
    ({"location": "http://b.com/#x", **RIGHTS}, ("http://b.com/#x", False)),
    ({"location": "https://b.com/", "frame": 7, "parent": 0}, ("https://b.com/", True)),
    ({"location": "about:blank", **RIGHTS}, ("http://a.com/owner", True)),
    ({"location": "data:text/html,x", **RIGHTS, "framed": False}, ("http://a.com/owner", False)),
    ({"location": "about:blank?", **RIGHTS, "framed": "yes"}, ("http://a.com/owner", False)),
    # Of a document that is there no more, and of shared workers, the origin alone is known.
    ({"location": "blob:x", "origin": "http://a.com"}, ("http://a.com/page", False)),
    ({"location": "blob:x", "context": "", "origin": "http://b.com:81"}, ("http://b.com:81/", False)),
    ({"location": "blob:x", "origin": "https://a.com", "frame": 7, "parent": 0}, ("https://a.com/", True)),
    # Nothing is known of it, and what is said is no address.
    ({"location": "about:blank", "frame": 7, "parent": 0}, ("http://a.com/top", False)),
    ({"location": "about:blank", "top": "about:blank"}, ("", False)),
    ({"location": "about:blank", "context": "about:blank", "origin": "null"}, ("http://a.com/top", False)),
    ({"location": "about:blank", "context": ["http://x/"], "origin": 7}, ("http://a.com/top", False)),
]


async def test_a_record_has_the_document_whose_rights_its_document_has(tmp_path: Path) -> None:
    page = {"type": "frame", "url": "http://a.com/page", "top": "http://a.com/page", "time": 1}
    total = {
        "script_url": "http://a.com/x.js",
        "symbol": "S.x",
        "operation": "get",
        "n_calls": 9,
        "n_recorded": 1,
    }
    visit = Visit(tmp_path)
    await visit.take(
        page,
        *(
            calls(1, top="http://a.com/top", doc=str(n), totals=[total]) | it
            for n, (it, _) in enumerate(CONTEXTS)
        ),
        *(
            {"type": "frame", "frame": 8, "top": "http://a.com/top", "url": it["location"], "time": 1} | it
            for it, _ in CONTEXTS
        ),
    )
    assert visit.records.gaps == {}
    found = [(row["location"], row["context_url"], row["context_in_iframe"]) for row in visit.rows("calls")]
    assert found == [(it["location"], *expected) for it, expected in CONTEXTS]
    assert [row["context_url"] for row in visit.rows("frames")[1:]] == [url for _, (url, _) in CONTEXTS]
    totals = {
        (row["location"], row["context_url"], row["context_in_iframe"]) for row in visit.rows("call_totals")
    }
    assert totals == set(found)


async def test_a_call_by_the_browsers_own_code_has_its_documents_script(tmp_path: Path) -> None:
    base = {"time": 1.5e12, "symbol": "S.x", "operation": "get", "value": "v"}
    made = [
        base | {"caller": "", "by_browser": True},
        base | {"caller": "f@http://b.com/x.js:3:4", "by_browser": True},
        base | {"caller": "@:wasm-function[1]:0x2e"},
        base | {"caller": "f@http://b.com/x.js:3:4"},
        base | {"caller": "f@http://b.com/x.js:3:4", "by_browser": 1},
        base | {"caller": ""},
    ]
    total = {"script_url": "", "symbol": "S.x", "operation": "get", "n_calls": 5, "n_recorded": 1}
    here = {"location": "about:blank", **RIGHTS, "totals": [total]}
    visit = Visit(tmp_path)
    await visit.take(calls(0, calls=made) | here)
    assert [(r["script_url"], r["script_line"], r["by_browser"]) for r in visit.rows("calls")] == [
        ("http://a.com/owner", "", True),
        ("http://b.com/x.js", "3", True),
        ("http://a.com/owner", "1", False),
        ("http://b.com/x.js", "3", False),
        ("http://b.com/x.js", "3", False),
        ("", "", False),
    ]
    assert [(r["script_url"], r["n_calls"]) for r in visit.rows("call_totals")] == [("http://a.com/owner", 6)]


def on(receiver: Any, owner: Any = None, **more: Any) -> dict[str, Any]:
    """A call on a receiver."""
    return calls(1)["calls"][0] | {"receiver": receiver, "receiver_owner": owner} | more


async def test_receivers_are_numbered_within_the_visit(tmp_path: Path) -> None:
    size = {"canvas_width": 300, "canvas_height": 150}
    visit = Visit(tmp_path)
    await visit.take(
        calls(1, receivers="none yet"),
        calls(0, receivers="a", calls=[on(1), on(2, 1, **size)]),
        calls(0, receivers="b", frame=7, calls=[on(1)]),
        calls(0, receivers="a", doc="e", calls=[on(2)]),
        calls(0, calls=[on(1)]),
    )
    names = ("receiver", "receiver_owner", "canvas_width", "canvas_height")
    assert [tuple(row[name] for name in names) for row in visit.rows("calls")] == [
        (None, None, None, None),
        (1, None, None, None),
        (2, 1, 300, 150),
        (1_000_000_001, None, None, None),
        (2, None, None, None),
        (2_000_000_001, None, None, None),
    ]
    assert visit.records.gaps == {}


@pytest.mark.parametrize("number", ["1", 1.5, -1, 0, 10**9, 2**80, True, [1], None])
async def test_a_receiver_that_is_no_number_is_left_out(tmp_path: Path, number: Any) -> None:
    visit = Visit(tmp_path)
    await visit.take(calls(0, receivers="a", calls=[on(number, number)]))
    assert [(row["receiver"], row["receiver_owner"]) for row in visit.rows("calls")] == [(None, None)]


async def test_receivers_beyond_the_frames_of_a_visit_are_counted(tmp_path: Path) -> None:
    visit = Visit(tmp_path, frames=2)
    await visit.take(*(calls(0, receivers=name, calls=[on(3)]) for name in "abcab"))
    assert [row["receiver"] for row in visit.rows("calls")] == [3, 10**9 + 3, None, 3, 10**9 + 3]
    assert visit.records.gaps == {Gap.RECEIVERS: 1}


async def test_frames_are_numbered_within_the_visit(tmp_path: Path) -> None:
    visit = Visit(tmp_path)
    await visit.take(
        calls(1),
        calls(1, frame=2**33, parent=0),
        calls(1, tab=12, frame=0),
        calls(1, tab=12, frame=2**33 + 1, parent=0),
        calls(1, tab=-1, frame=-1),
    )
    assert [(r["frame_id"], r["parent_frame_id"]) for r in visit.rows("calls")] == [
        (0, -1),
        (1, 0),
        (2, -1),
        (3, 2),
        (-1, -1),
    ]


async def test_what_the_caps_cut_is_counted_exactly(tmp_path: Path) -> None:
    visit = Visit(tmp_path, calls=4)
    total = {"script_url": "http://a.com/x:y.js", "symbol": "S.x", "operation": "get"}
    await visit.take(
        calls(3, totals=[{**total, "n_calls": 50, "n_recorded": 3}]),
        calls(
            3,
            doc="e",
            totals=[{**total, "n_calls": 10, "n_recorded": 2}, {**total, "n_calls": 20, "n_recorded": 3}],
        ),
    )
    # 50 and 20 calls were made; of the 6 that came, the visit's cap kept 4.
    (row,) = visit.rows("call_totals")
    assert (row["n_calls"], row["n_recorded"]) == (70, 4)
    assert visit.records.n_calls == len(visit.rows("calls")) == 4
    assert visit.records.n_dropped == 66


async def test_a_document_whose_address_changes_counts_its_calls_once(tmp_path: Path) -> None:
    """Totals are of a document from its beginning: each message has the sum so far."""
    visit = Visit(tmp_path)
    total = {"script_url": "http://a.com/x:y.js", "symbol": "S.x", "operation": "get"}
    sums = [
        calls(0, location=f"http://a.com/#{n}", totals=[{**total, "n_calls": 1000 * n, "n_recorded": 3}])
        for n in (1, 2, 3)
    ]
    await visit.take(calls(3), *sums)
    assert visit.records.n_dropped == 2997
    assert [(row["n_calls"], row["n_recorded"]) for row in visit.rows("call_totals")] == [(2997, 0)]


@pytest.mark.parametrize("length", ["x", 1e30, -(2**70), [1], None])
async def test_a_length_that_is_none_is_left_out(tmp_path: Path, length: Any) -> None:
    visit, made = Visit(tmp_path), calls(1)
    made["calls"][0]["value_len"] = length
    await visit.take(made)
    (row,) = visit.rows("calls")
    assert row["value_len"] is None


async def test_totals_and_lost_calls_beyond_the_rows_of_a_visit_are_counted_together(tmp_path: Path) -> None:
    visit = Visit(tmp_path, rows=3, size=1)
    made = calls(10)
    for n, call in enumerate(made["calls"]):
        call["symbol"] = f"S.x{n}"
    totals = [
        {"script_url": "u", "symbol": f"S.y{n}", "operation": "get", "n_calls": 2, "n_recorded": 1}
        for n in range(5)
    ]
    await visit.take(made | {"totals": totals})
    assert visit.records.gaps["call totals over the limit"] == 2
    assert visit.records.n_dropped == 10 + 3


async def test_calls_beyond_the_bytes_of_a_visit_are_counted_exactly(tmp_path: Path) -> None:
    visit = Visit(tmp_path, size=1000)
    await visit.take(*(calls(1) for _ in range(30)))
    kept = len(visit.rows("calls"))
    (row,) = visit.rows("call_totals")
    assert (row["n_calls"], row["n_recorded"]) == (30, kept) and 0 < kept < 30
    assert not visit.records.gaps


@pytest.mark.parametrize(
    "message",
    [
        {"type": "calls"},
        {"type": "calls", "location": "x", "calls": [{}]},
        {"type": "calls", "location": "x", "calls": 7},
        {"type": "calls", "location": "x", "calls": [{"symbol": "a", "operation": "b", "time": 1e300}]},
        {"type": "calls", "location": "x", "calls": [{"symbol": "a", "operation": "b", "time": 1e20}]},
        {
            "type": "calls",
            "location": "x",
            "totals": [
                {"script_url": "x", "symbol": "a", "operation": "b", "n_calls": 1e30, "n_recorded": 0}
            ],
        },
        {
            "type": "calls",
            "location": "x",
            "totals": [
                {"script_url": "x", "symbol": "a", "operation": "b", "n_calls": 2**62, "n_recorded": 0}
            ],
        },
        {
            "type": "calls",
            "location": "x",
            "totals": [{"script_url": "x", "symbol": "a", "operation": "b", "n_calls": -1, "n_recorded": 0}],
        },
        {"type": "calls", "location": "x", "tab": "x"},
        {"type": "request", "status": "x", "time_stamp": "y", "url": {"a": 1}},
        {"type": "cookie", "expiry": 1e99, "host": None},
        {"type": "body", "content": None, "request_id": "1"},
        {"type": "body", "content": b"x", "encoding": "rot13", "request_id": "1"},
        {"type": "body", "content": b"x", "encoding": ["gzip"], "request_id": "1"},
        {"type": "gap", "name": "x"},
        {"type": "frame", "parent": 2**80},
        {"type": "unheard of"},
        {"type": ["unhashable"]},
        {"type": "console", "level": "error", "message": nested(100_000)},
    ],
)
async def test_a_malformed_message_harms_nothing(tmp_path: Path, message: dict[str, Any]) -> None:
    visit = Visit(tmp_path)
    await visit.take(message, calls(1))
    assert len(visit.rows("calls")) == 1


async def test_hostile_text_is_stored_as_valid_text(tmp_path: Path) -> None:
    nasty = "\ud800 \0 '; DROP \udfff" + "x" * 50
    made = calls(1, location=nasty, top=nasty)
    made["calls"][0] |= {
        "value": nasty,
        "arguments": json.dumps({"0": nasty}),
        "symbol": nasty,
        "caller": nasty,
        "call_stack": nasty,
    }
    visit = Visit(tmp_path, text=20)
    await visit.take(made, {"type": "console", "level": nasty, "message": nasty})
    (row,) = visit.rows("calls")
    assert row["value"] == "\ufffd \0 '; DROP \ufffd" + "x" * 7
    assert row["value_len"] == len(nasty)
    (said,) = visit.rows("console")
    assert len(said["message"]) == 20


def script(number: str) -> dict[str, Any]:
    return {
        "type": "request",
        "request_id": number,
        "resource_type": "script",
        "url": "https://cdn.example/x.js",
        "time_stamp": 1.7e12,
        "status": 200,
        "size": None,
        "completed": True,
    }


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "br", "deflate", "zstd", "br, gzip"])
@pytest.mark.parametrize("first", ["body", "request"])
async def test_a_script_is_stored_once_as_its_page_got_it(tmp_path: Path, encoding: str, first: str) -> None:
    text = b"alert(1)"
    coders = {
        "gzip": gzip.compress,
        "br": brotli.compress,
        "deflate": zlib.compress,
        "zstd": zstandard.compress,
    }
    sent = text
    for name in filter(None, encoding.split(", ")):
        sent = coders.get(name, bytes)(sent)
    visit, said = Visit(tmp_path), []
    for number in ("7", "8"):
        message = {"type": "body", "request_id": number, "encoding": encoding, "content": sent}
        said += [message, script(number)] if first == "body" else [script(number), message]
    await visit.take(*said)
    (row,) = visit.rows("scripts")
    assert (row["content"], row["size"], row["sha256"]) == (text, 8, hashlib.sha256(text).hexdigest())
    requests = visit.rows("requests")
    assert [(r["size"], r["body_sha256"]) for r in requests] == [(8, row["sha256"])] * 2


async def test_what_bodies_unpack_to_counts_for_the_bytes_of_a_visit(tmp_path: Path) -> None:
    visit = Visit(tmp_path, size=3_000_000)
    packed = [gzip.compress(bytes([n]) * 2**20) for n in range(5)]
    await visit.take(
        *(
            {"type": "body", "request_id": str(n), "encoding": "gzip", "content": c}
            for n, c in enumerate(packed)
        )
    )
    assert [row["content"] is not None for row in visit.rows("scripts")].count(True) == 2
    assert visit.records.gaps["script bodies over the limit"] == 3


async def test_contents_beyond_the_bytes_of_a_visit_cost_no_row(tmp_path: Path) -> None:
    visit = Visit(tmp_path, size=3_000_000)
    contents = [bytes([n]) * 2**20 for n in range(4)]
    bodies = [{"type": "response_bodies", "request_id": str(n), "content": c} for n, c in enumerate(contents)]
    await visit.take(*bodies, {"type": "console", "level": "error", "message": "after them"}, calls(1))
    expected = [(str(n), 2**20, hashlib.sha256(c).hexdigest()) for n, c in enumerate(contents)]
    found = [(row["request_id"], row["size"], row["sha256"]) for row in visit.rows("response_bodies")]
    assert found == expected
    kept = {row["sha256"]: (row["size"], row["content"]) for row in visit.rows("contents")}
    assert kept == {
        sha256: (2**20, contents[n] if n < 2 else None) for n, (_, _, sha256) in enumerate(expected)
    }
    assert (len(visit.rows("console")), len(visit.rows("calls"))) == (1, 1)
    assert visit.records.gaps == {Gap.CONTENTS_SIZE: 2}


async def test_bodies_that_lie_or_never_come_cost_no_request(tmp_path: Path) -> None:
    whole = gzip.compress(b"x" * 100_000, 0)
    bomb = brotli.compress(bytes(script_body.MAX_DECODED + 1))
    visit = Visit(tmp_path)
    said = [("1", whole[:60_000], "gzip"), ("2", b"no gzip", "gzip"), ("3", bomb, "br"), ("4", b"x", "rot13")]
    for number, content, encoding in said:
        message = {"type": "body", "request_id": number, "encoding": encoding, "content": content}
        await visit.take(script(number), message)
    await visit.take(script("5"))
    visit.records.finish()
    await visit.take()
    found = {r["request_id"]: r["size"] for r in visit.rows("requests")}
    assert set(found) == {"1", "2", "3", "4", "5"}
    assert found["1"] > 50_000
    assert [found[n] for n in "235"] == [None] * 3
    assert found["4"] == 1  # to browsers a name that is no encoding says nothing
    assert visit.records.gaps == {
        "script body cut short": 1,
        "script body unreadable": 1,
        "script body over the limit": 1,
    }


async def test_who_asked_for_a_request_is_stored_with_its_script(tmp_path: Path) -> None:
    stack = "f@https://cdn.example/x.js:1:2\n@https://page.example/:3:4"
    nasty = "\ud800@" + "x" * 10**6
    visit = Visit(tmp_path, text=100)
    browser = "key@chrome://remote/content/external/EventUtils.js:1863:11"
    stacks = (("7", f"{stack}\n{browser}"), ("8", nasty), ("10", browser))
    said = [{"type": "callstack", "request_id": n, "call_stack": s} for n, s in stacks]
    await visit.take(*said, {"type": "callstack", "request_id": "9"})
    found = {r["request_id"]: (r["call_stack"], r["script_url"]) for r in visit.rows("callstacks")}
    assert found == {"7": (stack, "https://cdn.example/x.js"), "8": ("\ufffd@" + "x" * 98, "x" * 98)}
    assert visit.records.gaps == {"malformed message": 1}


async def test_requests_whose_bodies_never_come_are_counted_over_the_limit_too(tmp_path: Path) -> None:
    visit = Visit(tmp_path, rows=3)
    await visit.take(*[script(str(n)) for n in range(5)])
    assert len(visit.rows("requests")) == 3
    assert visit.records.gaps == {"requests over the limit": 2}


async def test_a_message_to_a_window_becomes_a_row(tmp_path: Path) -> None:
    visit = Visit(tmp_path)
    here = {"location": "http://a.com/", "origin": "http://b.com", "time_stamp": 1.5e12}
    batch = [
        here | {"sender": 7, "data": "from a frame"},
        here | {"sender": 0, "data": "\ud800" * 2},
        here | {"sender": -1, "origin": "null", "data": "x" * 10**6, "frame_id": 99, "visit_id": 99},
    ]
    frame = {"type": "frame", "frame": 7, "parent": 0, "url": "http://b.com/", "kind": "iframe", "time": 1}
    await visit.take(
        frame,
        {"type": "messages", "messages": batch, "cut": 5, "top": "http://a.com/"},
        {"type": "messages", "messages": [{"sender": "?"}], "cut": 0},
        {"type": "messages", "messages": [], "cut": 2**60},
    )
    one, two, three = visit.rows("messages")
    assert set(one) == set(RAW["messages"].names)
    assert [(row["sender_frame_id"], row["origin"]) for row in (one, two, three)] == [
        (1, "http://b.com"),
        (0, "http://b.com"),
        (None, "null"),
    ]
    assert (one["frame_id"], one["parent_frame_id"], one["data"]) == (0, -1, "from a frame")
    assert two["data"] == "\ufffd" * 2
    assert len(three["data"]) == Limits().text
    assert {(row["visit_id"], row["frame_id"], row["top_level_url"]) for row in (one, two, three)} == {
        (5, 0, "http://a.com/")
    }
    assert visit.records.gaps == {"messages over the limit of a document": 5, "malformed message": 2}


async def test_many_names_of_gaps_hide_no_other_gap(tmp_path: Path) -> None:
    visit = Visit(tmp_path)
    named = [{"type": "gap", "name": f"call not recorded: error {n}", "n": 1} for n in range(300)]
    loose = [{"type": "gap", "name": f"name {n}", "n": 1} for n in range(300)]
    known = {"type": "gap", "name": "call not recorded: error 7", "n": 5}
    await visit.take(*named, known, {"type": "gap", "name": "worklet", "n": 2}, *loose)
    gaps = visit.records.gaps
    assert len(gaps) == 200
    assert (gaps["call not recorded: error 7"], gaps["call not recorded: error 200"]) == (6, 0)
    assert (gaps["call not recorded"], gaps["worklet"]) == (200, 2)


async def test_rows_over_the_limit_are_counted_as_gaps(tmp_path: Path) -> None:
    visit = Visit(tmp_path, rows=3)
    await visit.take(*[{"type": "console", "level": "error", "message": str(n)} for n in range(10)])
    assert len(visit.rows("console")) == 3
    assert visit.records.gaps["console over the limit"] == 7
