"""Every shipped notebook runs from its first cell to its last, and is shipped as it should be."""

import json
import re
from pathlib import Path

import pytest

import overscripted
from overscripted.engines import Engine
from overscripted.etl.run import run_etl
from overscripted.notebooks import command
from overscripted.run import Run
from scripts.docs import notebooks
from tests.etl.conftest import call, crawl_run, visit

MISSING = "the extra `notebooks` is not installed"
SHIPPED = sorted(Path(command.SHIPPED).glob("*.ipynb"))
WITHIN_S = 300  # of one cell; it takes a second
ODD = "https://a$\\frac{$.example/<img src=x onerror=alert(1)>.js"


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with tables, few rows, no findings, and names that pages chose to be markup and formulas."""
    pages = {n: f"https://site{n}.com/" for n in range(1, 4)}
    ids = {n: {"crawl_id": 7, "visit_id": n, "attempt": 1} for n in pages}
    scripts = [(n, script) for n in pages for script in ("https://tracker.net/t.js", ODD)]
    rows = {
        "calls": [
            call(visit_id=n, ordinal=k, location=pages[n], script_url=url, file_name=f"{n}_x.json")
            for k, (n, url) in enumerate(scripts)
        ],
        "visits": [visit(visit_id=n, site_url=page, final_url=page, title=ODD) for n, page in pages.items()],
        "requests": [
            {**ids[n], "request_id": str(k), "hop": 0, "url": url, "document_url": pages[n]}
            | {"top_level_url": pages[n], "method": "GET", "status": 200}
            for k, (n, url) in enumerate(scripts)
        ],
    }
    run = crawl_run(tmp_path_factory.mktemp("odd") / "run", **rows)
    run_etl(run)
    return run


def test_all_run_on_a_run_that_has_little_and_show_text_as_text(
    odd: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("IPython", reason=MISSING)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")  # Spark has a test of its own
    pages, pictures, words = "", "", ""
    for path in SHIPPED:
        ran = notebooks.executed(path, odd.store.url)
        assert any(cell.html or cell.text for cell in ran if cell.is_code), path.name
        pages += "".join(cell.html for cell in ran)
        words += "".join(cell.text for cell in ran)
        pictures += "".join(picture for cell in ran for picture in cell.pictures)
    assert "Spark is left out: " in words and "DuckDB, pandas" in words
    assert "tracker.net" in pages and "onerror" in pages
    assert "<img" not in pages and "<img" not in pictures
    shown = re.findall(r"<table[^>]*>", pages)
    ours = pages.count('<div class="tex2jax_ignore mathjax_ignore">')
    assert ours and shown.count("<table>") + sum("_ignore" in table for table in shown) == len(shown)


@pytest.mark.spark
def test_spark_gives_the_answer_of_the_other_engines(odd: Run, spark: Engine) -> None:
    ran = notebooks.executed(notebooks.NOTEBOOKS / "09_engines.ipynb", odd.store.url)
    (says,) = [cell.text for cell in ran if " agree" in cell.text]
    assert re.search(r"DuckDB, pandas, .*Spark agree", says)


def test_the_first_runs_in_a_kernel(odd: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason=MISSING)
    nbformat = pytest.importorskip("nbformat", reason=MISSING)
    monkeypatch.setenv("OVERSCRIPTED_RUN", odd.store.url)
    monkeypatch.setenv("PYTHONPATH", str(Path(overscripted.__file__).parents[1]))
    notebook = nbformat.read(SHIPPED[0], 4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(notebook, timeout=WITHIN_S, kernel_name="python3")
    outputs = [output for cell in client.execute().cells for output in cell.get("outputs", [])]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "text/html"} <= kinds


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_each_is_shipped_without_outputs_and_begins_with_what_a_reader_learns(path: Path) -> None:
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    cells = notebooks.cells(path)
    assert cells[0].source.startswith("# ") and "overscripted lab RUN" in cells[0].source
    assert any("open_run(" in cell.source for cell in cells[:2])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_each_has_its_page_which_shows_what_it_says(path: Path) -> None:
    page = (notebooks.PAGES / f"{path.stem}.md").read_text()
    remedy = f"run: python -m scripts.docs.notebooks RUN {path.stem}"
    assert re.findall(r"```python\n(.*?)\n```", page, re.S) == [
        cell.source for cell in notebooks.cells(path) if cell.is_code
    ], remedy
    assert all(cell.source in page for cell in notebooks.cells(path)), remedy
    assert {*re.findall(r"\]\(([\w-]+\.svg)\)", page)} == {
        file.name for file in notebooks.PAGES.glob(f"{path.stem}-*.svg")
    }, remedy


def test_there_are_ten() -> None:
    assert [path.name[:2] for path in SHIPPED] == [f"{n:02}" for n in range(1, 11)]
    pages = {page.stem for page in notebooks.PAGES.glob("[0-9]*.md")}
    assert pages == {path.stem for path in SHIPPED}
