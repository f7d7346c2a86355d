"""The report: one self-contained page made of what the stages recorded, everything of pages escaped."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from overscripted import __version__, layout
from overscripted.analyses import funnel, precrawl_section, words
from overscripted.analyses.plots import draw
from overscripted.analyses.settings import TOP_ROWS, WIDE_COLUMNS, WIDE_TEXT
from overscripted.analyses.show import plain
from overscripted.errors import InputError
from overscripted.run import STAGES, Run, now

_PAGE = Path(__file__).parent / "page"


def report(run: Run) -> str:
    """Write ``report/index.html`` from the findings; where it is.

    Reads run.json, precrawl/summary.json and findings/ only. Raises StageMissing before `analyze`,
    InputError naming a file that another program damaged.
    """
    run.require("analyze")
    run.begin("report", {})
    page = render(content(run))
    run.store.write(layout.REPORT, page.encode("utf-8", "replace"))
    run.finish("report", facts={"bytes": len(page)})
    return run.store.uri(layout.REPORT)


def render(context: dict[str, Any]) -> str:
    """The page as HTML. A content security policy lets only our own script run."""
    script = (_PAGE / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "percent": lambda value: _unbroken(words.percent(value)),
        "plain": plain,
        "prose": lambda text, limit: _unbroken(plain(text, limit)),
        "plot": _plot,
        "cell": _cell,
    }
    return environment.get_template("report.html.j2").render(
        **context,
        script=Markup(script),
        style=Markup((_PAGE / "report.css").read_text("utf-8")),
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'",
    )


def content(run: Run) -> dict[str, Any]:
    """Everything the page shows, read from the run."""
    findings = [_finding(run, name) for name in _found(run)]
    overview = next((f for f in findings if f["name"] == "overview"), None)
    precrawl = precrawl_section.read(run.store)
    return {
        "name": run.store.url.rstrip("/").rpartition("/")[2] or run.store.url,
        "run": run.record,
        "imported": bool(run.stage("import")),
        "invented": run.store.exists(layout.DEMO_TRUTH),
        "version": __version__,
        "written": now()[:16].replace("T", " ") + " UTC",
        "stages": [(name, run.stage(name)) for name in STAGES if run.stage(name) and name != "report"],
        "overview": overview,
        "known": _by_name(overview),
        "findings": [f for f in findings if f["name"] != "overview"],
        "lists": _lists(findings),
        "precrawl": precrawl,
        "funnel": funnel.plot(precrawl, overview),
    }


def _found(run: Run) -> list[str]:
    """Names of the findings there are, in the order of their analyses."""
    from overscripted.analyses.registry import analyses

    present = set(layout.finding_names(run.store.files(layout.FINDINGS)))
    known = [name for name in analyses() if name in present]
    return known + sorted(present - set(known))


def _finding(run: Run, name: str) -> dict[str, Any]:
    """A finding's summary with the first rows of its tables."""
    key = layout.finding_summary(name)
    found = run.store.read_json(key)
    if not isinstance(found, dict) or not isinstance(found.get("figures"), list):
        raise InputError(f"{run.store.uri(key)}: not a finding; run `overscripted analyze` again")
    blank = {
        "title": name,
        "question": "",
        "sentence": "",
        "unsupported": "",
        "rule": "",
        "headline": "",
        "beside": "",
    }
    empty: dict[str, Any] = {"plots": [], "definitions": [], "notes": [], "lists": {}, "tables": {}}
    whole = {**blank, **empty, **found, "name": name}
    whole["figures"] = [{"unlike": "", **figure} for figure in found["figures"]]  # of older versions, too
    top = [
        (table, *_top(run, layout.finding_table(name, table)), rows)
        for table, rows in whole["tables"].items()
        if run.store.exists(layout.finding_table(name, table))
    ]
    narrow = [one for one in top if not _is_wide(one[1], one[2])]
    if sum(bool(rows) for _table, _columns, rows, _total in narrow) < 2:
        narrow = []  # nothing to stand beside it
    return whole | {"narrow": narrow, "wide": [one for one in top if one not in narrow]}


def _is_wide(columns: list[str], rows: list[list[Any]]) -> bool:
    """Whether a table needs the page's whole width."""
    texts = (value for row in rows for value in row if isinstance(value, str))
    return len(columns) > WIDE_COLUMNS or any(len(text) > WIDE_TEXT for text in texts)


def _top(run: Run, key: str) -> tuple[list[str], list[list[Any]]]:
    """Column names and the first rows of a finding's table."""
    table = run.store.read_table(key).slice(0, TOP_ROWS)
    return table.column_names, [list(row.values()) for row in table.to_pylist()]


def _by_name(finding: dict[str, Any] | None) -> dict[str, Any]:
    return {f["name"]: f for f in finding["figures"]} if finding else {}


def _lists(findings: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    used = {(role, str(facts)): facts for f in findings for role, facts in f["lists"].items()}
    return [(role, facts) for (role, _text), facts in used.items()]


def _unbroken(text: str) -> str:
    """Our own text with no line break before a per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _plot(spec: dict[str, Any]) -> Markup:
    return Markup(draw(spec))  # draw escapes every text in it


def _cell(value: Any) -> Markup:
    """A table cell: numbers aligned right, text of pages made plain and escaped."""
    if isinstance(value, bool) or value is None:
        return Markup("<td>{}</td>").format({True: "yes", False: "no", None: "–"}[value])
    if isinstance(value, int | float):
        return Markup('<td class="num">{}</td>').format(words.number(value))
    text = plain(value)
    return Markup('<td class="text" title="{}">{}</td>').format(plain(value, 400), text)
