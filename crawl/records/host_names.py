"""The names and addresses of the hosts of a visit, as the worker knows them: rows of ``dns_names``.

Where nothing is between Firefox and the network, Firefox tells them; see
`js/parent_process/records/dns_names.js`.
"""

import json
from datetime import UTC, datetime
from typing import Any

from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.network.name_book import Entry, NameBook
from overscripted.crawl.records.rows import Records
from overscripted.record_kinds.dns_names import DNS_NAMES


async def add(records: Records, book: NameBook | None, proxy: str) -> None:
    """Add the rows of a visit that is over. ``book`` is that of our guard, ``proxy`` the user's proxy."""
    if book:
        source = "resolver_beside_proxy" if proxy else "resolver"
        entries = await book.entries(records.hosts, records.began)
        rows = [_row(host, entry, source, records.hosts[host]) for host, entry in entries.items()]
        # A host that was connected to and is not in the book any more. Others were never asked.
        forgotten = [host for host, peer in records.hosts.items() if peer and host not in entries]
        if forgotten:
            records.gaps[Gap.rows(DNS_NAMES.table.name)] += len(forgotten)
    elif proxy:
        now = datetime.now(UTC)
        rows = [{"host": host, "source": "proxy", "time_stamp": now} for host in records.hosts]
    else:
        return
    for row in rows:
        records.add(DNS_NAMES, row)


def _row(host: str, entry: Entry, source: str, peer: str | None) -> dict[str, Any]:
    names, lookup = entry.chain.names, entry.lookup
    return {
        "host": host,
        "canonical_names": None if names is None else json.dumps(names),
        "addresses": json.dumps(lookup.addresses) if lookup.addresses else None,
        "used_address": peer if source == "resolver" else None,
        "error": lookup.error,
        "names_error": entry.chain.error,
        "source": source,
        "time_stamp": lookup.found,
    }
