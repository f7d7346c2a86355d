"""Each cleaning rule: what breaks it, what does not. DuckDB judges calls, also on Spark's workers."""

import json
from collections.abc import Iterator

import pytest

from overscripted.engines import Engine, open_engine
from overscripted.etl.symbols import study_symbols
from overscripted.etl.transforms import arguments, calls, invalid_calls, origins, repair, rules
from overscripted.stacks import parse_frame
from overscripted.urls import host, registrable_domain
from tests.etl.conftest import call, table

DEEP = " ".join(f"line {n} > eval" for n in range(20_000))

# What changes in a valid row, and the rules it then breaks.
CASES: list[tuple[dict[str, object], str]] = [
    ({}, ""),
    *(
        ({"location": place, "crawl_id": 1}, errors)
        for place, errors in {
            "http://": "",  # the study's pattern has no end
            "HTTP://upper.example/": "location",
            " https://x/": "location",
            "about:blank": "location",
            "about:srcdoc": "location",
            "blob:https://x/1": "location",
            "data:text/html,x": "location",
            "": "location",
            None: "location",
        }.items()
    ),
    # Elsewhere a call is valid in any document but the browser's own ones.
    *(
        ({"location": place}, "")
        for place in (
            "http://",
            "HTTP://upper.example/",
            "about:blank",
            "about:srcdoc",
            "about:blank?chrome:",
            "blob:https://x/1",
            "blob:null/1",
            "data:text/html,x",
            "javascript:1",
            " chrome://x/",
        )
    ),
    *(
        ({"location": place}, "location")
        for place in (
            "chrome://x/y.xhtml",
            "resource://pdf.js/web/viewer.html",
            "moz-extension://1/p.html",
            "",
            None,
        )
    ),
    ({"operation": "set (failed)"}, ""),
    ({"operation": "set(failed)"}, "operation"),
    ({"operation": "Get"}, "operation"),
    ({"operation": "get\n"}, "operation"),
    ({"operation": None}, "operation"),
    ({"operation": "get (failed)"}, ""),
    ({"operation": "get (failed)", "crawl_id": 1}, "operation"),
    ({"script_line": "0"}, ""),
    ({"script_line": ""}, "script_line"),
    ({"script_line": "12\n"}, "script_line"),
    ({"script_line": "-1"}, "script_line"),
    ({"script_line": "1e3"}, "script_line"),
    ({"script_line": "٣"}, "script_line"),  # a digit, but not 0-9
    ({"script_line": "9" * 18}, ""),
    ({"script_line": "9" * 19}, "script_line"),  # would not fit 64 bits
    ({"script_line": None}, ""),  # the tool of an import does not record it
    ({"script_line": None, "crawl_id": 1}, "script_line"),
    # The browser's own code called: there is no line.
    ({"script_line": "", "script_col": "", "by_browser": True}, ""),
    ({"script_line": None, "script_col": None, "by_browser": True}, ""),
    ({"script_line": "7", "by_browser": True}, ""),
    ({"script_line": "x", "by_browser": True}, "script_line"),
    ({"script_line": "", "script_url": "", "by_browser": True}, "script_url"),
    ({"script_line": "", "by_browser": False}, "script_line"),
    ({"script_line": "", "by_browser": True, "crawl_id": 1}, "script_line"),
    ({"script_col": ""}, ""),
    ({"script_col": None}, ""),
    ({"script_col": "//host/path"}, "script_col"),
    ({"script_col": "99999999999999999999"}, "script_col"),
    ({"script_loc_eval": None}, ""),
    ({"script_loc_eval": "line 1 > eval"}, ""),
    ({"script_loc_eval": "line 1 > eval line 22 > Function "}, ""),
    ({"script_loc_eval": "line  > eval"}, ""),  # the study's pattern allows no digit
    ({"script_loc_eval": "line 3 > AsyncFunction"}, ""),
    ({"script_loc_eval": "line 1 > evil"}, "script_loc_eval"),
    ({"script_loc_eval": "line 1 > eval\n"}, "script_loc_eval"),
    ({"script_loc_eval": " line 1 > eval"}, "script_loc_eval"),
    ({"script_loc_eval": DEEP}, ""),  # Java's regular expressions would overflow their stack
    ({"script_url": ""}, "script_url"),
    ({"script_url": None}, "script_url"),
    ({"call_stack": "undefined"}, "call_stack"),
    ({"call_stack": "undefined@https://x/:1:2"}, "call_stack"),
    ({"call_stack": "f@https://x/undefined:1:2"}, ""),
    ({"symbol": ""}, "symbol"),
    ({"symbol": None}, "symbol"),
    ({"symbol": "anything.of.ours"}, ""),
    ({"symbol": "anything.of.ours", "crawl_id": 1}, "symbol"),
    ({"symbol": "window.navigator.plugins[Shockwave Flash].name", "crawl_id": 1}, ""),
    ({"time_stamp": "2017-12-16T23:59:59Z"}, ""),
    ({"time_stamp": "2017-12-16T23:59:59.001+0000"}, ""),
    ({"time_stamp": "2017-12-16T23:59:59.001+0100"}, "time_stamp"),
    ({"time_stamp": "2017-12-16T23:59:59.1Z"}, "time_stamp"),
    ({"time_stamp": "2017-12-16 23:59:59.001Z"}, "time_stamp"),
    ({"time_stamp": "2017-02-29T00:00:00.000Z"}, "time_stamp"),
    ({"time_stamp": "2016-02-29T00:00:00.000Z"}, ""),
    ({"time_stamp": "2017-12-16T24:00:00.000Z"}, "time_stamp"),
    ({"time_stamp": "2017-12-16T00:00:60.000Z"}, "time_stamp"),
    ({"time_stamp": "2017-12-16T00:00:00.000Z\n"}, "time_stamp"),
    ({"time_stamp": ""}, "time_stamp"),
    ({"time_stamp": None}, ""),  # as above
    ({"time_stamp": None, "crawl_id": 1}, "time_stamp"),
    ({"in_iframe": "true"}, ""),
    ({"in_iframe": "True"}, "in_iframe"),
    ({"in_iframe": None}, "in_iframe"),
    (
        {
            "location": None,
            "operation": None,
            "script_line": None,
            "script_url": None,
            "symbol": None,
            "time_stamp": None,
            "in_iframe": None,
        },
        "location,operation,script_url,symbol,in_iframe",
    ),
]

