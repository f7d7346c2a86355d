"""References: a script on a document in a group of visits. `documents` and `script_urls` are made of them.

The etl makes these tables of all visits; a comparison of runs makes them again of common visits alone.
"""

import ibis.expr.types as ir

from overscripted.group_names import DIMENSIONS

COUNTS = ("n_calls", "n_valid", "n_invalid", "n_dynamic", "n_inherited")


def references(script_refs: ir.Table) -> ir.Table:
    """Distinct (group, location, script_url); ``n_script_refs`` says how many visits had it."""
    return script_refs.group_by(*DIMENSIONS, "location", "script_url").agg(
        **{
            name: script_refs[name].max()
            for name in (
                "location_host",
                "location_netloc",
                "location_domain",
                "script_host",
                "script_domain",
            )
        },
        in_iframe=script_refs.in_iframe.all(),
        is_third_party=script_refs.is_third_party.max(),
        is_dynamic_third_party=(script_refs.is_third_party & (script_refs.n_dynamic > 0)).max(),
        n_script_refs=script_refs.count(),
        **{name: script_refs[name].sum() for name in COUNTS},
    )


def by_location(references: ir.Table) -> ir.Table:
    """Distinct (group, location), from `references`, with counts."""
    return references.group_by(*DIMENSIONS, "location").agg(
        location_host=references.location_host.max(),
        location_netloc=references.location_netloc.max(),
        location_domain=references.location_domain.max(),
        in_iframe=references.in_iframe.all(),
        n_scripts=references.count(),
        n_recorded_scripts=tally(recorded(references)),
        n_valid_scripts=tally(references.n_valid > 0),
        n_third_party_scripts=tally(references.is_third_party),
        **{name: references[name].sum() for name in COUNTS},
    )


def by_script(references: ir.Table, **more: ir.Scalar) -> ir.Table:
    """Distinct (group, script_url), from `references`, with counts and ``more`` aggregates."""
    return references.group_by(*DIMENSIONS, "script_url").agg(
        script_host=references.script_host.max(),
        script_domain=references.script_domain.max(),
        n_documents=references.count(),
        n_recorded_documents=tally(recorded(references)),
        n_valid_documents=tally(references.n_valid > 0),
        n_script_refs=references.n_script_refs.sum(),
        **more,
        **{name: references[name].sum() for name in COUNTS},
    )


def recorded(references: ir.Table) -> ir.BooleanValue:
    """Whether a reference has a recorded call, valid or not. Caps may have cut all calls of a script."""
    return (references.n_valid > 0) | (references.n_invalid > 0)


def tally(condition: ir.BooleanValue) -> ir.IntegerScalar:
    """How often the condition holds; 0 where there are no rows."""
    return condition.ifelse(1, 0).sum().cast("int64")
