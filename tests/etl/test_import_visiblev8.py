"""Logs of VisibleV8: each line read exactly, and a small crawl whose every call is known."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.analyses.run import analyze
from overscripted.errors import InputError
from overscripted.etl.importers import visiblev8_records as records
from overscripted.etl.importers import visiblev8_scripts as scripts
from overscripted.etl.importers.visiblev8 import FILLS
from overscripted.etl.importers.visiblev8_symbols import construction, symbol
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run
from overscripted.schemas import RAW
from tests.etl.conftest import by
from tests.etl.imported import packed

PAGE, FRAME, CDN = "https://www.page.example/a", "https://ads.example/frame", "https://cdn.example/t.js"
BEGAN = 1_726_285_073_665  # 2024-09-14T03:37:53.665Z
LOG = f"vv8-{BEGAN}-87-87-chrome.0.log"
CODE = "var c = document.cookie;\r\nnavigator.sendBeacon('/x', c);\neval(\"name='\U0001f600'\");"
MADE = "name='\U0001f600'"


def escaped(text: str) -> str:
    """A text as VisibleV8 writes it: by code units of UTF-16."""
    out = []
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        if unit < 0x20:
            out.append(f"\\x{unit:02x}")
        elif unit <= 0x7E:
            out.append("\\" + chr(unit) if chr(unit) in ":\\" else chr(unit))
        else:
            out.append(f"\\u{unit:04x}")
    return "".join(out)


def line(kind: str, *fields: object) -> str:
    """A line of a log."""
    return kind + ":".join(escaped(str(field)) for field in fields)


def quote(text: str) -> str:
    """A JavaScript string as VisibleV8 writes it."""
    return f'"{text}"'


def story() -> list[str]:
    """The log of the main thread: a page's script, code that it makes, and a frame."""
    beacon = CODE.index("sendBeacon") - 1
    evaluates = CODE.index("eval")
    return [
        line("~", "0x558631fd0710"),
        line("@", quote(PAGE), quote("https://page.example")),
        line("$", 18, quote(CDN), CODE),
        line("!", 18),
        line("g", 8, "{7,Window}", quote("document")),
        line("g", 16, "{8,HTMLDocument}", quote("cookie")),
        line("g", beacon, "{9,Navigator}", quote("sendBeacon")),
        line("g", 40, "{8,HTMLDocument}", quote("cookie")),  # evaluated between the look-up and the call
        line("c", beacon, "%sendBeacon", "{9,Navigator}", quote("/x"), quote("a=1:2"), "#U", "3.5"),
        line("c", evaluates, "%eval", "#U", quote(MADE)),
        line("$", 19, 18, MADE),
        line("!", 19),
        line("s", 0, "{7,Window}", quote("name"), quote("\U0001f600")),
        line("!", 18),
        line("@", quote(FRAME), quote("https://ads.example")),
        line("c", -1, "%appendChild", "{5,HTMLDivElement}", "{6,HTMLIFrameElement}"),
        line("n", 0, "%XMLHttpRequest"),
        line("c", 3, "%createObjectURL", "%URL", "{4,Blob}"),
    ]


WANTED = [
    # location, symbol, operation, arguments, value, line, column, levels
    (PAGE, "window.document", "get", None, None, 1, 9, ""),
    (PAGE, "window.document.cookie", "get", None, None, 1, 17, ""),
    (PAGE, "window.document.cookie", "get", None, None, 2, 15, ""),
    (
        *(PAGE, "window.navigator.sendBeacon", "call", '{"0": "/x", "1": "a=1:2", "2": null, "3": 3.5}'),
        *(None, 2, 10, ""),
    ),
    (PAGE, "window.eval", "call", json.dumps({"0": MADE}, ensure_ascii=False), None, 3, 1, ""),
    (PAGE, "window.name", "set", None, "\U0001f600", 1, 1, "line 3 > eval"),
    (FRAME, "Node.appendChild", "call", '{"0": "{6,HTMLIFrameElement}"}', None, None, None, ""),
    (FRAME, "window.XMLHttpRequest", "call", None, None, 1, 1, ""),
    (FRAME, "URL.createObjectURL", "call", '{"0": "{4,Blob}"}', None, 1, 4, ""),
]


