"""The frame grammar, from the right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.stacks import Frame, frames, of_page, parse_frame


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f@https://a.com/x.js:1:2", Frame("f", "https://a.com/x.js", "1", "2", "", "")),
        ("@https://a.com/:10:3", Frame("", "https://a.com/", "10", "3", "", "")),
        # The study's commonest malformation: a colon in the query.
        (
            "f@https://a.com/x.js?u=http://b.com:80/c:7:9",
            Frame("f", "https://a.com/x.js?u=http://b.com:80/c", "7", "9", "", ""),
        ),
        (
            "g@https://a.com/x.js line 3 > eval line 1 > Function:5:1",
            Frame("g", "https://a.com/x.js", "5", "1", "line 3 > eval line 1 > Function", ""),
        ),
        (
            "f@https://a.com/an@at line 2/x.js:5:1",
            Frame("f", "https://a.com/an@at line 2/x.js", "5", "1", "", ""),
        ),
        (
            "setTimeout handler*f@https://a.com/:3:4",
            Frame("f", "https://a.com/", "3", "4", "", "setTimeout handler"),
        ),
        ("f@https://a.com/:12", Frame("f", "https://a.com/", "12", "", "", "")),
        # WebAssembly, as Firefox 153 and 140 write it: made by a script, or a file of its own.
        (
            "@http://h/p.html line 5 > WebAssembly.Module:wasm-function[0]:0x2d",
            Frame("wasm-function[0]", "http://h/p.html", "5", "45", "", ""),
        ),
        (
            "hash@http://h/a@b:1/x.js line 7 > WebAssembly.instantiate:wasm-function[12]:0x1f",
            Frame("hash", "http://h/a@b:1/x.js", "7", "31", "", ""),
        ),
        ("run@http://h/m.wasm:wasm-function[1]:0x2e", Frame("run", "http://h/m.wasm", "1", "46", "", "")),
        (
            "@http://h/p line 9 > eval line 1 > WebAssembly.Module:wasm-function[1]:0x2e",
            Frame("wasm-function[1]", "http://h/p", "1", "46", "line 9 > eval", ""),
        ),
        (
            "@http://h/p.html line 8 > WebAssembly.Module:46:1",
            Frame("", "http://h/p.html", "8", "46", "", ""),
        ),
        # Made by the browser's own code (`.then(WebAssembly.compile)`): it has no script.
        ("@:wasm-function[1]:0x2e", Frame("wasm-function[1]", "", "1", "46", "", "")),
        # What only looks like it.
        (
            "f@http://h/x:wasm-function[1]:0x2e:3:4",
            Frame("f", "http://h/x:wasm-function[1]:0x2e", "3", "4", "", ""),
        ),
        (
            "f@http://h/ line 5 > WebAssembly.Module/x.js:3:4",
            Frame("f", "http://h/ line 5 > WebAssembly.Module/x.js", "3", "4", "", ""),
        ),
        (
            "f@http://h/x:wasm-function[a]:0x2e",
            Frame("f", "http://h/x:wasm-function[a]:0x2e", "", "", "", ""),
        ),
        # A document that is loaded while a script of another waits, for a window to open: no code is made.
        ("@about:srcdoc line 14 > inlineScript:1:9", Frame("", "about:srcdoc", "1", "9", "", "")),
        (
            "g@http://h/ line 14 > inlineScript line 3 > eval:1:9",
            Frame("g", "http://h/", "1", "9", "line 3 > eval", ""),
        ),
        (
            "g@http://h/ line 14 > injectedScript:1:9",
            Frame("g", "http://h/", "1", "9", "line 14 > injectedScript", ""),
        ),
        ("", Frame("", "", "", "", "", "")),
    ],
)
def test_frame(text: str, expected: Frame) -> None:
    assert parse_frame(text) == expected


@given(st.text())
def test_any_text_gives_a_frame(text: str) -> None:
    assert isinstance(parse_frame(text), Frame)


name = st.text(st.characters(exclude_characters="@\n*", codec="utf-8"))
url = st.text(st.characters(exclude_characters="\n", codec="utf-8"), min_size=1).map("https://h/{}x".format)


@given(name, url, st.integers(0, 10**7), st.integers(0, 10**7), st.lists(st.integers(1, 999), max_size=3))
def test_parsing_reverses_writing(func: str, script: str, line: int, col: int, evals: list[int]) -> None:
    suffix = "".join(f" line {n} > eval" for n in evals)
    frame = parse_frame(f"{func}@{script}{suffix}:{line}:{col}")
    assert frame == Frame(func, script, str(line), str(col), suffix.strip(), "")


_INPUT = """synthesizeKey@chrome://remote/content/external/EventUtils.js:1863:11
event.sendKeyDown@chrome://remote/content/shared/webdriver/Event.sys.mjs:181:9"""
_OWN = "form.secret.onblur@https://a.com/:19:8"


@pytest.mark.parametrize(
    ("stack", "left"),
    [
        (f"{_OWN}\n{_INPUT}", _OWN),
        (_INPUT, ""),
        (_OWN, _OWN),
        ("", ""),
        # A page cannot hide by a name, nor by an address.
        ("x@chrome://remote/content/x.js:1:1@https://a.com/:19:8", None),
        ("x@https://a.com/@chrome://remote/content/x.js:1:1", None),
    ],
)
def test_the_browsers_own_frames_are_left_out(stack: str, left: str | None) -> None:
    assert of_page(stack) == (stack if left is None else left)


def test_stack_is_innermost_first() -> None:
    assert [f.func_name for f in frames("a@https://x/:1:1\nb@https://x/:2:2\n")] == ["a", "b"]


LONG = [
    " line 1 > a",
    " line 1 > ",
    " line ",
    " line 1 > a a a",
    ":1",
    " line 1 > inlineScript",
    ":wasm-function[1]",
]


@pytest.mark.parametrize("level", [*LONG, " line 1 > WebAssembly.a", ":0x1"])
def test_a_name_that_a_page_made_long_is_read_at_once(level: str) -> None:
    """With an expression that tries every beginning this would take hours: the test would not end."""
    frame = parse_frame(f"f@{level * 200_000}!:3:4")
    assert (frame.script_line, frame.script_col) == ("3", "4")
    assert frame.script_url == f"{level * 200_000}!"
