"""An export is a folder of pages that lead to each other, without server, and says nothing personal."""

import re
from pathlib import Path

import pytest

from overscripted.errors import InputError
from overscripted.explore.data import RunData
from overscripted.explore.export import export
from tests.explore.conftest import TRACKER
from tests.explore.test_pages import links

MOST = 2


@pytest.fixture(scope="module")
def folder(data: RunData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the hostile run."""
    folder = tmp_path_factory.mktemp("export") / "public"
    said: list[str] = []
    pages = export(data, folder, MOST, said.append)
    assert pages == len([*folder.rglob("*.html")])
    return folder


def test_every_link_of_an_export_leads_to_a_file_in_it(folder: Path) -> None:
    pages = [*folder.rglob("*.html")]
    assert len(pages) > 15
    for page in pages:
        found = links(page.read_text("utf-8"))
        assert len(found) > 5, page
        for link in found:
            assert link.startswith("#") or (page.parent / link).resolve().is_file(), (page, link)
            assert (page.parent / link).resolve().is_relative_to(folder.resolve())


def test_an_export_has_the_kinds_of_pages_and_at_most_as_many_as_asked(folder: Path) -> None:
    kinds = {path.name: len([*path.glob("*.html")]) for path in folder.iterdir() if path.is_dir()}
    assert {"site", "entity", "script", "symbol", "finding", "host", "document", "visit", "t"} <= set(kinds)
    assert max(n for kind, n in kinds.items() if kind != "t") == MOST
    assert (folder / "index.html").is_file() and (folder / "t/third_parties.csv").is_file()
    assert TRACKER in (folder / "t/third_parties.csv").read_text()


def test_an_export_has_no_form_no_mark_no_path_and_no_value_of_a_cookie(folder: Path, data: RunData) -> None:
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "<form" not in text and "page:" not in text and data.run.store.url not in text, page
        assert "GA1.2" not in text and "<script>" not in text, page
    assert any("not published" in page.read_text("utf-8") for page in folder.rglob("visit/*.html"))


def test_an_export_replaces_an_export_and_nothing_else(folder: Path, data: RunData, tmp_path: Path) -> None:
    (folder / "old.html").write_text("old")
    export(data, folder, 1, lambda line: None)
    assert not (folder / "old.html").exists() and (folder / "index.html").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="no earlier export"):
        export(data, tmp_path, 1, lambda line: None)
    assert (tmp_path / "mine").read_text() == "mine"


def test_no_name_of_a_file_comes_from_a_page_as_it_is(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.parent.name not in ("t", "static") and path.parent != folder:
            assert re.fullmatch(r"[a-z0-9-]*-[0-9a-f]{12}\.html|[a-z]+", path.name), path