def written(path: Path, lines: list[str], end: str = "\n") -> Path:
    """A log of these lines; ``end`` follows the last one."""
    return packed(path, ("\n".join(lines) + end).encode("ascii"))


def imported(folder: Path, source: Path, **options: Any) -> tuple[Run, dict[str, Any]]:
    run = Run.open(folder / "run", create=True)
    return run, import_data("visiblev8", str(source), run, **options)


def raw(run: Run, table: str) -> list[dict[str, Any]]:
    rows = run.store.read_table(f"raw/{table}").to_pylist()
    return sorted(rows, key=lambda row: row.get("ordinal") or 0)


# -- lines ------------------------------------------------------------------------------------

_UNITS = st.text(st.characters(exclude_categories=()), max_size=30)  # with lone surrogates


@given(st.lists(_UNITS, min_size=2, max_size=6), st.integers(-1, 10**9))
def test_every_text_comes_back_from_a_line(values: list[str], offset: int) -> None:
    found = records.record(line("c", offset, "%f", *map(quote, values)))
    units = [value.encode("utf-16-le", "surrogatepass") for value in values]
    back = [records.value(field).encode("utf-16-le", "surrogatepass") for field in found.fields[2:]]
    assert (found.kind, found.number, back) == ("c", offset, units)


@given(st.text(max_size=80))
def test_any_line_is_a_record_or_wrong(text: str) -> None:
    try:
        found = records.record(text)
    except records.Wrong:
        return
    assert found.kind == text[0] and found.fields
    for field in found.fields:
        json.dumps(records.value(field), allow_nan=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "kind"),
        ("?1", "kind"),
        ("g12:{Window}", "too few"),
        ('g12:{Window}:"a":"b"', "too many"),
        ('s12:{Window}:"a"', "too few"),
        ('gx:{Window}:"a"', "no number"),
        ('g12345678901:{Window}:"a"', "no number"),
        ('g1:{Window}:"\\q"', "escape"),
        ('g1:{Window}:"\\x4"', "escape"),
        ('g1:{Window}:"\\u12"', "escape"),
        ('g1:{Window}:"a\\', "escape"),
        ('g1:{Window}:"\x00"', "control"),
    ],
)
def test_what_is_no_line_of_visiblev8_is_told_why(text: str, why: str) -> None:
    with pytest.raises(records.Wrong, match=why):
        records.record(text)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("#T", True, "true"),
        ("#F", False, "false"),
        ("#N", None, "null"),
        ("#U", None, "undefined"),
        ('""', "", ""),
        ('"#T"', "#T", "#T"),
        ('"', '"', '"'),
        ("42", 42, "42"),
        ("-1", -1, "-1"),
        ("2.66667", 2.66667, "2.66667"),
        ("1e+20", 1e20, "1e+20"),
        ("1e999", "1e999", "1e999"),
        ("nan", "nan", "nan"),
        ("007", "007", "007"),
        ("{7,Window}", "{7,Window}", "{7,Window}"),
        ("%f", "%f", "%f"),
        ("/a:b/", "/a:b/", "/a:b/"),
    ],
)
def test_values(field: str, value: object, text: str) -> None:
    assert (records.value(field), records.value_text(field)) == (value, text)
    assert isinstance(records.value(field), type(value))


@pytest.mark.parametrize(
    ("owner", "member", "wanted"),
    [
        ("Window", "localStorage", "window.localStorage"),
        ("Window", "eval", "window.eval"),
        ("Location", "eval", "Location.eval"),
        ("Navigator", "userAgent", "window.navigator.userAgent"),
        ("Screen", "width", "window.screen.width"),
        ("Storage", "getItem", "window.Storage.getItem"),
        ("HTMLDocument", "cookie", "window.document.cookie"),
        ("HTMLDocument", "write", "Document.write"),
        ("Document", "appendChild", "Node.appendChild"),
        ("ShadowRoot", "appendChild", "Node.appendChild"),
        ("FontFaceSet", "append", "FontFaceSet.append"),
        ("DocumentFragment", "append", "DocumentFragment.append"),
        ("HTMLVideoElement", "canPlayType", "HTMLMediaElement.canPlayType"),
        ("HTMLSpanElement", "offsetWidth", "HTMLElement.offsetWidth"),
        ("Range", "getBoundingClientRect", "Range.getBoundingClientRect"),
        ("SVGTextElement", "getBoundingClientRect", "Element.getBoundingClientRect"),
        ("HTMLCanvasElement", "toDataURL", "HTMLCanvasElement.toDataURL"),
        ("HTMLCanvasElement", "addEventListener", "HTMLCanvasElement.addEventListener"),
        ("Window", "addEventListener", "EventTarget.addEventListener"),
        ("XMLHttpRequest", "send", "XMLHttpRequest.send"),
    ],
)
def test_symbols_are_named_as_in_our_crawls(owner: str, member: str, wanted: str) -> None:
    assert symbol(owner, member) == wanted


