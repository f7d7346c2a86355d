"""Pages of tests that are files: markers are filled in, all of them, and no file is left over."""

from pathlib import Path

import pytest

from tests.crawl.instrument import page_files
from tests.crawl.instrument.page_files import FOLDER, read_page


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


def test_every_file_is_used() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py"))
    files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [name for name in files if f'read_page("{name}"' not in tests and f'"{name}",' not in tests] == []
