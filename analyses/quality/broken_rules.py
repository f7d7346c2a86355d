"""Invalid calls by the cleaning rule that they broke."""

from collections import Counter

from ibis import _

from overscripted.analyses.model import Inputs


def broken_rules(inputs: Inputs) -> Counter[str]:
    """Invalid calls by rule; a call that broke two rules counts under both. Empty without the table."""
    rules: Counter[str] = Counter()
    if inputs.has("invalid_calls"):
        grouped = inputs.table("invalid_calls").group_by("errors").aggregate(n=_.count())
        for row in inputs.rows(grouped):
            for rule in (row["errors"] or "").split(","):
                rules[rule] += row["n"]
    return rules