def test_a_constructor_is_a_member_of_the_window() -> None:
    assert [construction(name) for name in ("Image", "AsyncFunction")] == ["window.Image", "AsyncFunction"]


def test_offsets_count_code_units_and_every_line_end_of_javascript() -> None:
    units = "a\r\nb\n\ud83d\ude00c\u2028d\re"
    script = scripts.loaded(CDN, units)
    places = [script.place(offset) for offset in (-1, 0, 2, 3, 5, 7, 9, 11, 500)]
    assert places == [None, (1, 1), (1, 3), (2, 1), (3, 1), (3, 3), (4, 1), (5, 1), (5, 490)]


def test_code_that_functions_make_is_found_by_its_text() -> None:
    text = scripts.text_made("Function", ["a", "b", "return a"])
    assert text == "(function anonymous(a,b\n) {\nreturn a\n})"
    assert scripts.made(scripts.loaded(CDN, ""), text, 7).levels == "line 7 > Function"
    assert scripts.made(scripts.loaded(CDN, ""), "f()", None).levels == "line  > eval"
    assert scripts.text_made("setTimeout", [5, "f()"]) is None
    assert scripts.text_made("open", ["f()"]) is None
    deep = scripts.loaded(CDN, "")
    for _ in range(scripts.MAX_LEVELS + 5):
        deep = scripts.made(deep, "f()", 1)
    assert deep.levels.count(">") == scripts.MAX_LEVELS


