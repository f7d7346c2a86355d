"""Read list files: hosts files, plain domains, ad-block host rules, our own JSON, lists of who owns what.

Files come from anywhere, so a reader accepts any bytes, skips and counts what it does not understand, and
raises only InputError.
"""

import json
import re
from typing import Any

from overscripted.addresses import is_address
from overscripted.errors import InputError
from overscripted.lists import owners, trackerdb
from overscripted.lists.host_names import host_name
from overscripted.lists.hosts import Entry, Parsed
from overscripted.lists.settings import MAX_ENTRIES
from overscripted.text import clean

_LOCAL = {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback"}
_JSON = re.compile(r"\{|\[\s*\{")  # "[Adblock Plus 2.0]" is the beginning of an ad-block list
_BEGINNING = 2000  # characters by which a format is known
_ADBLOCK_HOST = re.compile(r"^\|\|([^/^$*|]+)\^?(?:\$.*)?$")


def parse(data: bytes, name: str) -> Parsed:
    """The entries of a list in any of the formats. ``name`` is the file's name, for errors.

    Raises InputError for a file without host names, with too many, or with unknown JSON.
    """
    text = clean(data.decode("utf-8-sig", "replace"))
    begin = text.lstrip()[:_BEGINNING]
    if _JSON.match(begin):
        parsed = _parse_json(text, name)
    elif trackerdb.begins(begin):
        parsed = trackerdb.parse(text, name)
    else:
        parsed = _parse_lines(text)
    if not parsed.entries:
        raise InputError(
            f"{name}: holds no host names; a list is a hosts file, one domain per line, ad-block host rules, "
            "a list of owners (see docs/guide/lists.md), or our own JSON"
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
    if isinstance(content, dict) and isinstance(content.get("entries"), list):
        return _ours(content["entries"])
    if found := owners.read(content):
        return found
    raise InputError(
        f"{name}: JSON of an unknown list (no 'categories', 'entities' or 'entries'); name another file"
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


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""
