"""Match hosts with a list: by whole labels (our rule) or by a pattern (the study's rules)."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses.settings import STUDY_RULE_HOSTS
from overscripted.errors import InputError
from overscripted.lists.hosts import HostList

_MATCHES_NOTHING = r"[^\s\S]"  # not even the empty text
_SCHEMA = pa.schema([("host", pa.string()), ("listed", pa.string()), ("owner", pa.string())])


def listed_hosts(hosts: pa.Table, listing: HostList) -> pa.Table:
    """Hosts on a list or below a host on it: columns host, listed (the most specific entry) and owner.

    ``hosts`` are distinct hosts with their ``domain``. An entry matches only hosts of its own registrable
    domain.
    """
    domains = {row["listed"]: row["listed_domain"] for row in listing.rows()}
    candidates = hosts.filter(pc.is_in(hosts["domain"], pa.array(set(domains.values()), pa.string())))
    matches = []
    for host, domain in zip(candidates["host"].to_pylist(), candidates["domain"].to_pylist(), strict=True):
        entry = listing.match(host)
        if entry and domains[entry.host] == domain:
            matches.append({"host": host, "listed": entry.host, "owner": entry.owner or entry.host})
    return pa.Table.from_pylist(matches, schema=_SCHEMA)


def hosts_with_pattern(hosts: pa.Table, pattern: str) -> pa.Table:
    """Hosts with a text that matches a pattern: columns of `listed_hosts`; listed and owner are that text."""
    text = pc.struct_field(pc.extract_regex(hosts["host"], f"(?P<text>{pattern})"), "text")
    table = pa.table([hosts["host"], text, text], schema=_SCHEMA)
    return table.filter(pc.is_valid(text))


def fits_study_rules(listing: HostList) -> bool:
    """Whether a list is short enough for the study's rules, which make one regular expression of it."""
    return len(listing.hosts) <= STUDY_RULE_HOSTS


def _require_fit(listing: HostList) -> HostList:
    if fits_study_rules(listing):
        return listing
    raise InputError(
        f"--rule study2018: {listing.name} has {len(listing.hosts):,} hosts, and the study's rule makes one "
        f"regular expression of them; use `--rule ours`, or a list of at most {STUDY_RULE_HOSTS:,}"
    )


def study_replay_pattern(listing: HostList) -> str:
    """The study's session-replay rule: the names as one unanchored regular expression, dots not escaped.

    Entries have only letters, digits, dots, hyphens and underscores, so the dot is the only operator in it.
    Raises InputError for a list that is too long (`fits_study_rules`).
    """
    return "|".join(_require_fit(listing).hosts) or _MATCHES_NOTHING


def study_fragment(host: str) -> str:
    """The study's mining rule: the part of a host, without www and .com, that it sought anywhere in a URL."""
    return host.replace("www.", "").replace(".com", "")


def study_fragments(listing: HostList) -> list[str]:
    """The distinct fragments of a list's hosts. Raises InputError for a list that is too long."""
    fragments = map(study_fragment, _require_fit(listing).hosts)
    return [fragment for fragment in dict.fromkeys(fragments) if fragment]


def literal_pattern(fragments: list[str]) -> str:
    """A regular expression, for RE2 and Java alike, that finds any of these texts."""
    return (
        "|".join(re.sub(r"([^A-Za-z0-9_])", r"\\\1", fragment) for fragment in fragments) or _MATCHES_NOTHING
    )