# -- logs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LOG, f"{LOG}.gz", f"{LOG}.zst"])
def test_a_log_becomes_exactly_its_calls(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Batches end between the look-up of a function and its call.
    monkeypatch.setattr("overscripted.etl.importers.visiblev8.IMPORT_BATCH_ROWS", 3)
    monkeypatch.setattr("overscripted.etl.importers.visiblev8._OPEN_ROWS", 2)
    run, facts = imported(tmp_path, written(tmp_path / "logs" / name, story()))
    run_etl(run)
    columns = ("location", "symbol", "operation", "arguments", "value", "script_line", "script_col")
    rows = sorted(run.store.read_table("tables/calls").to_pylist(), key=lambda row: row["ordinal"])
    wanted = [(*row[:3], row[3] or "{}", row[4] or "", *row[5:]) for row in WANTED]
    assert [(*(row[c] for c in columns), row["script_loc_eval"]) for row in rows] == wanted
    assert {row["script_url"] for row in rows} == {CDN}
    assert {row["is_third_party"] for row in rows} == {True}
    assert {row["time_stamp"].isoformat() for row in rows} == {"2024-09-14T03:37:53.665000+00:00"}
    assert (facts["calls"], facts["rows_left_out"]) == (9, 1)
    assert facts["left_out"].startswith("1 of lines: the look-up of a function that was then called")
    bodies = {row["content"].decode() for row in raw(run, "scripts")}
    assert bodies == {CODE, MADE}
    assert by(run, "visits", "site_url", "outcome", "n_calls") == [(PAGE, "complete", 9)]
    # A script that made code from text is known as its maker.
    assert by(run, "script_edges", "how", "parent_url", "parent_line") == [("eval", CDN, 3)]


def test_what_cannot_be_known_is_null_and_valid(tmp_path: Path) -> None:
    """A log without a time in its name, and a place that V8 did not know; near misses are invalid."""
    lines = [line("~", "0x1"), line("@", "?"), line("!", "?"), line("g", -1, "{Window}", quote("name"))]
    lines += [line("@", quote(PAGE)), line("g", -1, "{Window}", quote("name"))]  # a page, no script
    lines += [line("$", 3, quote(CDN), "x"), line("!", 3), line("g", -1, "{Window}", quote("name"))]
    lines += [line("@", "?"), line("g", 0, "{Window}", quote("name"))]  # a script, no page
    run, _ = imported(tmp_path, written(tmp_path / "mine.log", lines))
    run_etl(run)
    (row,) = by(run, "calls", "location", "script_url", "script_line", "time_stamp")
    assert row == (PAGE, CDN, None, None)
    assert by(run, "invalid_calls", "errors") == [("location",), ("location,script_url",), ("script_url",)]
    (row,) = by(run, "visits", "started", "ended", "http_status", "site_url")
    assert row == (None, None, None, PAGE)


def test_a_damaged_line_costs_one_line(tmp_path: Path) -> None:
    good = story()
    lines = [
        *good[:4],
        "",
        "xyz",
        'g1:{Window}:"a\\q"',
        line("!", 99),  # a script that is not there
        line("!", 18),
        line("g", 1, "{NodeList}", 3),
        line("g", 1, "{NodeList}", "?"),
        line("c", 1, "ownFunction", "{Window}"),
        line("c", 1, "%<anonymous>", "{Window}"),
        line("c", 1, "%toString", quote("text")),
        line("c", 1, "%get cookie", "{8,HTMLDocument}"),
        line("g", 2, "{8,HTMLDocument}", quote("cookie")),
        line("c", 2, "%get cookie", "{8,HTMLDocument}"),
        line("c", 3, "%set cookie", "{8,HTMLDocument}", quote("a=1")),
        *good[4:5],
        'g8:{7,Window}:"loc',  # torn
    ]
    path = written(tmp_path / LOG, lines, end="")
    run, facts = imported(tmp_path, path)
    found = [(row["symbol"], row["operation"], row["value"]) for row in raw(run, "calls")]
    cookie = "window.document.cookie"
    assert found == [
        (cookie, "get", None),
        (cookie, "get", None),
        (cookie, "set", "a=1"),
        ("window.document", "get", None),
    ]
    assert f"1 of lines: a line with a wrong escape ({LOG}, line 7)" in facts["left_out"]
    parts = [part.partition(" (")[0].split(" ", 3) for part in facts["left_out"].split("; ")]
    left_out = {reason: int(n) for n, _, _, reason in parts}
    assert left_out == {
        "a line of no known kind": 1,
        "a line with a wrong escape": 1,
        "a change to a script that the log does not have": 1,
        "an element of a list by its index, which is no member": 1,
        "a member whose name VisibleV8 did not write": 2,
        "a function of a script, not of the browser": 1,
        "a call on a value that is no object": 1,
        "the call of the function behind a member that was then read or written": 1,
        "a last line that was cut off": 1,
    }
    assert facts["rows_read"] - facts["rows_left_out"] == facts["rows_kept"] == 4 + 1 + 4


def test_a_line_over_the_limit_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overscripted.etl.importers.lines.IMPORT_LINE_BYTES", 400)
    long = line("s", 0, "{7,Window}", quote("name"), quote("x" * 5000))
    lines = [*story()[:4], long, line("s", 0, "{7,Window}", quote("name"), quote("x" * 300))]
    run, facts = imported(tmp_path, written(tmp_path / f"{LOG}.gz", lines))
    assert [len(row["value"]) for row in raw(run, "calls")] == [300]
    assert facts["left_out"].startswith("1 of lines: a line over the limit of length")


def test_a_damaged_file_is_read_up_to_the_damage_and_named(tmp_path: Path) -> None:
    noise = [line("s", n, "{7,Window}", quote("name"), quote(f"{n * 7919:x}")) for n in range(5000)]
    path = written(tmp_path / "logs" / "one" / f"{LOG}.gz", story()[:4] + noise)
    path.write_bytes(path.read_bytes()[:-2000])
    written(tmp_path / "logs" / "two" / LOG, story())
    run, facts = imported(tmp_path, tmp_path / "logs")
    assert 9 < facts["calls"] < 5009
    assert facts["left_out_files"].startswith(f"one/{LOG}.gz: ")
    before = run.store.files("raw")
    with pytest.raises(InputError, match=r"--strict: .*one/vv8"):
        import_data("visiblev8", str(tmp_path / "logs"), run, strict=True)
    assert run.store.files("raw") == before


def test_visits_are_folders_or_logs_and_a_long_log_goes_on_in_further_files(tmp_path: Path) -> None:
    lines = story()
    folder = tmp_path / "logs"
    written(folder / "v1" / LOG, lines[:10])
    written(folder / "v1" / LOG.replace(".0.log", ".1.log"), lines[10:])  # knows the scripts of the first
    worker = [line("~", "0x2"), line("@", quote(PAGE)), line("$", 1, quote(CDN), "x"), line("!", 1)]
    worker += [line("c", 0, "%fetch", "{DedicatedWorkerGlobalScope}", quote("/y"))]
    written(folder / "v1" / f"vv8-{BEGAN + 5}-87-91-DedicatedWorker.0.log", worker)
    written(folder / "v2" / LOG, lines)
    (folder / "v2" / "page.har").write_text("{}")
    run, facts = imported(tmp_path, folder)
    assert (facts["logs"], facts["visits"], facts["calls"]) == (3, 2, 9 + 1 + 9)
    assert facts["scripts"] == 3  # each body once
    calls = raw(run, "calls")
    ordinals: dict[int, list[int]] = {}
    for row in calls:
        ordinals.setdefault(row["visit_id"], []).append(row["ordinal"])
    assert sorted(ordinals.values(), key=len) == [[*range(9)], [*range(10)]]
    assert [row["symbol"] for row in calls if row["realm"] == "worker"] == [
        "DedicatedWorkerGlobalScope.fetch"
    ]
    assert {row["script_loc_eval"] for row in calls} == {"", "line 3 > eval"}
    assert import_data("visiblev8", str(folder), run, visits="file")["visits"] == 3


def test_a_log_beside_its_compressed_copy_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "v"
    written(folder / LOG, story())
    written(folder / f"{LOG}.gz", story())
    _, facts = imported(tmp_path, tmp_path / "logs")
    assert facts["calls"] == len(WANTED)
    assert facts["left_out_files"].startswith(f"v/{LOG}.gz: not read: v/{LOG} is there, too")


def test_a_script_of_a_long_number_is_not_there(tmp_path: Path) -> None:
    lines = [*story()[:4], line("!", "0" * 18 + "18" + "5"), *story()[3:5]]
    run, facts = imported(tmp_path, written(tmp_path / LOG, lines))
    assert [row["symbol"] for row in raw(run, "calls")] == ["window.document"]
    assert "1 of lines: a change to a script that the log does not have" in facts["left_out"]


def test_a_path_without_a_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "page.log").write_text("no log of VisibleV8")
    run = Run.open(tmp_path / "run", create=True)
    with pytest.raises(InputError, match="no VisibleV8 log here"):
        import_data("visiblev8", str(tmp_path / "x"), run)
    with pytest.raises(InputError, match="without a use of a browser function"):
        import_data("visiblev8", str(tmp_path / "x" / "page.log"), run)


