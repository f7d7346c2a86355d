"""Answer questions about a run: tables in, findings out. A finding is replaced as a whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from overscripted import layout, visit_groups
from overscripted.analyses import answerable, sampling, split
from overscripted.analyses.counted import counted
from overscripted.analyses.model import Analysis, Finding, Inputs
from overscripted.analyses.registry import analyses, select
from overscripted.display.number_format import number, percent
from overscripted.display.plots import draw
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.lists.hosts import HostList
from overscripted.lists.roles import choose
from overscripted.progress import Work
from overscripted.recorded import Recorded
from overscripted.run import Run, now
from overscripted.visit_groups import Group

FORMAT = 1  # of summary.json


def analyze(
    run: Run,
    names: Sequence[str] = (),
    engine: str = "duckdb",
    lists: Sequence[str] = (),
    rule: str = "ours",
    master: str | None = None,
    conf: Sequence[str] = (),
    where: Sequence[str] = (),
    by: Sequence[str] = (),
    sample: int | None = None,
) -> dict[str, Finding]:
    """Run the named analyses (default: all) and write ``findings/<name>/``; returns the findings by name.

    A finding counts one group of visits: what ``where`` says (``NAME=VALUE``), else as
    `visit_groups.chosen` does. ``by`` names dimensions: each finding then has tables of each of their values.
    ``sample`` is a number of visits: each finding then has the figures of such a sample beside those of all.

    Raises StageMissing before the etl, InputError for an unknown name, list, rule or group, SoftwareMissing
    without the engine. The stage is complete once each of these analyses has a finding.
    """
    run.require("etl")
    selected = select(tuple(names))
    _check_rule(rule, selected)
    chosen_lists = choose(lists)
    conditions = dict(visit_groups.condition(text) for text in where)
    by = list(dict.fromkeys(by))
    options: dict[str, Any] = {"names": list(names), "engine": engine, "lists": list(lists), "rule": rule}
    options |= {"where": list(where), "by": by, "sample": sample}
    findings: dict[str, Finding] = {}
    parts = _parts(run)
    tables = run.output("etl")
    # The engine is opened first: where it is missing, the stage does not begin.
    with (
        open_engine(engine, master, conf, run.store, alone=True) as opened,
        Work("analyze", len(selected), "questions") as work,
    ):
        groups, order, group = counted(run.store, opened, conditions)
        known: dict[str, ir.Table] = {}
        beside = _beside(groups, conditions, by, order)
        part = None
        if sample is not None:
            part = sampling.drawn(Inputs(opened, run.store, chosen_lists, groups=groups, group=group), sample)
        run.begin("analyze", options, lists=_provenance(selected, chosen_lists), parts=parts)
        try:
            for analysis in selected:
                applied = rule if rule in analysis.rules else analysis.rules[0]
                inputs = Inputs(opened, run.store, chosen_lists, applied, groups, group, known)
                finding = findings[analysis.name] = answer(analysis, inputs)
                if len(groups) > 1:
                    finding.notes.insert(0, f"Counts {group}.")
                if by:
                    parts_of = [(one, answer(analysis, replace(inputs, group=one))) for one in beside]
                    split.add(finding, by, parts_of)
                if part is not None and sample is not None:
                    sampling.add(finding, answer(analysis, replace(part, rule=applied)), sample)
                _write(run, analysis, finding, summary(analysis, finding, inputs, engine))
                parts[analysis.name] = tables
                work.add()
        except BaseException:
            run.interrupt("analyze", parts=parts)
            raise
    facts = {analysis.name: _fact(analysis, findings[analysis.name]) for analysis in selected}
    run.finish("analyze", facts=facts, parts=parts)
    return findings


def explain(
    run: Run,
    names: Sequence[str],
    script: str,
    engine: str = "duckdb",
    master: str | None = None,
    conf: Sequence[str] = (),
    where: Sequence[str] = (),
) -> str:
    """Why the named analysis counts a script, by its URL or SHA-256, or does not; nothing is written.

    Raises as `analyze` does, and InputError where the analysis cannot say, or the run has no such script.
    """
    run.require("etl")
    able = [name for name, analysis in analyses().items() if analysis.explain]
    (analysis, *others) = select(tuple(names))
    if others or not analysis.explain:
        raise InputError(f"--script: name one analysis that can explain: {', '.join(able)}")
    conditions = dict(visit_groups.condition(text) for text in where)
    with open_engine(engine, master, conf, run.store, alone=True) as opened:
        groups, _order, group = counted(run.store, opened, conditions)
        inputs = Inputs(opened, run.store, {}, groups=groups, group=group)
        if lacking := _lacking(analysis, inputs):
            raise InputError(lacking)
        return analysis.explain(inputs, script)


def answer(analysis: Analysis, inputs: Inputs) -> Finding:
    """The finding of one analysis; it is unsupported where the run lacks a table or column that it needs."""
    if lacking := _lacking(analysis, inputs):
        return Finding(unsupported=lacking)
    finding = analysis.answer(inputs)
    if inputs.recorded and not finding.unsupported:
        known = inputs.recorded.notes((*analysis.needs, *analysis.records))
        finding.notes += [f"Known in part: {note}." for note in known]
        _leave_out_unknown(finding, inputs.recorded)
    return finding


def _leave_out_unknown(finding: Finding, known: Recorded) -> None:
    """Leave out the figures that need what was not recorded, and say so: none of them is 0."""
    lacks = {figure.name: known.why(figure.needs) for figure in finding.figures}
    finding.figures = [figure for figure in finding.figures if not lacks[figure.name]]
    finding.notes += [f"Some figures are missing: {lack}." for lack in dict.fromkeys(lacks.values()) if lack]


def _lacking(analysis: Analysis, inputs: Inputs) -> str:
    """What the run lacks of the tables and columns that an analysis needs, with the remedy; else empty."""
    if inputs.recorded and (lack := answerable.lacking(analysis, inputs.recorded)):
        return lack
    missing = [lack for name in analysis.needs if (lack := inputs.missing(name))]
    return f"the run has {'; '.join(missing)}; run `overscripted etl` again" if missing else ""


def _beside(
    groups: Sequence[dict[str, Any]], conditions: dict[str, Any], by: Sequence[str], order: Sequence[str]
) -> list[Group]:
    """The group to count for each combination of values that the run has in these dimensions."""
    known = [row for row in groups if all(row[name] == value for name, value in conditions.items())]
    combinations = dict.fromkeys(tuple(row[name] for name in by) for row in known)
    return [
        visit_groups.chosen(groups, conditions | dict(zip(by, values, strict=True)), order)
        for values in combinations
    ]


def summary(analysis: Analysis, finding: Finding, inputs: Inputs, engine: str) -> dict[str, Any]:
    """The content of summary.json."""
    return {
        "format": FORMAT,
        "name": analysis.name,
        "order": analysis.order,
        "chapter": analysis.chapter,
        "title": analysis.title,
        "question": analysis.question,
        "sentence": finding.sentence,
        "unsupported": finding.unsupported,
        "headline": analysis.headline,
        "beside": analysis.beside or analysis.headline,
        "rule": inputs.rule,
        "visits": inputs.group and {**inputs.group.values, "n": inputs.group.n, "of": inputs.group.of},
        "engine": engine,
        "written": now(),
        "figures": [figure.to_json() for figure in finding.figures],
        "tables": {name: table.num_rows for name, table in finding.tables.items()},
        "plots": finding.plots,
        "definitions": [list(pair) for pair in analysis.definitions],
        "notes": finding.notes,
        "lists": _provenance([analysis], inputs.lists),
    }


def _parts(run: Run) -> dict[str, str | None]:
    """The version of the tables that each existing finding was made from, by analysis."""
    before = run.stage("analyze")
    existing = layout.finding_names(run.store.files(layout.FINDINGS))
    parts = before.get("parts", dict.fromkeys(existing, before.get("made_from", {}).get("etl")))
    return {name: version for name, version in parts.items() if name in analyses()}


def _provenance(selected: Sequence[Analysis], lists: Mapping[str, HostList]) -> dict[str, Any]:
    """What to record of each list that the analyses use, by its role."""
    used = {role for analysis in selected for role in analysis.lists}
    return {role: hosts.provenance() for role, hosts in lists.items() if role in used}


def _check_rule(rule: str, selected: list[Analysis]) -> None:
    rules = {name for analysis in selected for name in analysis.rules}
    if rule not in rules:
        raise InputError(f"--rule {rule}: none of these analyses has it; choose {', '.join(sorted(rules))}")


def _write(run: Run, analysis: Analysis, finding: Finding, content: dict[str, Any]) -> None:
    with run.store.replace(layout.finding(analysis.name)) as staged:
        for name, table in finding.tables.items():
            staged.write_table(layout.finding_table(analysis.name, name), table)
        if finding.plots:
            figure = draw(finding.plots[0], standalone=True)
            staged.write(layout.finding_figure(analysis.name), figure.encode())
        staged.write_json(layout.finding_summary(analysis.name), content)


def _fact(analysis: Analysis, finding: Finding) -> str:
    """What `overscripted status` shows: the headline with its denominator, because sentences are long."""
    if finding.unsupported:
        return f"not answered, {finding.unsupported}"
    for figure in finding.figures:
        if figure.name == analysis.headline and figure.of:
            return f"{number(figure.n)} of {number(figure.of)} {analysis.unit} ({percent(figure.percent)})"
    return finding.sentence.rstrip(".")
