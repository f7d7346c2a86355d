"""Hosts against a list: by whole labels (ours), or as the study did it; each distinct host once."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from lists.hosts import HostList

_NOTHING = r"[^\s\S]"  # matches no text, not even the empty one
_SCHEMA = pa.schema([("host", pa.string()), ("listed", pa.string()), ("owner", pa.string())])


def listed_hosts(hosts: pa.Table, listing: HostList) -> pa.Table:
    """Hosts on a list, or below a host on it: columns host, listed (the most specific entry), owner.

    ``hosts`` are distinct, with their ``domain``; an entry counts for hosts of its own registrable domain.
    """
    domains = {row["listed"]: row["listed_domain"] for row in listing.rows()}
    near = hosts.filter(pc.is_in(hosts["domain"], pa.array(set(domains.values()), pa.string())))
    found = []
    for host, domain in zip(near["host"].to_pylist(), near["domain"].to_pylist(), strict=True):
        entry = listing.match(host)
        if entry and domains[entry.host] == domain:
            found.append({"host": host, "listed": entry.host, "owner": entry.owner or entry.host})
    return pa.Table.from_pylist(found, schema=_SCHEMA)


def fitting_hosts(hosts: pa.Table, pattern: str) -> pa.Table:
    """Hosts with a text that a pattern finds, as `listed_hosts`; what it found is listed and owner."""
    found = pc.struct_field(pc.extract_regex(hosts["host"], f"(?P<text>{pattern})"), "text")
    table = pa.table([hosts["host"], found, found], schema=_SCHEMA)
    return table.filter(pc.is_valid(found))


def any_of(listing: HostList) -> str:
    """The study's session-replay rule: the names as one unanchored regular expression, dots and all.

    Entries hold only letters, digits, dots, hyphens and underscores, so nothing else can be in it.
    """
    return "|".join(row["listed"] for row in listing.rows()) or _NOTHING


def study_fragments(listing: HostList) -> list[str]:
    """The study's mining rule: what of each host, without www and .com, it sought anywhere in a URL."""
    found = (row["listed"].replace("www.", "").replace(".com", "") for row in listing.rows())
    return [fragment for fragment in dict.fromkeys(found) if fragment]


def literal_any(fragments: list[str]) -> str:
    """A regular expression (RE2 and Java alike) that finds any of these texts."""
    return "|".join(re.sub(r"([^A-Za-z0-9_])", r"\\\1", fragment) for fragment in fragments) or _NOTHING
