"""The visits of a run that are counted where the user chooses none, or some; and the run's variants."""

import json
from collections.abc import Mapping
from typing import Any

import ibis

from overscripted import layout, visit_groups
from overscripted.engines import Engine
from overscripted.store import Store
from overscripted.visit_groups import Group

Groups = list[dict[str, Any]]


def counted(
    store: Store, engine: Engine, conditions: Mapping[str, Any]
) -> tuple[Groups, list[str], Group | None]:
    """All groups of visits, the variants in the order of their file, and the group to count.

    The group is that of ``conditions``, else the one that `visit_groups.chosen` chooses. It is None for a run
    without the table of visits. Raises InputError where no visit meets the conditions.
    """
    groups, order = _groups(store, engine), list(variants(store, engine))
    group = visit_groups.chosen(groups, conditions, order) if groups or conditions else None
    return groups, order, group


def _groups(store: Store, engine: Engine) -> Groups:
    if not store.files(layout.table("visits"), ".parquet"):
        return []
    rows: Groups = engine.to_arrow(
        visit_groups.counts(engine.read(store, layout.table("visits")))
    ).to_pylist()
    return rows


def variants(store: Store, engine: Engine) -> dict[str, dict[str, Any]]:
    """The variants of a run with the settings of each, in the order of their file; none for a run without.

    Settings that are no JSON object count as none.
    """
    if not store.files(layout.table("variants"), ".parquet"):
        return {}
    table = engine.read(store, layout.table("variants"))
    table = table if "ordinal" in table.columns else table.mutate(ordinal=ibis.literal(0))
    rows = engine.to_arrow(table.order_by("ordinal", "variant").select("variant", "settings")).to_pylist()
    return {row["variant"]: _settings(row["settings"]) for row in rows}


def _settings(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