# Texts that engines may read differently: kept as they are, counted in code points.
NASTY_TEXTS = [
    "",
    "\x00",
    "a\x00b",
    "nan",
    "NULL",
    "é",
    "e\u0301",
    "👨‍👩‍👧",
    "İı",
    "\u2028\u0085",
    "\ufffd",
    "x" * 999 + "😀😀",
    "' OR 1=1 --",
    "\\d\\n$1",
    "NaN",
    "\t \n",
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("duckdb") as opened:
        yield opened


@pytest.fixture(scope="module")
def judged(engine: Engine) -> Iterator[dict[int, str]]:
    """The rules that each case breaks, by the case's number."""
    raw = [call(ordinal=n, **changes) for n, (changes, _) in enumerate(CASES)]
    repaired = repair.repair(engine.table(table("calls", raw)))
    checked = repaired.select("ordinal", valid=rules.valid(repaired), errors=rules.errors(repaired))
    found = engine.to_arrow(checked).to_pylist()
    assert all(row["valid"] == (row["errors"] == "") for row in found)
    yield {row["ordinal"]: row["errors"] for row in found}


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_row_breaks_exactly_these_rules(judged: dict[int, str], number: int) -> None:
    assert judged[number] == CASES[number][1]


def _typed(engine: Engine, raw: list[dict[str, object]]) -> list[dict[str, object]]:
    repaired = repair.repair(engine.table(table("calls", raw)))
    names = origins.keys(calls.with_url_columns(repaired), *calls.URLS.values())
    dim = engine.table(origins.dimension(engine.to_arrow(names)))
    made = calls.calls(repaired, dim)
    return sorted(engine.to_arrow(made).to_pylist(), key=lambda row: row["ordinal"])


def test_values_keep_every_character_and_count_code_points(engine: Engine) -> None:
    made = _typed(engine, [call(ordinal=n, value=v) for n, v in enumerate(NASTY_TEXTS)])
    assert [row["value"] for row in made] == NASTY_TEXTS
    assert [row["value_1000"] for row in made] == [v[:1000] for v in NASTY_TEXTS]
    assert [row["value_len"] for row in made] == [len(v) for v in NASTY_TEXTS]


def test_a_value_of_which_only_the_beginning_is_known_has_its_whole_length(engine: Engine) -> None:
    (row,) = _typed(engine, [call(value="x" * 1000, value_len=5000)])
    assert (row["value"], row["value_1000"], row["value_len"]) == (None, "x" * 1000, 5000)


def test_arguments_become_the_studys_columns(engine: Engine) -> None:
    given = {
        '{"0":"a","1":1.50,"2":true,"3":null,"4":{"x":[1,2.5]},"5":-0,"6":1e400}': (
            7,
            ["a", "1.50", "True", "None", '{"x":[1,2.5]}', "-0", "1e400", "", ""],
        ),
        '["p","q"]': (2, ["p", "q", *[""] * 7]),
        '{"0":"\\ud83d\\ude00","1":"\\ud800"}': (2, ["😀", "\ufffd", *[""] * 7]),
        "{}": (0, [""] * 9),
        "": (0, [""] * 9),
        "not json": (0, [""] * 9),
        "[" * 100_000: (0, [""] * 9),
        '{"0":1,"0":2,"9":"ninth is counted, not shown"}': (2, ["2", *[""] * 8]),
    }
    made = _typed(engine, [call(ordinal=n, arguments=text) for n, text in enumerate(given)])
    for row, (count, parts) in zip(made, given.values(), strict=True):
        assert (row["arguments_n_keys"], [row[f"argument_{i}"] for i in range(arguments.N)]) == (count, parts)
    assert [row["arguments"] for row in made] == [text or "{}" for text in given]


# blob: URLs -> the URL that their host is read from.
BLOBS = {
    "blob:https://inner.example/uuid": "https://inner.example/uuid",
    "blob:http://A.Inner.example:8080/uuid": "http://A.Inner.example:8080/uuid",
}
URLS = [
    "https://www.example.co.uk/a?b#c",
    "http://EXAMPLE.com:8080/",
    "https://user:pa@ss@host.example/x",
    "https://bücher.example/",
    "https://[2001:db8::1]:443/x",
    "https://1.2.3.4/",
    "https://0x7f.1/",
    "https://a.github.io/",
    "HTTPS://Mixed.Example/",
    "https:////four.example/x",
    "https:\\\\back.example\\x",
    "https://tab\there.example/x",
    "https://no-slash.example?x=/y",
    "https://no-slash.example#x/y",
    "https://",
    *BLOBS,
    "blob:null/uuid",
    "blob:file:///x",
    "blob:data:text/html,x",
    "data:text/javascript,alert(1)//" + "x" * 5000,
    "data://odd.example/x",
    "resource://gre/modules/x.jsm",
    "webpack:///./src/x.js",
    "javascript:void(0)",
    "relative/path.js",
    "__s_code",
    " https://space.example/",
    "https://ho st.example/",
    "https://percent%2Eexample.com/",
    "https://xn--bcher-kva.example/",
    "https://.../",
]


def test_hosts_and_domains_are_those_of_a_browser_for_any_url(engine: Engine) -> None:
    made = _typed(engine, [call(ordinal=n, script_url=url) for n, url in enumerate(URLS)])
    assert [row["script_url"] for row in made] == URLS
    # Of a blob: URL, whose host a browser does not tell, that of its origin.
    hosts = [host(BLOBS.get(url, url)) for url in URLS]
    assert [row["script_host"] for row in made] == hosts
    assert [row["script_domain"] for row in made] == [registrable_domain(it) if it else "" for it in hosts]


def test_the_studys_blob_scripts_have_no_host(engine: Engine) -> None:
    made = _typed(engine, [call(ordinal=n, script_url=url, crawl_id=1) for n, url in enumerate(BLOBS)])
    assert {(row["script_host"], row["script_domain"], row["is_third_party"]) for row in made} == {
        ("", "", False)
    }


def test_third_party_is_judged_by_the_top_document_where_it_is_known(engine: Engine) -> None:
    made = _typed(
        engine,
        [
            call(ordinal=0, top_level_url="https://site.com/", script_url="https://static.site.com/x.js"),
            call(ordinal=1, top_level_url="https://site.com/", script_url="https://www.example.co.uk/x.js"),
            call(ordinal=2, top_level_url="", script_url="https://other.example.co.uk/x.js"),
            call(ordinal=3, top_level_url="", script_url="blob:https://elsewhere.com/1"),
            call(ordinal=4, top_level_url="", script_url="blob:https://a.example.co.uk/1"),
            call(ordinal=5, top_level_url="https://site.com/", script_url="blob:null/1"),
            call(ordinal=6, top_level_url="https://site.com/", script_url="data:text/javascript,1"),
        ],
    )
    assert [row["is_third_party"] for row in made] == [False, True, False, True, False, False, False]


def test_dynamic_code_has_its_outermost_kind_and_its_depth(engine: Engine) -> None:
    evals = ["", "line 1 > eval", "line 7 > Function line 1 > eval", DEEP]
    made = _typed(engine, [call(ordinal=n, script_loc_eval=text) for n, text in enumerate(evals)])
    assert [(row["eval_kind"], row["eval_depth"]) for row in made] == [
        ("", 0),
        ("eval", 1),
        ("Function", 2),
        ("eval", 20_000),
    ]


FRAMES = {
    "n@https://cdn.com/npm/lib@1.2/x.js:10:20": ("https://cdn.com/npm/lib@1.2/x.js", 10, 20, ""),
    "@https://h:8443/a:b?c=d:e line 3 > eval line 1 > Function:4:5": (
        "https://h:8443/a:b?c=d:e",
        4,
        5,
        "line 3 > eval line 1 > Function",
    ),
    "setTimeout handler*g@https://h/ line in url/x@y.js:7": ("https://h/ line in url/x@y.js", 7, None, ""),
}


def test_rows_the_original_parser_malformed_are_repaired_from_their_stack(engine: Engine) -> None:
    broken = [
        call(
            ordinal=n,
            script_url="",
            script_line="https",
            script_col="//cdn.com/npm/lib",
            call_stack=f"{frame}\nouter@https://h/y.js:1:1",
        )
        for n, frame in enumerate(FRAMES)
    ]
    made = _typed(engine, broken)
    places = ("script_url", "script_line", "script_col", "script_loc_eval")
    assert [tuple(row[name] for name in places) for row in made] == list(FRAMES.values())
    assert [row["func_name"] for row in made] == [parse_frame(frame).func_name for frame in FRAMES]
    assert all(row["repaired"] for row in made)


def test_malformed_rows_without_a_usable_stack_stay_as_they_came(engine: Engine) -> None:
    stacks = [
        "",
        "undefined",
        "no frame at all",
        "f@https://h/x.js",
        "f@:1:2",
        "x" * 5000 + "@https://h/:1:2",
    ]
    broken = [
        call(ordinal=n, script_url="", script_line="https", script_col="//cdn.com/lib", call_stack=stack)
        for n, stack in enumerate(stacks)
    ]
    made = invalid_calls.invalid_calls(repair.repair(engine.table(table("calls", broken))))
    found = sorted(engine.to_arrow(made).to_pylist(), key=lambda row: row["ordinal"])
    assert [{name: row[name] for name in broken[0]} for row in found] == broken
    assert {row["errors"] for row in found} == {
        "script_line,script_col,script_url",
        "script_line,script_col,script_url,call_stack",
    }


def test_arguments_that_the_engine_cuts_are_those_that_python_reads(engine: Engine) -> None:
    strings = [
        "",
        "a",
        " ",
        "}",
        '","1',
        "','",
        ":12,",
        "é\U0001f600\u2028\x7f",
        "\\",
        '"',
        "\n",
        "\t",
        "\x00",
        "x" * 5000,
    ]
    given = [
        json.dumps(dict(enumerate(strings[k : k + n])), separators=(",", ":"))
        for n in range(5)
        for k in range(14)
    ]
    given += [json.dumps({"0": text}, ensure_ascii=False, separators=(",", ":")) for text in strings]
    # Not what JSON.stringify writes: other orders, gaps, spaces, numbers, no end, control characters.
    given += [
        '{"1":"b","0":"a"}',
        '{"0":"a","2":"c"}',
        '{"0": "a"}',
        '{"0":"a"}\n',
        '{"0":"a"} x',
        '{"0":"a\n"}',
    ]
    given += [
        '{"0":"a","0":"b"}',
        '{"0":1,"1":"a"}',
        '{"0":"a","1":null}',
        '["a"]',
        '"a"',
        '{"0":"a"',
        "{}",
        "",
    ]
    made = _typed(engine, [call(ordinal=n, arguments=text) for n, text in enumerate(given)])
    for text, row in zip(given, made, strict=True):
        found = [str(row["arguments_n_keys"]), *(row[f"argument_{i}"] for i in range(arguments.N))]
        assert found == arguments.split(text), text


def test_the_studys_symbols_are_the_lines_of_their_file_without_its_comments() -> None:
    symbols = study_symbols()
    assert len(symbols) == 282
    assert {"window.document.cookie", "window.navigator.plugins[Shockwave Flash].name"} < symbols
    assert not any(name.startswith("#") or name != name.strip() or not name for name in symbols)
