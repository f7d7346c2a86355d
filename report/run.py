"""Write the report of a run: read what the stages recorded, render one page."""

from typing import Any

from overscripted import __version__, layout
from overscripted.report import findings, funnel, page, precrawl
from overscripted.run import STAGES, Run, now


def report(run: Run) -> str:
    """Write ``report/index.html`` from the findings; returns its path or URL.

    Reads only run.json, precrawl/summary.json, demo/truth.json and findings/. Raises StageMissing before
    `analyze`, and InputError with the name of a file that another program damaged.
    """
    run.require("analyze")
    run.begin("report", {})
    html = page.render(content(run))
    run.store.write(layout.REPORT, html.encode("utf-8", "replace"))
    run.finish("report", facts={"bytes": len(html)})
    return run.store.uri(layout.REPORT)


def content(run: Run) -> dict[str, Any]:
    """Everything the page shows, by the names that the template uses."""
    found = findings.read(run.store)
    overview = next((finding for finding in found if finding["name"] == "overview"), None)
    precrawl_summary = precrawl.read(run.store)
    questions = [finding for finding in found if finding is not overview]
    return {
        "name": run.store.url.rstrip("/").rpartition("/")[2] or run.store.url,
        "run": run.record,
        "imported": bool(run.stage("import")),
        # The sites of the demo are invented, so its shares mean nothing.
        "invented": run.store.exists(layout.DEMO_TRUTH),
        "archives": run.stage("crawl").get("replay", {}).get("archives", []),  # of a replay
        "version": __version__,
        "written": now()[:16].replace("T", " ") + " UTC",
        "stages": [(name, run.stage(name)) for name in STAGES if run.stage(name) and name != "report"],
        "overview": overview,
        "known": findings.figures_by_name(overview),
        "findings": [one for chapter in findings.by_chapter(questions).values() for one in chapter],
        "chapters": findings.by_chapter(questions),
        "lists": findings.lists_used(found),
        "precrawl": precrawl_summary,
        "funnel": funnel.plot(precrawl_summary, overview),
    }
