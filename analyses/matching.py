"""Hosts against a list: by whole labels (ours), or as the study did it; each distinct host once."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses.settings import STUDY_RULE_HOSTS
from overscripted.errors import InputError
from overscripted.lists.hosts import HostList

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


def small(listing: HostList) -> bool:
    """Whether the study's rules, which make one regular expression of a list, can be applied to it."""
    return len(listing.hosts) <= STUDY_RULE_HOSTS


def _checked(listing: HostList) -> HostList:
    if small(listing):
        return listing
    raise InputError(
        f"--rule study2018: {listing.name} has {len(listing.hosts):,} hosts, and the study's rule makes one "
        f"regular expression of them; use `--rule ours`, or a list of at most {STUDY_RULE_HOSTS:,}"
    )


def any_of(listing: HostList) -> str:
    """The study's session-replay rule: the names as one unanchored regular expression, dots and all.

    Entries hold only letters, digits, dots, hyphens and underscores, so nothing else can be in it.
    Raises InputError where the list is not `small`.
    """
    return "|".join(_checked(listing).hosts) or _NOTHING


def study_fragment(host: str) -> str:
    """The study's mining rule: what of a host, without www and .com, it sought anywhere in a URL."""
    return host.replace("www.", "").replace(".com", "")


def study_fragments(listing: HostList) -> list[str]:
    """The distinct `study_fragment` of each host. Raises InputError where the list is not `small`."""
    found = map(study_fragment, _checked(listing).hosts)
    return [fragment for fragment in dict.fromkeys(found) if fragment]


def literal_any(fragments: list[str]) -> str:
    """A regular expression (RE2 and Java alike) that finds any of these texts."""
    return "|".join(re.sub(r"([^A-Za-z0-9_])", r"\\\1", fragment) for fragment in fragments) or _NOTHING
