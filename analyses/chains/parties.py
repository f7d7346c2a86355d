"""Third parties of visits by who brought them: named by the site, or unknown guests."""

import ibis
import ibis.expr.types as ir

from overscripted.analyses.chains.links import Links
from overscripted.visit_groups import VISIT


def contacts(links: Links, reached: ir.Table, sites: ir.Table) -> ir.Table:
    """Each link with who brought it: columns of `Links`, site, page, actor and level (NULL: not known)."""
    by = reached.select(*VISIT, parent="node", actor="actor", level=reached.level + 1)
    rows = ibis.union(links.inner, links.leaves).left_join(by, [*VISIT, "parent"])
    rows = rows.drop(*(name for name in rows.columns if name.endswith("_right")))
    return rows.inner_join(sites, VISIT).select(
        *VISIT, "site", "page", "parent", "child", "domain", "how", "by_site", "actor", "level"
    )


def parties(contacts: ir.Table) -> ir.Table:
    """One row per visit and third-party domain: how it came.

    Columns: crawl_id, visit_id, page, domain, direct (the site's markup or code brought it), named (direct,
    or the site's code was on the stack), implicit (a script or document of another domain brought it),
    unknown (something that nobody can place did), level (the shortest), and guest: implicit, and neither
    named nor unknown.
    """
    third = contacts.filter((contacts.domain != "") & (contacts.domain != contacts.site))
    direct = (third.actor == third.site).fill_null(False)
    other = third.actor.notnull() & ~direct & (third.actor != third.domain).fill_null(False)
    rows = third.mutate(
        direct=direct,
        named=third.by_site | direct,
        implicit=other,
        unknown=third.actor.isnull() & ~third.by_site,
    )
    found = rows.group_by(*VISIT, "page", "domain").agg(
        direct=rows.direct.max(),
        named=rows.named.max(),
        implicit=rows.implicit.max(),
        unknown=rows.unknown.max(),
        level=rows.level.min(),
    )
    return found.mutate(guest=found.implicit & ~found.named & ~found.unknown)


def bringers(contacts: ir.Table, chosen: ir.Table) -> ir.Table:
    """One row per visit, domain and domain that brought it, of the ``chosen`` visits and domains.

    Columns: crawl_id, visit_id, page, domain, brought_by, how, script (a node) and url: one example of each.
    """
    brought = contacts.filter(
        contacts.actor.notnull() & (contacts.actor != contacts.domain) & (contacts.actor != contacts.site)
    )
    rows = brought.semi_join(chosen, [*VISIT, "domain"])
    return rows.group_by(*VISIT, "page", "domain", brought_by=rows.actor).agg(
        how=rows.how.min(), script=rows.parent.min(), url=rows.child.min()
    )
