"""OpenWPM's answers of name servers (``dns_responses``, since 2020): one row per visit and host."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.openwpm_visits import VisitName, visit_name
from overscripted.foreign.values import moment, text, truth

OPEN_VISITS = 1000  # visits whose rows are gathered at the same time; OpenWPM writes those of few at once

_TABLE = "dns_responses"


def names(source: Source, ledger: Ledger) -> Iterator[tuple[Row, Row]]:
    """The first answer about each host of a visit, and the columns of ``dns_names`` but those of the visit.

    What the first answer lacks comes from the next ones.
    """
    open_visits: OrderedDict[VisitName, dict[str, tuple[Row, Row]]] = OrderedDict()
    for row in source.rows(_TABLE):
        host = (text(row.get("hostname")) or "").strip().lower()
        if not host:
            ledger.leave_out(_TABLE, "without a host")
            continue
        visit = visit_name(row)
        hosts = open_visits.setdefault(visit, {})
        open_visits.move_to_end(visit)
        _, known = hosts.setdefault(host, (row, {}))
        for name, value in _columns(row, host).items():
            if known.get(name) in (None, ""):
                known[name] = value
        if len(open_visits) > OPEN_VISITS:
            yield from open_visits.popitem(last=False)[1].values()
    for hosts in open_visits.values():
        yield from hosts.values()


def _columns(row: Row, host: str) -> Row:
    canonical = (text(row.get("canonical_name")) or "").strip().lower()
    addresses = _addresses(row.get("addresses"))
    return {
        "host": host,
        # Firefox tells only the last name of a chain, and the host itself if there is no chain.
        "canonical_names": json.dumps([canonical] if canonical != host else []) if canonical else None,
        "addresses": json.dumps(addresses) if addresses else None,
        "used_address": text(row.get("used_address")) or None,
        "error": text(row.get("error")) or "",
        "source": "openwpm_trr" if truth(row.get("is_trr")) else "openwpm",
        "time_stamp": moment(row.get("time_stamp")),
    }


def _addresses(value: Any) -> list[str]:
    """Addresses joined by commas, or a list."""
    if isinstance(value, list | tuple):
        found = [text(address) or "" for address in value]
    else:
        found = (text(value) or "").split(",")
    return [address.strip() for address in found if address.strip()]