def test_analyses_run_on_it(tmp_path: Path) -> None:
    run, _ = imported(tmp_path, written(tmp_path / "logs" / LOG, story()))
    run_etl(run)
    found = analyze(run, ("overview", "dynamic_code", "fingerprinting"))
    assert not any(finding.unsupported for finding in found.values())
    assert found["overview"].sentence.startswith(
        "1 visit, 2 documents on 2 domains, 9 valid calls by 1 script"
    )


def test_no_other_column_is_filled(tmp_path: Path) -> None:
    """`FILLS` says what analyses may rely on; a column that is unknown is NULL, not zero."""
    run, _ = imported(tmp_path, written(tmp_path / "logs" / LOG, story()))
    for table in RAW:
        rows = run.store.read_table(f"raw/{table}").to_pylist() if run.store.files(f"raw/{table}") else []
        filled = {name for row in rows for name, value in row.items() if value is not None}
        assert filled <= set(FILLS.get(table, ())), table


@pytest.mark.spark
def test_spark_makes_the_same_calls(tmp_path: Path, spark: Any) -> None:
    run, _ = imported(tmp_path, written(tmp_path / "logs" / LOG, story()))
    found = []
    for engine in ("duckdb", "spark"):
        run_etl(run, engine, full=True)
        found.append([by(run, name, "location", "script_url", "n_calls") for name in ("script_refs",)])
    assert found[0] == found[1]
