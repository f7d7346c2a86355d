"""Compare two runs, or two groups of visits of one, over the seeds that both visited."""

import re
from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from overscripted import layout
from overscripted.analyses.comparison import figures, things, visits
from overscripted.analyses.comparison.sides import Side, both, open_side, restricted
from overscripted.analyses.model import Analysis, Figure
from overscripted.analyses.registry import select
from overscripted.analyses.run import FORMAT
from overscripted.analyses.settings import MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, number
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
from overscripted.run import Run, now

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,79}")
_SCRIPT_WORDS = {"new": "new", "gone": "gone", "other body": "changed"}


def compare(
    then: Run,
    later: Run,
    then_where: Sequence[str] = (),
    now_where: Sequence[str] = (),
    noise: Run | None = None,
    noise_where: Sequence[str] = (),
    only: Sequence[str] = (),
    name: str = "",
    engine: str = "duckdb",
    master: str | None = None,
    conf: Sequence[str] = (),
) -> dict[str, Any]:
    """Write ``comparisons/<name>/`` of ``later`` and return its summary, with the rows of ``figures``.

    ``noise`` (a run) or ``noise_where`` (other visits of ``later``) measured the same as ``later`` at the
    same time: what differs between those is noise. ``only`` names analyses. Raises InputError without a seed
    in common, for an unknown analysis, group or name, and StageMissing before `analyze`.
    """
    for run in filter(None, (then, later, noise)):
        run.require("analyze")
    chosen, key = select(tuple(only)), _name(name, then, later, then_where)
    with open_engine(engine, master, conf, later.store, alone=True) as opened:
        sides = open_side(then, opened, then_where), open_side(later, opened, now_where)
        if (sides[0].store.url, sides[0].group) == (sides[1].store.url, sides[1].group):
            raise InputError(
                f"compare {then.store.url}: these are the same visits; name another run, or choose visits "
                "with --then and --now, such as --then wave=1 --now wave=2"
            )
        beside = None
        if noise is not None or noise_where:
            beside = open_side(noise or later, opened, noise_where)
        content, tables = _compared(opened, chosen, sides, beside)
    content |= {"name": f"{layout.COMPARISONS}-{key}", "engine": engine}
    content["between"] = [f"{side.store.url}, {side.group}" for side in sides]
    with later.store.replace(layout.comparison(key)) as staged:
        for table, rows in tables.items():
            staged.write_table(layout.comparison_table(key, table), rows)
        staged.write_json(layout.comparison_summary(key), content)
    rows = tables["figures"].to_pylist()
    return {**content, "key": layout.comparison(key), "rows": rows}


def _name(name: str, then: Run, later: Run, where: Sequence[str]) -> str:
    """The folder's name: as asked, else the other run's name, else what chose the earlier visits."""
    last = then.store.url.rstrip("/").rpartition("/")[2]
    usual = "-".join(where) if then.store.url == later.store.url else last
    if name and not _NAME.fullmatch(name):
        raise InputError(f"--name {name}: write up to 80 letters, digits, dots, hyphens or underscores")
    return name or re.sub(r"[^A-Za-z0-9._=-]", "_", usual).lstrip("._=-")[:80] or "before"


def _compared(
    engine: Engine, analyses: Sequence[Analysis], sides: tuple[Side, Side], beside: Side | None
) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    visited = both(*sides)
    a, b = restricted(sides[0], *visited), restricted(sides[1], *reversed(visited))
    n = {"visited": _rows(b, visited[1]), "seen": _rows(b, b.kept)}
    if not n["visited"]:
        raise InputError(
            "compare: the two have no seed in common, and only seeds that both visited compare; "
            "crawl the same seeds (docs/guide/waves.md)"
        )
    was, lacks = figures.answers(analyses, a)
    is_, lacks_now = figures.answers(analyses, b)
    noise = _noise(analyses, sides[1], beside, visited[1]) if beside else None
    measured = figures.rows(was, is_, noise and noise[0])
    found = things.party_rows(things.parties(a, b), noise and noise[1])
    tables = {
        "figures": pa.Table.from_pylist(measured, schema=figures.ROWS),
        "parties": pa.Table.from_pylist(found[:MAX_EVIDENCE], schema=things.PARTIES),
        **visits.tables(b, *visited),
    }
    counts = None
    if things.has_requests(a, b):
        tables["scripts"], counts = things.scripts(a, b)
    lacking = list(dict.fromkeys([*lacks, *lacks_now]))
    return _content(n, measured, found, counts, lacking, tables, beside is not None), tables


