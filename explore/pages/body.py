"""The body of a script: laid out, with its calls at their lines, and everyone who has it."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from overscripted.errors import InputError
from overscripted.explore.body.layout import Layout, as_it_came, laid_out
from overscripted.explore.body.marks import Mark, Marks, marks
from overscripted.explore.body.served import served
from overscripted.explore.model import Asked, Content, Fact, NotFound, Page
from overscripted.explore.settings import BODIES_KEPT, BODY_AT_ONCE, BODY_LINE, BODY_LINES, LINES_LISTED

_KEPT: OrderedDict[tuple[str, str], Layout] = OrderedDict()  # the last ones by run and SHA-256
LARGE = f"it has more than {BODY_AT_ONCE:,} bytes"
_LOCK = Lock()  # one layout at a time: it takes a core


@dataclass(frozen=True)
class Line:
    """A line: its number, the parts of its text with their kinds, how much of it is left out, its calls."""

    number: int
    parts: list[tuple[str, str]]
    left: int
    marks: list[Mark]


def _answer(asked: Asked) -> Content:
    asked.data.need("scripts")
    sha256 = asked.need("sha256")
    found = asked.data.one("SELECT sha256, size, content FROM scripts WHERE sha256 = ? LIMIT 1", [sha256])
    if not found:
        raise NotFound(f"This run has no script with the SHA-256 {sha256[:64]}.")
    url = asked.first(
        """SELECT url FROM requests WHERE body_sha256 = ?
        GROUP BY url ORDER BY count(*) DESC, url LIMIT 1""",
        [sha256],
        "requests",
    ).get("url")
    values: dict[str, Any] = {"name": url or sha256, "sha256": sha256, "sections": served(asked, sha256)}
    about = asked.links.to("script", sha256=sha256)
    facts = [Fact("SHA-256", sha256, "", about), Fact("bytes", found["size"])]
    if found["content"] is None:
        return Content(f"Body: {url or sha256}", "body.html.j2", {**values, "facts": facts, "body": None})
    body = _layout(asked, sha256, found["content"])
    known = marks(asked.data, sha256, body)
    page, first = _page(asked, body)
    facts += [Fact("lines", len(body.begins)), Fact("calls marked", known.n)]
    values |= {
        "facts": facts,
        "body": body,
        "marks": known,
        "lines": _lines(body, known, first),
        "lay_out": asked.links.to("body", sha256=sha256, _layout="yes") if body.why == LARGE else None,
        "page": page,
        "pages": _pages(body),
        "symbols": [_use(asked, sha256, *one) for one in known.symbols],
        "turned": lambda number: asked.links.to("body", sha256=sha256, _page=str(number)),
    }
    return Content(f"Body: {url or sha256}", "body.html.j2", values)


def _use(asked: Asked, sha256: str, symbol: str, n: int, lines: list[int]) -> dict[str, Any]:
    """A symbol in the list beside the body, with its first lines."""
    first = [(line, _href(asked, sha256, line)) for line in lines[:LINES_LISTED]]
    href = asked.links.to("symbol", name=symbol)
    return {"symbol": symbol, "n": n, "href": href, "lines": first, "more": len(lines) - len(first)}


def _layout(asked: Asked, sha256: str, content: bytes) -> Layout:
    """The body laid out; a large one only once somebody has asked for that."""
    run = asked.data.run.store.url
    if len(content) > BODY_AT_ONCE and not asked.get("_layout") and (run, sha256) not in _KEPT:
        return as_it_came(content, LARGE)
    return _kept(run, sha256, content)


def _kept(run: str, sha256: str, content: bytes) -> Layout:
    with _LOCK:
        if (run, sha256) not in _KEPT:
            _KEPT[run, sha256] = laid_out(content)
        _KEPT.move_to_end((run, sha256))
        while len(_KEPT) > BODIES_KEPT:
            _KEPT.popitem(last=False)
        return _KEPT[run, sha256]


def _pages(body: Layout) -> int:
    return -(-len(body.begins) // BODY_LINES)


def _page(asked: Asked, body: Layout) -> tuple[int, int]:
    """The page that the address asks for, and its first line."""
    page = asked.number("_page") if asked.get("_page") else 1
    if not 1 <= page <= _pages(body):
        raise InputError(f"_page={page}: this body has {_pages(body)} pages.")
    return page, (page - 1) * BODY_LINES + 1


def _lines(body: Layout, known: Marks, first: int) -> list[Line]:
    found = []
    for number, parts in enumerate(body.lines(first, first + BODY_LINES - 1), first):
        shown, left = [], BODY_LINE
        for kind, text in parts:
            shown.append((kind, text[: max(left, 0)]))
            left -= len(text)
        found.append(Line(number, [p for p in shown if p[1]], max(-left, 0), known.lines.get(number, [])))
    return found


def _href(asked: Asked, sha256: str, line: int) -> str:
    page = (line - 1) // BODY_LINES + 1
    return f"{asked.links.to('body', sha256=sha256, _page=str(page))}#L{line}"


PAGE = Page("body", _answer)
