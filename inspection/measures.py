"""Numbers of a page that can be compared with those of the sites of a run, by the same definitions."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.counted import counted
from overscripted.analyses.entities.third_parties import third_parties
from overscripted.analyses.fingerprinting.evaluate import evaluated, recorded
from overscripted.analyses.fingerprinting.rules import OURS
from overscripted.analyses.model import Inputs
from overscripted.analyses.recorders.behaviour import SENDS, behaviour
from overscripted.engines import Engine
from overscripted.inspection.claims import Claim, Comparison
from overscripted.lists.entities import TRACKING
from overscripted.lists.hosts import HostList
from overscripted.outcomes import GOOD
from overscripted.run import Run
from overscripted.visit_groups import VISIT


def _contacts(condition: Callable[[ir.Table], ir.BooleanValue]) -> Callable[[Inputs], ir.Table]:
    def measure(inputs: Inputs) -> ir.Table:
        rows = third_parties(inputs, inputs.lists["entities"]).rows
        return rows.filter(~rows.own, condition(rows)).group_by(*VISIT).agg(n=_.owner.nunique())

    return measure


def _rows(
    table: str, *key: str, only: Callable[[ir.Table], ir.BooleanValue] | None = None
) -> Callable[..., ir.Table]:
    def measure(inputs: Inputs) -> ir.Table:
        rows = inputs.table(table)
        rows = rows.filter(only(rows)) if only else rows
        return rows.select(*VISIT, *key).distinct().group_by(*VISIT).agg(n=_.count())

    return measure


def _techniques(inputs: Inputs) -> ir.Table:
    ours = tuple(rule for rule in recorded(inputs) if rule.rule_set == OURS)
    if not ours:
        return inputs.table("visits").select(*VISIT, n=ibis.literal(0)).limit(0)
    with evaluated(inputs, ours) as found:
        rows = found.met().group_by(*VISIT).agg(n=_.technique.nunique())
        return inputs.engine.keep(rows)


def _recorders(inputs: Inputs) -> ir.Table:
    rows = behaviour(inputs, inputs.lists["session_replay"])
    return rows.filter(rows.grade >= SENDS).group_by(*VISIT).agg(n=_.script_url.nunique())


def _dynamic(inputs: Inputs) -> ir.Table:
    return inputs.table("script_refs").group_by(*VISIT).agg(n=_.n_dynamic.sum())


_ITEMS = ("local_storage", "session_storage", "indexed_db", "cache")
# Measure -> the tables that it needs, and the rows crawl_id, visit_id, n of visits with any.
MEASURES: dict[str, tuple[tuple[str, ...], Callable[[Inputs], ir.Table]]] = {
    "companies": (("requests", "pages", "script_refs"), _contacts(lambda rows: rows.listed)),
    "trackers": (
        ("requests", "pages", "script_refs"),
        _contacts(lambda rows: rows.category.lower().isin(sorted(TRACKING))),
    ),
    "cookies": (("stored_cookies",), _rows("stored_cookies", "host", "name", "path", "first_party_domain")),
    "items": (
        ("stored_items",),
        _rows(
            "stored_items",
            *("origin", "partition", "kind", "container", "store", "key"),
            only=lambda rows: rows.kind.isin(_ITEMS) & rows.key.notnull(),
        ),
    ),
    "techniques": (("symbol_counts", "symbol_arguments"), _techniques),
    "recorders": (("symbol_arguments", "script_refs", "requests"), _recorders),
    "dynamic": (("script_refs",), _dynamic),
}


class Sites:
    """The numbers of a run's sites: of each the median of its pages, visited as the run's seeds were."""

    def __init__(self, run: Run, engine: Engine, lists: Mapping[str, HostList]) -> None:
        groups, _order, group = counted(run.store, engine, {})
        self.name = run.store.url.rstrip("/").rpartition("/")[2]
        self._inputs = Inputs(engine, run.store, lists, groups=groups, group=group)
        visits = self._inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
        rows = self._inputs.rows(visits.select(*VISIT, "final_domain"))
        self._sites = {(row["crawl_id"], row["visit_id"]): row["final_domain"] for row in rows}
        self._numbers: dict[str, list[float] | None] = {}

    def compared(self, claim: Claim, value: float | None) -> Claim:
        """The claim, compared by its measure, where the run has what that needs."""
        numbers = self._of(claim.measure) if claim.measure and value is not None else None
        if not numbers or value is None:
            return claim
        below = sum(number < value for number in numbers)
        equal = sum(number == value for number in numbers)
        return claim.compared(Comparison(self.name, value, below, equal, len(numbers) - below - equal))

    def value(self, measure: str) -> float | None:
        """The number of the only site of an inspection; None where its run has none."""
        numbers = self._of(measure)
        return numbers[0] if numbers else None

    def _of(self, measure: str) -> list[float] | None:
        """The number of each site; None where the run lacks a table."""
        if measure not in self._numbers:
            needs, rows = MEASURES[measure]
            lacks = any(self._inputs.missing(table) for table in needs)
            self._numbers[measure] = None if lacks else self._medians(rows(self._inputs))
        return self._numbers[measure]

    def _medians(self, rows: ir.Table) -> list[float]:
        found = {(row["crawl_id"], row["visit_id"]): row["n"] for row in self._inputs.rows(rows)}
        pages: dict[str, list[int]] = defaultdict(list)
        for visit, site in self._sites.items():
            pages[site].append(found.get(visit, 0) or 0)
        return [float(statistics.median(numbers)) for numbers in pages.values()]