def _noise(
    analyses: Sequence[Analysis], side: Side, beside: Side, common: ir.Table
) -> tuple[tuple[figures.Figures, figures.Figures], dict[str, dict[str, int]]]:
    """The figures of two sides that measured the same, and their third parties, over seeds of ``common``."""
    pair = [rows.semi_join(common, "seed") for rows in both(side, beside)]
    one, other = restricted(side, *pair), restricted(beside, *reversed(pair))
    told = figures.answers(analyses, one)[0], figures.answers(analyses, other)[0]
    return told, things.parties(one, other)


def _rows(side: Side, table: Any) -> int:
    return int(side.totals(table.aggregate(n=table.count()))["n"])


def _content(
    n: dict[str, int],
    measured: list[dict[str, Any]],
    parties: list[dict[str, Any]],
    scripts: dict[str, int] | None,
    lacking: list[str],
    tables: dict[str, pa.Table],
    noise: bool,
) -> dict[str, Any]:
    changed = sum(row["verdict"] == "changed" for row in measured)
    tested = sum(bool(row["verdict"]) for row in measured)
    verdicts = {
        word: sum(row["verdict"] == word for row in parties) for word in ("new", "gone", "more", "fewer")
    }
    of = len(parties)
    made = [
        Figure("seeds", "Common seeds whose page both have seen", n["seen"], n["visited"]),
        Figure("changed", "Shares that changed", changed, tested),
        *(
            Figure(f"parties_{word}", f"Third parties: {word}", m, of, wilson(m, of))
            for word, m in verdicts.items()
        ),
    ]
    if scripts is not None:
        total = sum(scripts.values())
        made += [
            Figure(f"scripts_{short}", f"Script URLs: {word}", scripts.get(word, 0), total)
            for word, short in _SCRIPT_WORDS.items()
        ]
    return {
        "format": FORMAT,
        "order": 95,
        "title": "Then and now",
        "question": "What has changed on the same seeds?",
        "sentence": f"{number(changed)} of {count(tested, 'share')} changed over "
        f"{count(n['seen'], 'common seed')}. Third parties: {number(verdicts['new'])} new, "
        f"{number(verdicts['gone'])} gone.",
        "unsupported": "",
        "rule": "ours",
        "written": now(),
        "figures": [figure.to_json() for figure in made],
        "tables": {name: table.num_rows for name, table in tables.items()},
        "definitions": [list(pair) for pair in _DEFINITIONS],
        "notes": _notes(noise, lacking),
    }


def _notes(noise: bool, lacking: list[str]) -> list[str]:
    notes = [
        "Both sides have the same seeds, so the test of two independent shares finds rather too few changes.",
    ]
    if not noise:
        notes.append(
            "Nothing says how much two crawls at the same time differ; --noise gives such a baseline. "
            "Without it a change may be that of rotating advertisements."
        )
    return notes + [f"Not compared: {reason}." for reason in lacking]


_DEFINITIONS = (
    (
        "Changed",
        "The difference of two shares is not zero by a test at 5 %, corrected by Holm for all shares that "
        "were tested, and it is greater than the noise.",
    ),
    ("Noise", "How much the same figure differs between two crawls that measured the same at the same time."),
    (
        "New, gone",
        "On no common seed then, or on none now, by more seeds than noise.",
    ),
    (
        "More, fewer",
        "On more or fewer seeds than then, by McNemar's test of the seeds that gained and lost it, at 5 %, "
        "corrected by Holm for all third parties.",
    ),
)
