"""Which links of a page the crawl follows: none that ends a session, buys, downloads or leaves the site.

Our own rules (``builtin/followed_links.json``) know words in many languages, and endings of files.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import ada_url

from overscripted import urls

_FILE = Path(__file__).parent / "builtin" / "followed_links.json"
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+|[^\W_]+")


def objection(url: str, text: str, page_url: str) -> str:
    """Why a link of a page is not followed, such as "ends a session"; empty if it is.

    ``text`` is what the link shows. Both come from the page.
    """
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return "is no address"
    if parsed.protocol not in ("http:", "https:") or parsed.username or parsed.password:
        return "is no address of a page"
    site = urls.domain(page_url)
    if not site or urls.domain(url) != site:
        return "leaves the site"
    if urls.without_fragment(url) == urls.without_fragment(page_url):
        return "leads to the same page"
    segments = unquote(parsed.pathname).split("/")
    if _ending(segments[-1]) in _rules()["files"]:
        return "leads to a file"
    query = parse_qsl(parsed.search.removeprefix("?"), keep_blank_values=True)
    if any(urls.on_network(value) and urls.domain(value) != site for _name, value in query):
        return "leads to another site"
    return next(filter(None, map(_meaning, _words_of(segments, query, text))), "")


def _words_of(segments: Iterable[str], query: Iterable[tuple[str, str]], text: str) -> Iterator[str]:
    """What may be a word: the segments of the path, the parts of the query, the text."""
    for segment in segments:
        yield segment.rpartition(".")[0] if _ending(segment) in _rules()["page_endings"] else segment
    for name, value in query:
        yield name
        yield from value.split("/")
    yield text


def _ending(segment: str) -> str:
    return segment.rpartition(".")[2].lower() if "." in segment else ""


def _meaning(text: str) -> str:
    """What a text says that a link does; empty if it is none of the words."""
    if len(text) > _rules()["longest"]:
        return ""
    meanings: dict[str, str] = _rules()["meanings"]
    return meanings.get(_joined(text)) or meanings.get(_joined(text, _rules()["fillers"])) or ""


def _joined(text: str, fillers: Iterable[str] = ()) -> str:
    """The words of a text, in lower case and without what separates them: ``Log-Out`` is ``logout``."""
    words = [word.lower() for word in _WORD.findall(text)]
    return "".join(word for word in words if word not in fillers)


@cache
def _rules() -> dict[str, Any]:
    data = json.loads(_FILE.read_text("utf-8"))
    meanings = {
        _joined(word): meaning
        for meaning, languages in data["words"].items()
        for words in languages.values()
        for word in words
    }
    sets = {name: frozenset(data[name]) for name in ("fillers", "page_endings", "files")}
    return {"meanings": meanings, "longest": 4 * max(map(len, meanings)), **sets}
