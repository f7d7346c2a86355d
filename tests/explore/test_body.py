"""Bodies of scripts: laid out, and every call at the line to which its code went."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overscripted.explore.body import layout
from overscripted.explore.body.layout import laid_out

BODY = (
    "/* first */function f(a){var s='é\U0001f600 }{ ',t=`x\n  y`;"
    "if(/[/\"']+/.test(s)){a.toDataURL()}return t}"
    "\r\nf(document.createElement('canvas'));document.cookie='\\\n a=b'\u2028window.name\n"
)


def place(text: str) -> tuple[int, int]:
    """Line and column in BODY of some code, as Firefox counts."""
    before = BODY[: BODY.index(text)].replace("\r\n", "\n").replace("\u2028", "\n")
    line = before.rpartition("\n")[2]
    return before.count("\n") + 1, len(line.encode("utf-16-le")) // 2 + 1


@pytest.mark.parametrize(
    "code", ["toDataURL", "createElement", "cookie", "window.name", "return t", "function f"]
)
def test_a_call_is_marked_at_the_line_of_its_code(code: str) -> None:
    found = laid_out(BODY.encode())
    assert found.why == ""
    assert len(found.begins) > 8
    line = found.line_of(*place(code))
    assert line is not None
    assert code in "".join(text for _, text in found.lines(line, line)[0])


def test_the_body_keeps_its_text_and_gets_colours() -> None:
    found = laid_out(BODY.encode())
    lines = found.lines(1, 1000)
    assert "".join("".join(text for _, text in line) for line in lines).split() == (
        "".join(found.text.replace("\u2028", "\n").splitlines()).split()
    )
    parts = [part for line in lines for part in line]
    assert ("c", "/* first */") in parts
    assert ("k", "function") in parts
    assert any(kind == "s" and "\U0001f600" in text for kind, text in parts)


def test_places_outside_the_body_are_nowhere() -> None:
    found = laid_out(b"a();b()")
    assert found.line_of(0, 1) is None
    assert found.line_of(2, 1) is None
    assert [found.line_of(1, column) for column in (None, 1, 5, 10**9)] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"x" * 2_000_001, "more than 2,000,000 characters"),
        (b"\xff\xfe a()", ""),
        (b"", ""),
        (b"\xef\xbb\xbfa();b()", ""),
        (b"(" * 20_000, None),
        (b"</script><script>alert(1)</script>", ""),
        (b"var a = '\x00\x1b[31m\xe2\x80\xae'; b()", ""),
    ],
)
def test_any_body_is_shown(body: bytes, why: str | None) -> None:
    found = laid_out(body)
    if why is not None:
        assert why in found.why if why else found.why == ""
    shown = "".join(text for line in found.lines(1, 10**6) for _, text in line)
    assert shown.split() == "".join(c for c in found.text if c not in "\r\n\u2028\u2029").split()


def test_a_layout_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "BODY_SECONDS", 0.05)
    began = time.monotonic()
    found = laid_out(b"a({b:[1,2,3]});\n" * 50_000 + b"last()")
    assert time.monotonic() - began < 3
    assert "took longer" in found.why
    assert found.line_of(50_001, 1) == 50_001


def test_a_layout_that_changes_the_body_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_answers", lambda raw: [b'"a();\\nc()"'])
    found = laid_out(b"a();b()")
    assert (found.why, found.text) == ("the layout would change more than white space", "a();b()")


@settings(max_examples=30)
@given(st.text("a(){};=[]'\"`/\\ \n\r\u2028\U0001f600é", max_size=60))
def test_places_move_with_their_character(body: str) -> None:
    """Here the layout is any other white space; in another process it would take too long to try many."""
    raw = body.removeprefix("\ufeff")
    text = "\n".join(raw.split())
    made = layout.Layout(text, "", layout._begins(text), (), raw, layout._begins(raw))
    for place, character in enumerate(raw):
        if character.isspace():
            continue
        begin = max(b for b in layout._begins(raw) if b <= place)
        line = layout._begins(raw).index(begin) + 1
        column = len(raw[begin:place].encode("utf-16-le")) // 2 + 1
        shown = made.line_of(line, column)
        assert shown is not None
        assert character in "".join(part for _, part in made.lines(shown, shown)[0])
