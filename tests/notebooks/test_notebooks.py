"""Every shipped notebook runs from its first cell to its last, and is shipped as it should be."""

from pathlib import Path
from typing import Any

import pytest

import overscripted
from overscripted.notebooks import command
from overscripted.run import Run
from tests.analyses.planted import call, planted_run

MISSING = "the extra `notebooks` is not installed"
SHIPPED = sorted(Path(command.SHIPPED).glob("*.ipynb"))
WITHIN_S = 300  # of one cell; it takes a second


def opened(path: Path) -> Any:
    """A notebook."""
    # Not with this module: it takes seconds, of every process that collects tests.
    return pytest.importorskip("nbformat", reason=MISSING).read(path, 4)


def executed(path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook after it ran on a run."""
    monkeypatch.setenv("OVERSCRIPTED_RUN", run.store.url)
    monkeypatch.setenv("PYTHONPATH", str(Path(overscripted.__file__).parents[1]))
    nbclient = pytest.importorskip("nbclient", reason=MISSING)
    client = nbclient.NotebookClient(opened(path), timeout=WITHIN_S, kernel_name="python3")
    return client.execute(cwd=str(path.parent))


def shown(notebook: Any, kind: str) -> list[str]:
    """What its cells show, in one of the forms that they show it in."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_it_runs_on_a_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of hosts that pages chose come through as text: no markup, no formula."""
    third = [call(f"https://site{i}.com/", "https://tracker.net/t.js", visit_id=i) for i in range(3)]
    odd = call("https://site0.com/", "https://a$\\frac{$.example/<img src=x onerror=alert(1)>.js", n=9)
    run = planted_run(tmp_path, [*third, odd])
    notebook = executed(path, run, monkeypatch)
    assert shown(notebook, "image/png")
    pages = "".join(shown(notebook, "text/html"))
    assert "tracker.net" in pages
    assert "<img" not in pages
    assert "tex2jax_ignore" in pages or "mathjax_ignore" in pages


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_it_runs_on_a_run_without_calls(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(executed(path, planted_run(tmp_path, []), monkeypatch), "text/html")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_it_is_shipped_without_outputs(path: Path) -> None:
    for cell in opened(path).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_there_is_one_to_begin_with() -> None:
    assert [path.name for path in SHIPPED] == ["01_first_look.ipynb"]
