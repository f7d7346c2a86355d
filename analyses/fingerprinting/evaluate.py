"""Evaluates the rules on the facts of a run: which script met which rule where, and which nearly did."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from overscripted.analyses.fingerprinting import facts
from overscripted.analyses.fingerprinting.rules import EVERYWHERE, RULES, Rule
from overscripted.analyses.fingerprinting.symbols import RARE
from overscripted.analyses.model import Inputs

_ASKED = sorted({*facts.COUNTED, *(symbol for members in RARE.values() for symbol in members)})


@dataclass(frozen=True)
class Evaluated:
    """The facts, with a column for each rule that says how many of its conditions do not hold."""

    scripts: ir.Table
    canvases: ir.Table
    rules: tuple[Rule, ...]

    def of(self, rule: Rule) -> ir.Table:
        """The facts that the rule is asked of."""
        return self.canvases if rule.canvas else self.scripts

    def met(self) -> ir.Table:
        """One row for each rule and each script, or canvas of a script, that meets it."""
        return ibis.union(*(_named(self.of(rule), rule, 0) for rule in self.rules))

    def nearly(self) -> ir.Table:
        """The same where all conditions but one hold; ``failed`` is the other one."""
        return ibis.union(
            *(_named(self.of(rule), rule, 1) for rule in self.rules if len(rule.conditions) > 1)
        )


def recorded(inputs: Inputs) -> tuple[Rule, ...]:
    """The rules whose symbols the run's instrument recorded; all where the run does not say."""
    if inputs.missing("instruments"):
        return RULES
    names = set(inputs.arrow(inputs.table("instruments").select("symbol").distinct())["symbol"].to_pylist())
    return tuple(rule for rule in RULES if not names or all(_some(group, names) for group in rule.needs))


def everywhere(inputs: Inputs) -> ir.Table:
    """The URLs of the scripts that `EVERYWHERE` finds in the whole data at once."""
    rows = facts.of_urls(inputs.table("symbol_arguments"))
    return rows.filter(_failures(rows, EVERYWHERE) == 0).select("script_url")


def _some(symbols: Iterable[str], names: set[str]) -> bool:
    return any(symbol in names or f"{symbol.rpartition('.')[0]}.*" in names for symbol in symbols)


@contextmanager
def evaluated(
    inputs: Inputs, rules: tuple[Rule, ...], script_urls: Iterable[str] = ()
) -> Iterator[Evaluated]:
    """Evaluate the rules on all scripts of the run, or on those with these URLs; the engine keeps the facts.

    Visits that met a challenge are not in ``symbol_counts``, so they count nowhere.
    """
    counts, arguments = inputs.table("symbol_counts"), inputs.table("symbol_arguments")
    if urls := list(script_urls):
        counts, arguments = (rows.filter(rows.script_url.isin(urls)) for rows in (counts, arguments))
    seen = facts.of_scripts(arguments, counts.filter(counts.symbol.isin(_ASKED)))
    scripts = inputs.engine.keep(_with_failures(seen, [rule for rule in rules if not rule.canvas]))
    parties = scripts.select(*facts.SCRIPT, "script_domain", "is_third_party")
    drawn = facts.of_canvases(arguments).inner_join(parties, facts.SCRIPT)
    canvases = inputs.engine.keep(_with_failures(drawn, [rule for rule in rules if rule.canvas]))
    try:
        yield Evaluated(scripts, canvases, rules)
    finally:
        inputs.engine.drop(scripts)
        inputs.engine.drop(canvases)


def _with_failures(rows: ir.Table, rules: list[Rule]) -> ir.Table:
    return rows.mutate(**{rule.name: _failures(rows, rule) for rule in rules})


def _failures(rows: ir.Table, rule: Rule) -> ir.IntegerValue:
    failed = ibis.literal(0, "int64")
    for condition in rule.conditions:
        failed += ibis.ifelse(condition.test(rows).fill_null(False), 0, 1)
    return failed


def _named(rows: ir.Table, rule: Rule, n: int) -> ir.Table:
    """The rows of which ``n`` conditions of a rule do not hold, with what its conditions asked for."""
    rows = rows.filter(rows[rule.name] == n)
    failed = ibis.cases(
        *((~c.test(rows).fill_null(False), c.says) for c in rule.conditions), else_=ibis.literal("")
    )
    return rows.select(
        rule_set=ibis.literal(rule.rule_set),
        technique=ibis.literal(rule.technique),
        **{name: rows[name] for name in (*facts.SCRIPT, "script_domain", "is_third_party", "location")},
        object=rows.object if rule.canvas else ibis.null("int64"),
        facts=_shown(rows, rule.shows),
        failed=failed,
    )


def _shown(rows: ir.Table, columns: Iterable[str]) -> ir.StringValue:
    parts = [
        ibis.literal(f"{name.replace('_', ' ')} ") + rows[name].cast("string").fill_null("none")
        for name in columns
    ]
    return ibis.literal(", ").join(parts)
