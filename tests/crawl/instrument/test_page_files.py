"""Pages of tests that are files: markers are filled in, all of them, and no file is left over."""

from pathlib import Path

import pytest

from tests.crawl.instrument import page_files
from tests.crawl.instrument.page_files import FOLDER, read_cases, read_lines, read_page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(page_files, "FOLDER", tmp_path)
    return tmp_path


def test_markers_are_filled_in_once(folder: Path) -> None:
    (folder / "x.js").write_text("const {A}={ONE}, b={TWO};{READ}\nf('{BASE}', '{OTHER}', {a});\n")
    text = read_page("x.js", ONE="{TWO}", TWO=2)
    assert text == "const {A}={TWO}, b=2;{READ}\nf('{BASE}', '{OTHER}', {a});"


@pytest.mark.parametrize("values", [{}, {"ONE": 1, "TWO": 2}, {"TWO": 2}])
def test_a_marker_without_a_value_and_a_value_without_a_marker_are_refused(
    folder: Path, values: dict[str, int]
) -> None:
    (folder / "x.js").write_text("{ONE}")
    with pytest.raises(ValueError, match=r"x\.js has the markers \['ONE'\]"):
        read_page("x.js", **values)


def test_cases_are_taken_apart_by_their_names(folder: Path) -> None:
    (folder / "x.js").write_text(
        "// case: a, b: c\nf({ONE});\n\n// case: two\n{\n  // case: no\n  g();;\n}\n"
    )
    assert read_cases("x.js", ONE=1) == {"a, b: c": "f(1)", "two": "{\n  // case: no\n  g();;\n}"}


def test_a_block_is_a_line(folder: Path) -> None:
    (folder / "x.js").write_text("a = 1;\n\nfor (;;) {\n  f({ONE});\n}\ng();\n\nb;\n")
    assert read_lines("x.js", ONE=1) == ["a = 1;", "for (;;) { f(1); } g();", "b;"]


def test_every_file_is_used() -> None:
    root = Path(__file__).parents[3]
    code = [path for folder in ("tests/crawl", "bench") for path in (root / folder).rglob("*.py")]
    tests = "".join(path.read_text("utf-8") for path in code)
    files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    assert len(files) > 50
    calls = ('read_page("{}"', 'read_cases("{}"', 'read_lines("{}"', '"{}",')
    assert [name for name in files if not any(call.format(name) in tests for call in calls)] == []
