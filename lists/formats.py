"""Read list files: hosts files, plain domains, Disconnect's JSON, ad-block host rules, our own JSON.

Files come from anywhere, so a reader accepts any bytes, skips and counts what it does not understand, and
raises only InputError.
"""

import json
import re
from typing import Any, NamedTuple

from overscripted.addresses import is_address
from overscripted.errors import InputError
from overscripted.lists.hosts import Entry
from overscripted.lists.settings import MAX_ENTRIES
from overscripted.text import clean
from overscripted.urls import host as host_of

_NAME = re.compile(r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$")
_LOCAL = {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback"}
_ADBLOCK_HOST = re.compile(r"^\|\|([^/^$*|]+)\^?(?:\$.*)?$")


class Parsed(NamedTuple):
    """The entries of a file, and the number of lines or items that the reader did not understand."""

    entries: list[Entry]
    skipped: int


def host_name(text: str) -> str:
    """A host name as a browser writes it; ``""`` for other text. Ports, paths and wildcards are refused."""
    text = clean(text.strip()).rstrip(".")
    if not text or len(text) > 253 or any(c in text for c in "/:@?#\\ \t"):
        return ""
    name = host_of(f"http://{text}/")
    return name if _NAME.match(name) and len(name) <= 253 else ""


def parse(data: bytes, name: str) -> Parsed:
    """The entries of a list in any of the formats. ``name`` is the file's name, for errors.

    Raises InputError for a file without host names, with too many, or with unknown JSON.
    """
    text = clean(data.decode("utf-8-sig", "replace"))
    parsed = _parse_json(text, name) if text.lstrip().startswith("{") else _parse_lines(text)
    if not parsed.entries:
        raise InputError(
            f"{name}: holds no host names; a list is a hosts file, one domain per line, ad-block host rules, "
            "Disconnect's services.json, or our own JSON"
        )
    if len(parsed.entries) > MAX_ENTRIES:
        raise InputError(
            f"{name}: {len(parsed.entries)} entries, more than {MAX_ENTRIES}; give a smaller list"
        )
    return parsed


def _parse_lines(text: str) -> Parsed:
    """Lines of hosts files (``0.0.0.0 host``), plain domains and ad-block rules; a file may mix them."""
    entries: list[Entry] = []
    skipped = 0
    adblock = text.lstrip().lower().startswith("[adblock")
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith(("#", "!", "[")):
            continue
        # In an ad-block list "track.php" is a part of a URL, elsewhere a host name.
        hosts = _hosts_of_line(line) if not adblock or line.startswith("||") else None
        if hosts is None:
            skipped += 1
        entries.extend(Entry(host) for host in hosts or ())
    return Parsed(entries, skipped)


def _hosts_of_line(line: str) -> list[str] | None:
    """The host names on one line; None for a line of no format, empty for names of this machine."""
    if line.startswith("@@"):
        return None  # an exception of an ad-block list names no tracker
    if rule := _ADBLOCK_HOST.match(line):
        # "||bc.geocities." blocks hosts with this beginning and any suffix: it names no host.
        name = "" if rule.group(1).endswith(".") else host_name(rule.group(1))
        return [name] if name else None
    words = line.partition("#")[0].split()
    if len(words) > 1 and is_address(words[0]):
        names = [host_name(w) for w in words[1:] if w.lower() not in _LOCAL and not is_address(w)]
        return [n for n in names if n] if all(names) else None
    if len(words) == 1:
        name = host_name(words[0])
        return [name] if name else None
    return None


def _parse_json(text: str, name: str) -> Parsed:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{name}: begins like JSON but is not valid JSON ({error}); fetch the list again"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("categories"), dict):
        return _disconnect(content["categories"])
    if isinstance(content, dict) and isinstance(content.get("entries"), list):
        return _ours(content["entries"])
    raise InputError(
        f"{name}: JSON of an unknown list (neither 'categories' nor 'entries'); name another file"
    )


def _ours(items: list[Any]) -> Parsed:
    entries: list[Entry] = []
    for item in items:
        fields = item if isinstance(item, dict) else {}
        host = host_name(fields["domain"]) if isinstance(fields.get("domain"), str) else ""
        if host:
            sets = fields.get("sets")
            named = tuple(s for s in sets if isinstance(s, str)) if isinstance(sets, list) else ()
            entries.append(Entry(host, _text(fields.get("provider")), named))
    return Parsed(entries, len(items) - len(entries))


def _disconnect(categories: dict[str, Any]) -> Parsed:
    """Disconnect's services list: category, then owner, then home page, then hosts."""
    entries: list[Entry] = []
    skipped = 0
    for category, owners in categories.items():
        for owner, pages in _pairs(owners):
            for host in _leaves(pages):
                name = host_name(host)
                skipped += not name
                if name:
                    entries.append(Entry(name, clean(owner), (clean(category),)))
    return Parsed(entries, skipped)


def _pairs(owners: Any) -> list[tuple[str, Any]]:
    items = owners if isinstance(owners, list) else []
    return [(k, v) for item in items if isinstance(item, dict) for k, v in item.items()]


def _leaves(pages: Any) -> list[str]:
    lists = [v for v in pages.values() if isinstance(v, list)] if isinstance(pages, dict) else []
    return [host for hosts in lists for host in hosts if isinstance(host, str)]


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""
