"""A visit's story: a timeline of what happened, and the tree of who asked for what."""

from collections.abc import Sequence
from typing import Any

from overscripted.analyses.scripts_named import SHA256
from overscripted.columns import STR, Column
from overscripted.errors import InputError
from overscripted.explore.model import Asked, Content, Fact, NotFound, Page
from overscripted.explore.settings import STORY_PAGE, TREE_DEPTH
from overscripted.explore.story.asked import Node
from overscripted.explore.story.asked import asked as asked_for
from overscripted.explore.story.chart import chart
from overscripted.explore.story.events import KINDS, Event, Story, story
from overscripted.explore.story.owners import Owners
from overscripted.explore.tables import Cell, cell
from overscripted.explore.views import View
from overscripted.stacks import parse_frame

_BAR = 1000  # units of the drawing of a bar
_FRAMES = 12  # of a stack
# Of each kind the column that says what it was, and the table whose columns it has.
_WHAT = {
    "documents": ("document_url", "frames"),
    "navigations": ("document_url", "navigations"),
    "actions": ("text", "actions"),
    "requests": ("url", "requests"),
    "scripts": ("script_url", "script_refs"),
    "calls": ("symbol", "calls"),
    "cookies": ("name", "cookies"),
    "sockets": ("url", "websocket_messages"),
    "pictures": ("text", "screenshots"),
}


def _answer(asked: Asked) -> Content:
    asked.data.need("visits")
    crawl, number = asked.number("crawl"), asked.number("id")
    visit = asked.data.one("SELECT * FROM visits WHERE crawl_id = ? AND visit_id = ?", [crawl, number])
    if not visit:
        raise NotFound(f"This run has no visit {number} of crawl {crawl}.")
    told = story(asked.data, visit)
    roots, left = asked_for(asked.data, crawl, number)
    domains = [event.domain for event in told.events if event.kind == "requests"]
    owners = Owners(asked.data, visit.get("final_domain") or visit.get("site_domain") or "", domains)
    span = max((event.end or event.at for event in told.events), default=0.0)
    span = max([span, *(at for _, at in _moments(visit))])
    page = visit.get("final_url") or visit.get("site_url") or f"visit {number}"
    keys = {"crawl": str(crawl), "id": str(number)}
    values: dict[str, Any] = {
        "name": page,
        "facts": _facts(asked, visit, told, keys),
        "chart": chart(told.events, span, _moments(visit)),
        "legend": owners.legend,
        "cut": told.cut,
        "pictures": _pictures(asked, told),
        "roots": [_shown(asked, owners, node, 1) for node in roots],
        "left": left,
        **_table(asked, told, owners, span, keys),
    }
    return Content(f"Story: {page}", "story.html.j2", values)


def _moments(visit: dict[str, Any]) -> list[tuple[str, float]]:
    """The moments of a visit, in seconds after its start."""
    start = visit.get("started")
    found = [("load", visit.get("loaded")), ("end", visit.get("ended"))]
    return [
        (name, (at - start).total_seconds()) for name, at in found if at is not None and start is not None
    ]


def _facts(asked: Asked, visit: dict[str, Any], told: Story, keys: dict[str, str]) -> list[Fact]:
    visit_page = asked.links.to("visit", **keys)
    counts = [(kind, sum(event.n for event in told.events if event.kind == kind.name)) for kind in KINDS]
    tables = [
        Fact(kind.name, n, "the first ones" if kind.name in told.cut else "") for kind, n in counts if n
    ]
    return [Fact("visit", str(visit["visit_id"]), visit.get("outcome") or "", visit_page), *tables]


