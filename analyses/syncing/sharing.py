"""Identifiers that reached another domain than the one that holds them: joined, with sites and owners."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.syncing.carried import carried
from overscripted.analyses.syncing.held import candidates, confirmed, forms_of_candidates, forms_of_confirmed
from overscripted.lists import entities
from overscripted.lists.hosts import HostList
from overscripted.outcomes import GOOD
from overscripted.urls import registrable_domain

CONFIRMED, CANDIDATE = "confirmed", "candidate"
THIRD, FROM_FIRST, TO_FIRST = "third to third", "first to third", "third to first"
PART = 1_000_000  # requests whose tokens are joined at once; the tokens of more requests do not fit 2 GB


def pages_of(inputs: Inputs) -> ir.Table:
    """Visits that show a page, with its ``site``."""
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
    return visits.select(*VISIT, site=visits.final_domain)


def sharings(inputs: Inputs, pages: ir.Table, listing: HostList) -> ir.Table:
    """One row for each identifier of a visit, way and receiver; kept by the engine.

    Columns: kind (`CONFIRMED` or `CANDIDATE`), crawl_id, visit_id, site, parties, holder, name, value, form,
    through, sender, receiver, holder_owner, receiver_owner, same_domain, same_owner, url.
    """
    held = confirmed(inputs)
    parts = [_met(inputs, part, held) for part in _parts(inputs, pages)]
    inputs.engine.drop(held)
    found = ibis.union(*parts) if len(parts) > 1 else parts[0]
    domains = inputs.engine.table(_domains(inputs, found, pages, listing))
    rows = _with_owners(found, domains).inner_join(pages, VISIT)
    third = ibis.cases(
        (rows.holder == rows.site, FROM_FIRST), (rows.receiver == rows.site, TO_FIRST), else_=THIRD
    )
    shared = inputs.engine.keep(
        rows.select(
            *("kind", *VISIT, "site", "holder", "name", "value", "form", "through", "sender", "receiver"),
            *("holder_owner", "receiver_owner", "url"),
            parties=third,
            same_domain=rows.holder == rows.receiver,
            same_owner=rows.holder_owner == rows.receiver_owner,
        )
    )
    for kept in parts:
        inputs.engine.drop(kept)
    return shared


def _parts(inputs: Inputs, pages: ir.Table) -> list[ir.Table]:
    """The pages, in parts of some `PART` requests: what one visit shares does not depend on another."""
    requests = inputs.table("requests")
    n = -(-inputs.totals(requests.aggregate(n=requests.count()))["n"] // PART)
    if n < 2:
        return [pages]
    numbered = pages.mutate(part=ibis.ntile(n).over(order_by=[pages[name] for name in VISIT]))
    return [numbered.filter(numbered.part == number).drop("part") for number in range(n)]


def _met(inputs: Inputs, pages: ir.Table, held: ir.Table) -> ir.Table:
    """Each identifier of these pages that something carried to a domain, once; the caller drops it."""
    first = candidates(inputs, pages)
    forms = ibis.union(
        forms_of_confirmed(held.semi_join(pages, VISIT)).mutate(kind=ibis.literal(CONFIRMED)),
        forms_of_candidates(first).mutate(kind=ibis.literal(CANDIDATE)),
    )
    met = carried(inputs, pages).inner_join(forms, [*VISIT, "token"])
    # Every token of a query is a candidate, and is carried to its holder: most of all rows.
    met = met.filter((met.receiver != met.holder) | (met.kind == CONFIRMED))
    key = ("kind", *VISIT, "holder", "name", "value", "form", "through", "sender_host", "receiver")
    found = inputs.engine.keep(met.group_by(*key).agg(url=met.url.min()))
    inputs.engine.drop(first)
    return found


def _domains(inputs: Inputs, rows: ir.Table, pages: ir.Table, listing: HostList) -> pa.Table:
    """The registrable domain of every host of the rows, and its owner: itself where the list has none."""
    columns = ("holder", "receiver", "sender_host")
    names = ibis.union(*(rows.select(host=rows[column]) for column in columns), distinct=True)
    hosts = sorted(filter(None, inputs.arrow(names)["host"].to_pylist()))
    domain_of = {host: registrable_domain(host.lower()) or host for host in hosts}
    known = entities.of(sorted(set(domain_of.values())), listing)
    owner_of = dict(zip(known["host"].to_pylist(), known["owner"].to_pylist(), strict=True))
    return pa.table(
        {
            "host": pa.array(hosts, pa.string()),
            "domain": pa.array([domain_of[host] for host in hosts], pa.string()),
            "owner": pa.array(
                [owner_of.get(domain_of[host], domain_of[host]) for host in hosts], pa.string()
            ),
        }
    )


def _with_owners(rows: ir.Table, domains: ir.Table) -> ir.Table:
    """Rows with sender ("" where it is not known), holder_owner and receiver_owner."""
    senders = domains.select(sender_host=domains.host, sender=domains.domain)
    holders = domains.select(holder=domains.host, holder_owner=domains.owner)
    receivers = domains.select(receiver=domains.host, receiver_owner=domains.owner)
    joined = rows.left_join(senders, "sender_host").drop("sender_host_right")
    joined = joined.mutate(sender=joined.sender.fill_null("")).drop("sender_host")
    return joined.inner_join(holders, "holder").inner_join(receivers, "receiver")
