"""Answer questions about a run: tables in, findings out, each finding replaced as a whole or not at all."""

from collections.abc import Sequence
from typing import Any

from overscripted import layout
from overscripted.analyses.plots import draw
from overscripted.analyses.registry import analyses, chosen
from overscripted.analyses.shapes import Analysis, Finding, Inputs
from overscripted.analyses.words import number, percent
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.lists.roles import choose
from overscripted.progress import Work
from overscripted.run import Run, now
from overscripted.store import Store

FORMAT = 1  # of summary.json


def analyze(
    run: Run,
    names: Sequence[str] = (),
    engine: str = "duckdb",
    lists: Sequence[str] = (),
    rule: str = "ours",
    master: str | None = None,
    conf: Sequence[str] = (),
) -> dict[str, Finding]:
    """Answer the named analyses (all by default) and write ``findings/<name>/``; the findings by name.

    Raises StageMissing before the etl, InputError for an unknown name, list or rule, SoftwareMissing
    without the engine. The stage is complete once every analysis has an answer.
    """
    run.require("etl")
    asked = chosen(tuple(names))
    _check_rule(rule, asked)
    used = choose(lists)
    provenance = {role: used[role].provenance() for role in used if any(role in a.lists for a in asked)}
    options = {"names": list(names), "engine": engine, "lists": list(lists), "rule": rule}
    findings: dict[str, Finding] = {}
    before = run.stage("analyze")
    # Of each finding that is there, the tables that it was made from.
    parts = before.get("parts", dict.fromkeys(_present(run), before.get("made_from", {}).get("etl")))
    parts = {name: made for name, made in parts.items() if name in analyses()}
    tables = run.output("etl")
    # Software that is missing is said before anything is begun.
    with (
        open_engine(engine, master, conf, run.store, alone=True) as opened,
        Work("analyze", len(asked), "questions") as work,
    ):
        run.begin("analyze", options, lists=provenance, parts=parts)
        try:
            for analysis in asked:
                applied = rule if rule in analysis.rules else analysis.rules[0]
                inputs = Inputs(opened, run.store, used, applied, run.record["stages"])
                findings[analysis.name] = finding = answer(analysis, inputs)
                _write(run, analysis, finding, inputs, engine)
                parts[analysis.name] = tables
                work.add()
        except BaseException:
            run.interrupt("analyze", parts=parts)
            raise
    run.finish("analyze", facts={a.name: _fact(a, findings[a.name]) for a in asked}, parts=parts)
    return findings


def _present(run: Run) -> list[str]:
    return layout.finding_names(run.store.files(layout.FINDINGS))


def answer(analysis: Analysis, inputs: Inputs) -> Finding:
    """One analysis's finding; ``unsupported`` where the run lacks a table it needs, or a column of one."""
    lacks = [lack for name in analysis.needs if (lack := inputs.lacks(name))]
    if lacks:
        return Finding(unsupported=f"the run has {'; '.join(lacks)}; run `overscripted etl` again")
    return analysis.answer(inputs)


def _check_rule(rule: str, asked: list[Analysis]) -> None:
    rules = {r for analysis in asked for r in analysis.rules}
    if rule not in rules:
        raise InputError(f"--rule {rule}: none of these analyses has it; choose {', '.join(sorted(rules))}")


def _write(run: Run, analysis: Analysis, finding: Finding, inputs: Inputs, engine: str) -> None:
    with run.store.replace(layout.finding(analysis.name)) as staged:
        _write_into(staged, analysis, finding, summary(analysis, finding, inputs, engine))


def _write_into(store: Store, analysis: Analysis, finding: Finding, content: dict[str, Any]) -> None:
    for name, table in finding.tables.items():
        store.write_table(layout.finding_table(analysis.name, name), table)
    if finding.plots:
        store.write(layout.finding_figure(analysis.name), draw(finding.plots[0], alone=True).encode())
    store.write_json(layout.finding_summary(analysis.name), content)


def summary(analysis: Analysis, finding: Finding, inputs: Inputs, engine: str) -> dict[str, Any]:
    """The content of summary.json."""
    return {
        "format": FORMAT,
        "name": analysis.name,
        "title": analysis.title,
        "question": analysis.question,
        "sentence": finding.sentence,
        "unsupported": finding.unsupported,
        "headline": analysis.headline,
        "beside": analysis.beside or analysis.headline,
        "rule": inputs.rule,
        "engine": engine,
        "written": now(),
        "figures": [figure.to_json() for figure in finding.figures],
        "tables": {name: table.num_rows for name, table in finding.tables.items()},
        "plots": finding.plots,
        "definitions": [list(pair) for pair in analysis.definitions],
        "notes": finding.notes,
        "lists": {role: inputs.lists[role].provenance() for role in analysis.lists if role in inputs.lists},
    }


def _fact(analysis: Analysis, finding: Finding) -> str:
    """What `overscripted status` shows: the headline with its denominator; the sentences are long."""
    if finding.unsupported:
        return f"not answered, {finding.unsupported}"
    for figure in finding.figures:
        if figure.name == analysis.headline and figure.of:
            return f"{number(figure.n)} of {number(figure.of)} {analysis.unit} ({percent(figure.percent)})"
    return finding.sentence.rstrip(".")