def _table(asked: Asked, told: Story, owners: Owners, span: float, keys: dict[str, str]) -> dict[str, Any]:
    """The events of a kind, or of all, as rows of one page."""
    kind = asked.get("kind")
    if kind and kind not in _WHAT:
        raise InputError(f"kind={kind[:40]}: it is none of {', '.join(_WHAT)}.")
    chosen = [event for event in told.events if kind in ("", event.kind)]
    number = asked.number("_page") if asked.get("_page") else 1
    pages = max(1, -(-len(chosen) // STORY_PAGE))
    if not 1 <= number <= pages:
        raise InputError(f"_page={number}: this story has {pages} pages.")
    first = (number - 1) * STORY_PAGE
    of_kind = {"kind": kind} if kind else {}
    present = {event.kind for event in told.events}
    return {
        "rows": [_row(asked, owners, event, span) for event in chosen[first : first + STORY_PAGE]],
        "total": len(chosen),
        "first": first + 1,
        "kind": kind,
        "kinds": [("", "all", asked.links.to("story", **keys))]
        + [
            (k.name, k.name, asked.links.to("story", **keys, kind=k.name)) for k in KINDS if k.name in present
        ],
        "page": number,
        "pages": pages,
        "turned": lambda n: asked.links.to("story", **keys, **of_kind, _page=str(n)),
    }


def _row(asked: Asked, owners: Owners, event: Event, span: float) -> dict[str, Any]:
    name, table = _WHAT[event.kind]
    scale = _BAR / span if span > 0 else 0.0
    begin = min(max(event.at * scale, 0), _BAR - 4)
    return {
        "at": event.at,
        "took": event.end - event.at if event.end is not None and event.end > event.at else None,
        "kind": next(kind.one for kind in KINDS if kind.name == event.kind),
        "n": event.n,
        "what": _request(asked, event) if event.kind == "requests" else _cell(asked, name, table, event),
        "note": "" if name == "text" else event.what.get("text") or "",
        "by": _cell(asked, "script_url", table, event) if event.kind == "calls" else None,
        "owner": owners.of(event.domain),
        "x": round(begin, 1),
        "width": round(min(max(((event.end or event.at) - event.at) * scale, 4), _BAR - begin), 1),
    }


def _cell(asked: Asked, name: str, table: str, event: Event) -> Cell:
    column = Column(name, STR, "")
    return cell(asked.links, View(table, "", "", (column,), ()), column, {name: "", **event.what})


def _request(asked: Asked, event: Event) -> Cell:
    what = event.what
    found = _cell(asked, "url", "", event)
    href = _request_page(asked, what) if what.get("request_id") else None
    return Cell(found.text, found.title, href, found.kind)


def _request_page(asked: Asked, row: Any) -> str | None:
    keys = {"crawl": str(row["crawl_id"]), "visit": str(row["visit_id"]), "id": str(row["request_id"])}
    return asked.links.to("request", **keys)


def _pictures(asked: Asked, told: Story) -> list[tuple[str | None, str]]:
    """The address of each picture, and what it shows."""
    found = [event.what for event in told.events if event.kind == "pictures"]
    found = [what for what in found if SHA256.fullmatch(what["sha256"] or "")]
    return [(asked.links.to("picture", sha256=what["sha256"]), what["text"]) for what in found]


def _shown(asked: Asked, owners: Owners, node: Node, depth: int) -> dict[str, Any]:
    """A request of the tree with its children; below `TREE_DEPTH` only their number is shown."""
    first = node.first
    return {
        "url": first["url"],
        "href": _request_page(asked, first) if first["request_id"] else None,
        "type": first["resource_type"],
        "how": node.how,
        "status": first["status"] or first["error"],
        "owner": owners.of(first["domain"] or ""),
        "body": asked.links.to("body", sha256=first["body_sha256"]) if first.get("body_sha256") else None,
        "hops": [(hop["url"], hop["status"], owners.of(hop["domain"] or "")) for hop in node.hops[1:]],
        "stack": _stack(asked, first["call_stack"] or ""),
        "children": [_shown(asked, owners, child, depth + 1) for child in node.children]
        if depth < TREE_DEPTH
        else [],
        "below": node.below,
    }


def _stack(asked: Asked, stack: str) -> list[tuple[str, str, str | None, str]]:
    """The first frames of a stack: function, script, the page of the script, and line and column."""
    lines: Sequence[str] = stack.split("\n")[:_FRAMES] if stack else ()
    frames = [parse_frame(line[:4000]) for line in lines]
    return [
        (
            frame.func_name or "(top level)",
            frame.script_url,
            asked.links.to("script", url=frame.script_url) if frame.script_url else None,
            ":".join(part for part in (frame.script_line, frame.script_col) if part),
        )
        for frame in frames
    ]


PAGE = Page("story", _answer)
