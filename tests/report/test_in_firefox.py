"""The report in a real Firefox: people sort, filter and copy its tables, and axe finds no fault in it."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from overscripted import npm
from overscripted.analyses.run import analyze
from overscripted.crawl.firefox.process import Firefox
from overscripted.errors import OutsideError, SoftwareMissing
from overscripted.report.run import report
from tests.analyses.planted import call, planted_run
from tests.crawl.instrument.harness import Visit, bare_page

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
    ),
]
# Referenced by their number of references: 3, 2, 1.
SITES = {"https://shop.ru/": 3, "https://=cmd|' /C calc'!A0.org/": 2, "https://blog.com/": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visit]:
    """The report of a small run, open in a plain Firefox."""
    calls = [
        call(f"{site}{n}", f"https://mc.yandex.ru/{n}.js", visit_id=10 * place + n, symbol=f"=s{place}.{n}")
        for place, (site, many) in enumerate(SITES.items())
        for n in range(many)
    ]
    run = planted_run(tmp_path_factory.mktemp("report") / "run", calls)
    analyze(run)
    path = Path(report(run))
    async with await Firefox.start({"ui.prefersReducedMotion": 1}) as firefox:
        yield await bare_page(firefox, path.as_uri())


async def column(page: Visit, n: int) -> list[str]:
    """The shown texts of a column of the overview's table of symbols."""
    rows = "[...document.querySelector('[data-name=symbols]').tBodies[0].rows].filter((row) => !row.hidden)"
    found: list[str] = json.loads(
        await page.run(f"JSON.stringify({rows}.map((row) => row.cells[{n}].textContent))")
    )
    return found


async def test_a_table_is_sorted_by_the_column_that_is_clicked(page: Visit) -> None:
    before = await column(page, 0)
    head = "document.querySelector('[data-name=symbols] th')"
    await page.run(f"{head}.querySelector('button').click()")
    assert await page.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert await column(page, 0) == sorted(before)
    await page.run(f"{head}.querySelector('button').click()")
    assert await column(page, 0) == sorted(before, reverse=True)
    assert len(before) == 6


async def test_a_filter_hides_the_other_rows(page: Visit) -> None:
    field = "document.querySelector('[data-name=symbols]').previousElementSibling.querySelector('input')"
    for typed, left in (("S0.", 3), ("no such text", 0), ("", 6)):
        await page.run(f"{field}.value = {json.dumps(typed)}; {field}.dispatchEvent(new Event('input'))")
        assert len(await column(page, 0)) == left


async def test_a_copy_is_csv_that_no_spreadsheet_runs(page: Visit) -> None:
    tools = "document.querySelector('[data-name=symbols]').previousElementSibling"
    await page.run(
        "navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }; "
        f"{tools}.querySelector('button').click()"
    )
    lines = (await page.run("globalThis.copied")).split("\r\n")
    assert lines[0].startswith('"symbol","')
    assert lines[-1] == ""
    assert {line.split(",")[0][:4] for line in lines[1:-1]} == {"\"'=s"}
    assert all(
        field.startswith('"') and field.endswith('"') for line in lines[1:-1] for field in line.split(",")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_no_fault(page: Visit, scheme: str) -> None:
    try:
        modules = npm.installed(Path(__file__).parent / "npm")
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"axe-core cannot be had: {error.message}")
    await page.run(f"document.documentElement.style.colorScheme = {json.dumps(scheme)}")
    await page.run((modules / "axe-core" / "axe.min.js").read_text("utf-8") + "; 0")
    answer: dict[str, Any] = json.loads(await page.run("axe.run().then((found) => JSON.stringify(found))"))
    faults = {fault["id"]: [node["html"][:200] for node in fault["nodes"]] for fault in answer["violations"]}
    assert faults == {}
    assert len(answer["passes"]) > 15
