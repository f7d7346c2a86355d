"""Why a script fingerprints, or why it does not: each condition of each rule, and the calls that met it."""

from collections.abc import Iterator
from typing import Any

import ibis.expr.types as ir

from overscripted.analyses.fingerprinting.evaluate import evaluated, recorded
from overscripted.analyses.fingerprinting.facts import COUNTED
from overscripted.analyses.fingerprinting.rules import RULE_SETS, TECHNIQUES, Rule
from overscripted.analyses.model import Inputs
from overscripted.analyses.scripts_named import urls_of
from overscripted.display.number_format import count
from overscripted.display.sanitize import plain

_CALLS_SHOWN = 12


def explain(inputs: Inputs, script: str) -> str:
    """The answer for a script, by its URL or the SHA-256 of its body, as lines of text.

    Raises InputError where the run has no such script.
    """
    urls = urls_of(inputs, script)
    rules = recorded(inputs)
    with evaluated(inputs, rules, urls) as found:
        seen = inputs.totals(found.scripts.aggregate(visits=found.scripts.visit_id.nunique()))["visits"]
        if not seen:
            return f"{plain(script)}: it used no symbol that a rule of fingerprinting asks for."
        rows = {
            on_canvas: _closest(inputs, facts, [rule for rule in rules if rule.canvas == on_canvas])
            for on_canvas, facts in ((False, found.scripts), (True, found.canvases))
        }
    lines = [f"{plain(script)}: calls of {count(seen, 'visit')}"]
    for rule_set in RULE_SETS:
        for rule in (rule for rule in rules if rule.rule_set == rule_set):
            lines += _of_rule(rule, rows[rule.canvas])
    return "\n".join([*lines, *_calls(inputs, urls)])


def _closest(inputs: Inputs, facts: ir.Table, rules: list[Rule]) -> list[dict[str, Any]]:
    """The facts of the visits in which the script came closest to each rule, and what each condition says."""
    if not rules:
        return []
    visits = inputs.rows(
        facts.aggregate(**{rule.name: facts.visit_id.argmin(facts[rule.name]) for rule in rules})
    )
    chosen = sorted({visit for row in visits for visit in row.values() if visit is not None})
    rows = facts.filter(facts.visit_id.isin(chosen)).mutate(
        **{
            _holds(rule, n): condition.test(facts).fill_null(False)
            for rule in rules
            for n, condition in enumerate(rule.conditions)
        }
    )
    return inputs.rows(rows.order_by("visit_id", "location", "object" if rules[0].canvas else "script_url"))


def _holds(rule: Rule, n: int) -> str:
    return f"{rule.name}_{n}"


def _of_rule(rule: Rule, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yes with what met each condition, or no with the conditions that failed where it came closest."""
    name = f"{rule.rule_set}, {TECHNIQUES[rule.technique]}"
    if not rows:
        yield f"  no   {name}: it drew on no canvas"
        return
    row = min(rows, key=lambda row: row[rule.name])
    yield f"  {'no ' if row[rule.name] else 'YES'}  {name}"
    for n, condition in enumerate(rule.conditions):
        facts = ", ".join(f"{column.replace('_', ' ')} {_number(row[column])}" for column in condition.shows)
        yield f"         {'met   ' if row[_holds(rule, n)] else 'FAILED'} {condition.says} ({facts})"
    if not row[rule.name]:
        yield f"         in visit {row['visit_id']}, {plain(row['location'])[:200]}"


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:,}"


def _calls(inputs: Inputs, urls: list[str]) -> Iterator[str]:
    """Calls that the rules looked at, in one visit: of each symbol the first, with its argument or value."""
    if inputs.missing("calls"):
        return
    calls = inputs.table("calls")
    calls = calls.filter(calls.script_url.isin(urls), calls.symbol.isin(list(COUNTED)))
    visit = calls.order_by("crawl_id", "visit_id").limit(1).select("crawl_id", "visit_id")
    calls = calls.semi_join(visit, ("crawl_id", "visit_id"))
    first = calls.group_by("symbol", "operation").agg(
        n=calls.count(),
        ordinal=calls.ordinal.min(),
        **{name: calls[name].argmin(calls.ordinal) for name in ("argument_0", "value_1000", "script_line")},
        script_col=calls.script_col.fill_null(0).argmin(calls.ordinal),
    )
    rows = inputs.rows(first.order_by("ordinal", "symbol").limit(_CALLS_SHOWN))
    if rows:
        yield "  the first calls of each symbol in one visit:"
    for row in rows:
        what = plain(row["argument_0"] or row["value_1000"], 80)
        where = f"{row['script_line']}:{row['script_col']}"
        yield f"    {plain(row['symbol'])} {row['operation']} “{what}” at {where}, {row['n']:,} in all"
