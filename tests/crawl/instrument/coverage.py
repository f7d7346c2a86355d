"""The coverage table of docs/reference/coverage.md: the test rows in our instrument and in OpenWPM's.

    .venv/bin/python -m tests.crawl.instrument.coverage

visits every row with both and writes the table between the markers of the page.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from overscripted.crawl.firefox import profile
from overscripted.crawl.instrument import settings as instrument_settings
from tests.crawl.instrument.harness import Instrumented, Web
from tests.crawl.instrument.rows import ROWS
from tests.crawl.instrument.test_coverage import located, serve

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "coverage.md"
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


async def counts(web: Web, name: str, folder: Path) -> list[str]:
    """Reads recorded of each row."""
    browser, found = Instrumented(), []
    try:
        await browser.start(folder, profile.popups("allow"), **instrument_settings.resolve(name))
        for row in ROWS:
            page = serve(web, row, f"navigator.{row.read};")
            try:
                visit = await browser.visit(page, row.until, dwell_s=0.7)
                found.append(str(located(visit, web, page, f"window.navigator.{row.read}").total()))
            except (TimeoutError, AssertionError):
                found.append("—")
    finally:
        with contextlib.suppress(Exception):
            await browser.stop()
    return found


async def main() -> None:
    """Write the table."""
    web = Web()
    await web.start()
    with tempfile.TemporaryDirectory() as folder:
        columns = []
        for name in ("default", "openwpm"):
            (Path(folder) / name).mkdir()
            columns.append(await counts(web, name, Path(folder) / name))
    await web.stop()
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(*columns)}\n{END}{after}")


def table(ours: list[str], theirs: list[str]) -> str:
    """The rows in Markdown."""
    lines = ["| document or code | reads made | ours | OpenWPM's package |", "| --- | --- | --- | --- |"]
    for row, one, other in zip(ROWS, ours, theirs, strict=True):
        made = sum(row.expected.values())
        gaps = ", ".join(f"{n} × {name}" for name, n in row.gaps.items())
        mine = f"not covered; counted as {gaps}" if gaps else one
        lines.append(f"| {row.name} | {made or 'some'} | {mine} | {other} |")
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
