"""Hosts against a list, as Ibis expressions: by whole labels (ours), or as the study did it."""

import re

import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from analyses.shapes import Inputs
from lists.hosts import HostList

_SCHEMA = pa.schema([("listed", pa.string()), ("listed_domain", pa.string()), ("owner", pa.string())])


def listed_hosts(inputs: Inputs, hosts: ir.Table, listing: HostList) -> ir.Table:
    """Hosts on a list, or below a host on it: columns host, listed (the most specific entry), owner.

    Equal registrable domains make the join cheap; the labels then decide. ``hosts`` is the table.
    """
    entries = inputs.engine.table(pa.Table.from_pylist(listing.rows(), schema=_SCHEMA))
    pairs = hosts.select("host", "domain").inner_join(entries, _.domain == entries.listed_domain)
    below = pairs.filter((_.host == _.listed) | _.host.endswith("." + _.listed))
    return below.group_by("host").aggregate(
        listed=_.listed.argmax(_.listed.length()), owner=_.owner.argmax(_.listed.length())
    )


def any_of(listing: HostList) -> str:
    """The study's session-replay rule: the names as one unanchored regular expression, dots and all.

    Entries hold only letters, digits, dots, hyphens and underscores, so nothing else can be in it.
    """
    return "|".join(row["listed"] for row in listing.rows()) or "$^"


def study_fragments(listing: HostList) -> list[str]:
    """The study's mining rule: what of each host, without www and .com, it sought anywhere in a URL."""
    found = (row["listed"].replace("www.", "").replace(".com", "") for row in listing.rows())
    return [fragment for fragment in dict.fromkeys(found) if fragment]


def literal_any(fragments: list[str]) -> str:
    """A regular expression (RE2 and Java alike) that finds any of these texts."""
    return "|".join(re.sub(r"([^A-Za-z0-9_])", r"\\\1", fragment) for fragment in fragments) or "$^"
