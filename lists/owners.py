"""Read the JSON of lists that say who owns a host: Disconnect, third-party-web, DuckDuckGo's Tracker Radar.

An entry that would give somebody every site below a public suffix (``co.uk``) is skipped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from overscripted.lists.host_names import host_name
from overscripted.lists.hosts import Entry, Parsed
from overscripted.text import clean
from overscripted.urls import suffix

MAX_NAME = 200  # characters of an owner, service or category; the longest that is known has 78
_BELOW = "*."


def read(content: Any) -> Parsed | None:
    """The entries of parsed JSON; None if it is none of these lists."""
    if isinstance(content, list):
        return parsed(_third_party_web(content))
    if not isinstance(content, dict):
        return None
    entities = content.get("entities")
    if isinstance(content.get("categories"), dict):
        return parsed(_disconnect_services(content["categories"]))
    if isinstance(entities, list):
        return parsed(_third_party_web(entities))
    if isinstance(entities, dict) and isinstance(content.get("domains"), dict):
        return parsed(_tracker_radar(content["domains"], entities, content.get("trackers")))
    if isinstance(entities, dict):
        return parsed(_disconnect_entities(entities))
    if any(isinstance(value, dict) and "properties" in value for value in content.values()):
        return parsed(_disconnect_entities(content))  # as until 2019
    return None


def parsed(items: Iterable[tuple[Any, Entry]]) -> Parsed:
    """Entries with the host names of ``items``: the text of a host, and what is known of it."""
    entries, skipped = [], 0
    for text, known in items:
        host = host_name(text) if isinstance(text, str) else ""
        if host and suffix(host) != host:
            entries.append(replace(known, host=host))
        else:
            skipped += 1
    return Parsed(entries, skipped)


def name_of(value: Any) -> str:
    """A name in a list, cut to `MAX_NAME`; ``""`` for what is no text."""
    return clean(value.strip()[:MAX_NAME]) if isinstance(value, str) else ""


def _third_party_web(entities: list[Any]) -> Iterator[tuple[Any, Entry]]:
    """Entities with ``name``, ``company`` (without it, the name), ``category`` and ``domains``.

    ``*.a.com`` is a.com and every host below it, ``a.com`` that host alone (its create-entity-finder-api.js).
    """
    for entity in entities:
        fields = _fields(entity)
        service = name_of(fields.get("name"))
        owner = name_of(fields.get("company")) or service
        known = Entry("", owner, service=service, category=name_of(fields.get("category")))
        domains = fields.get("domains")
        if not owner or not isinstance(domains, list):
            yield None, known
            continue
        for domain in domains:
            below = isinstance(domain, str) and domain.startswith(_BELOW)
            yield domain[len(_BELOW) :] if below else domain, replace(known, below=below)


def _disconnect_services(categories: dict[str, Any]) -> Iterator[tuple[Any, Entry]]:
    """Disconnect's services list: category, then owner, then home page, then hosts."""
    for category, companies in categories.items():
        named = name_of(category)
        for owner, pages in _pairs(companies):
            for host in _leaves(pages):
                yield host, Entry("", name_of(owner), (named,), category=named)


def _disconnect_entities(entities: dict[str, Any]) -> Iterator[tuple[Any, Entry]]:
    """Disconnect's entities: the sites of an owner (``properties``), and the hosts that serve them."""
    for owner, fields in entities.items():
        hosts = _fields(fields)
        for host in dict.fromkeys(_leaves({key: hosts.get(key) for key in ("properties", "resources")})):
            yield host, Entry("", name_of(owner))


def _tracker_radar(
    domains: dict[str, Any], entities: dict[str, Any], trackers: Any
) -> Iterator[tuple[Any, Entry]]:
    """DuckDuckGo's blocklist (tds.json): domain to owner. Of a tracker's categories the first counts."""
    known = _fields(trackers)
    for domain in dict.fromkeys([*domains, *known]):
        tracker = _fields(known.get(domain))
        fields = _fields(entities.get(str(domains.get(domain))) or tracker.get("owner"))
        name = name_of(fields.get("displayName")) or name_of(domains.get(domain))
        categories = tracker.get("categories")
        first = categories[0] if isinstance(categories, list) and categories else ""
        yield domain if name else None, Entry("", name, category=name_of(first))


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _pairs(companies: Any) -> list[tuple[str, Any]]:
    items = companies if isinstance(companies, list) else []
    return [(k, v) for item in items if isinstance(item, dict) for k, v in item.items()]


def _leaves(pages: Any) -> list[str]:
    lists = [v for v in pages.values() if isinstance(v, list)] if isinstance(pages, dict) else []
    return [host for hosts in lists for host in hosts if isinstance(host, str)]
