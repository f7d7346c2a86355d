"""Writes the tables that roll up calls: from the batches' uses, never from the calls again."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from overscripted.conform import conform
from overscripted.etl.transforms import (
    attempts,
    documents,
    hosts,
    pages,
    script_refs,
    script_urls,
    symbol_counts,
    uses,
    visit_groups,
)
from overscripted.etl.workspace import Workspace
from overscripted.outcomes import Outcome
from overscripted.references import references


def write_rollups(
    workspace: Workspace, use_files: Sequence[str], totals: ir.Table | None, visits: ir.Table
) -> None:
    """Write ``script_refs``, ``symbol_counts``, ``pages`` and the tables of `write_dimensions`.

    ``use_files`` are the staged files of all batches' uses. ``totals`` are the raw call totals of attempts
    that count, None where the crawl has none. ``visits`` are the raw visits: those that met a challenge are
    left out, because every rate counts only pages that were really seen.
    """
    engine = workspace.engine
    all_uses = engine.read(workspace.staged, use_files)
    if totals is not None:
        all_uses = ibis.union(conform(all_uses, uses.USES), uses.of_totals(totals))
    all_uses = all_uses.anti_join(visits.filter(visits.outcome == Outcome.CHALLENGE), attempts.VISIT)
    rolled_up = engine.keep(visit_groups.with_groups(script_refs.rolled_up(all_uses), visits, engine))
    origins = workspace.origins(rolled_up, *script_refs.URLS.values())
    refs = workspace.write_and_read(script_refs.script_refs(rolled_up, origins), "script_refs")
    engine.drop(rolled_up)
    workspace.write(symbol_counts.symbol_counts(all_uses, refs), "symbol_counts")
    workspace.write(pages.pages(refs), "pages")
    write_dimensions(workspace, refs)


def write_dimensions(workspace: Workspace, refs: ir.Table) -> None:
    """Write ``documents``, ``script_urls`` and ``hosts``: one row each, whichever visit of a group it was.

    ``refs`` is the table ``script_refs``.
    """
    engine = workspace.engine
    pairs = engine.keep(references(refs))
    names = ibis.union(pairs.select(host="location_host"), pairs.select(host="script_host"), distinct=True)
    suffixes = engine.table(hosts.suffixes(engine.to_arrow(names)))
    docs = workspace.write_and_read(documents.documents(pairs), "documents")
    urls = workspace.write_and_read(script_urls.script_urls(pairs, suffixes), "script_urls")
    engine.drop(pairs)
    workspace.write(hosts.hosts(suffixes, docs, urls), "hosts")
