"""Who owns a host: the table of owners, services and categories that analyses join to hosts or domains.

An *owner* is a company (Google), a *service* what it runs (Google Analytics), a *category* what that is for.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import pyarrow as pa

from overscripted.lists.hosts import Entry, HostList
from overscripted.urls import registrable_domain

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("host", "owner", "service", "category", "listed")]
)  # no column is NULL
# Categories of services that watch people across sites, in lower case, in the words of third-party-web (ad,
# analytics, social), of WhoTracks.me (those that the Web Almanac 2025 counts as trackers) and of Disconnect.
TRACKING = frozenset(
    "ad analytics social advertising pornvertising site_analytics social_media "
    "fingerprintinginvasive fingerprintinggeneral".split()
)
# Of a host that is not listed, the listed hosts of its registrable domain say the owner if there are as many,
# and if one has this share of them. third-party-web lists 20 hosts below google.com, 19 of Google, but not
# google.com itself; of cdns such as b-cdn.net it lists one host of one customer.
_HOSTS_OF_DOMAIN = 2
_SHARE_OF_DOMAIN = 0.75


def of(hosts: Iterable[str], listing: HostList) -> pa.Table:
    """Hosts or registrable domains with their owner, by `SCHEMA`: one row for each that is known.

    ``listed`` is the most specific entry that matches by whole labels, within the host's registrable domain;
    without an owner in the list it is the owner. Where no entry matches, but other hosts of the domain are
    listed, and nearly all as one owner's, the host is that owner's: service and category are then empty, and
    ``listed`` is the domain.
    """
    domains = owners_of_domains(listing)
    rows = []
    for host in dict.fromkeys(hosts):
        entry = listing.match(host) or _by_domain(host, domains)
        # The domain is found out last: it takes longer than the rest, and few hosts are listed.
        if entry and registrable_domain(entry.host) == registrable_domain(host):
            known = {"owner": entry.owner or entry.host, "service": entry.service, "category": entry.category}
            rows.append({"host": host, **known, "listed": entry.host})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _by_domain(host: str, domains: dict[str, str]) -> Entry | None:
    labels = host.split(".")
    for i in range(len(labels)):
        if owner := domains.get(domain := ".".join(labels[i:])):
            return Entry(domain, owner)
    return None


def owners_of_domains(listing: HostList) -> dict[str, str]:
    """The owner of each registrable domain with several listed hosts of which nearly all are one owner's."""
    hosts: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in listing.distinct:
        hosts[registrable_domain(entry.host)][entry.owner or entry.host] += 1
    found = {}
    for domain, owners in hosts.items():
        owner, n = owners.most_common(1)[0]
        if n >= max(_HOSTS_OF_DOMAIN, _SHARE_OF_DOMAIN * owners.total()):
            found[domain] = owner
    return found
