"""Entries of a HAR file as raw rows: requests, their bodies, cookies, stacks, and messages of sockets."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable

from overscripted import mime
from overscripted.etl.importers import set_cookies
from overscripted.etl.importers.har_exchange import Exchange, lower_names
from overscripted.etl.importers.har_pages import Page, Row
from overscripted.etl.importers.resource_types import DOCUMENT
from overscripted.foreign import har_bodies
from overscripted.foreign.contents import Contents
from overscripted.foreign.values import address, text, whole
from overscripted.stacks import innermost

COLUMNS = (
    *("crawl_id", "visit_id", "attempt", "frame_id", "parent_frame_id", "top_level_url", "request_id", "hop"),
    *("url", "method", "resource_type", "document_url", "status", "error", "ip", "http_version"),
    *("from_cache", "request_headers", "response_headers", "size", "body_sha256", "redirect_url"),
    *("time_stamp", "ended"),
)
MAIN, SUB = "main_frame", "sub_frame"


class Unfit(Exception):
    """An entry that is no request; the message tells why."""


class Entries:
    """Turns the entries of one file into rows, in their order: a redirect joins the requests of its hops."""

    def __init__(
        self,
        ids: Callable[[Page], Row],
        keep: Callable[[str, Row], None],
        contents: Contents,
        attached: Callable[[str], bytes | None],
        tells_cache: bool,
    ) -> None:
        """``tells_cache``: the program names what came from its cache, so that nothing else did."""
        self._ids, self._keep, self._contents, self._attached = ids, keep, contents, attached
        self._tells_cache = tells_cache
        self._n = 0
        self._hops: Counter[tuple[int, str]] = Counter()
        # Visit and URL that a redirect leads to -> request, hop, and whether it is the top document's.
        self._awaited: defaultdict[tuple[int, str], list[tuple[str, int, bool]]] = defaultdict(list)

    def take(self, entry: Row, page: Page) -> list[str]:
        """Keep the rows of an entry; what of it cannot be kept. Raises Unfit where it is no request."""
        request, response = entry.get("request"), entry.get("response")
        if not isinstance(request, dict):
            raise Unfit("without a request")
        url = request.get("url")
        if not isinstance(url, str) or not url:
            raise Unfit("without a URL")
        exchange = Exchange(entry, request, response if isinstance(response, dict) else {}, text(url) or "")
        request_id, hop, of_document = self._number(exchange, page)
        kind = self._kind(exchange, page, hop, of_document)
        self._n += 1
        self._await(exchange, page, request_id, hop, kind)
        if kind == MAIN and self._is_of_page(exchange, page, request_id):
            _see_document(page, exchange)
        _see(page, exchange)
        ids = self._ids(page)
        named = ids | {"request_id": request_id, "hop": hop}
        lost: list[str] = []
        body_sha256 = self._received(exchange, kind, named, lost)
        self._sent(exchange, named, lost)
        self._keep("requests", named | self._row(exchange, kind, page) | {"body_sha256": body_sha256})
        for row in set_cookies.rows(exchange.response_headers, exchange.url, exchange.began):
            self._keep("cookies", ids | row)
        if hop == 0 and (stack := exchange.stack()):
            where = {"request_id": request_id, "call_stack": stack, "script_url": innermost(stack).script_url}
            self._keep("callstacks", ids | where)
        for ordinal, message in enumerate(exchange.messages(self._attached)):
            socket = {"request_id": request_id, "url": exchange.url, "ordinal": ordinal}
            self._keep("websocket_messages", ids | socket | message)
        return lost

    def _is_of_page(self, exchange: Exchange, page: Page, request_id: str) -> bool:
        """Whether a document is that of the page's tab: ours has pop-ups, too, which are no frame 0."""
        return not whole(exchange.entry.get("_frameId"))

    def _number(self, exchange: Exchange, page: Page) -> tuple[str, int, bool]:
        """The request's number, its hop, and whether a hop before it was the top document's."""
        waiting = self._awaited.pop((page.number, exchange.url), [])
        earlier = waiting.pop(0) if waiting else None
        if waiting:
            self._awaited[page.number, exchange.url] = waiting
        if own := exchange.own_number():
            hop = self._hops[page.number, own]
            self._hops[page.number, own] += 1
            return own, hop, bool(earlier and earlier[2])
        return (earlier[0], earlier[1] + 1, earlier[2]) if earlier else (f"entry {self._n}", 0, False)

    def _await(self, exchange: Exchange, page: Page, request_id: str, hop: int, kind: str | None) -> None:
        if exchange.redirect_url:
            self._awaited[page.number, exchange.redirect_url].append((request_id, hop, kind == MAIN))

    def _kind(self, exchange: Exchange, page: Page, hop: int, of_document: bool) -> str | None:
        """What it was for. A page's first document, and the hops of its redirect, are its own document."""
        kind = exchange.kind
        if kind == MAIN or (of_document and hop):
            return MAIN
        if kind == DOCUMENT:
            return SUB if page.shows_document and exchange.url != page.site else MAIN
        if kind is None and not page.entries and exchange.may_be_document():
            return MAIN
        return kind

    def _row(self, exchange: Exchange, kind: str | None, page: Page) -> Row:
        response, is_top = exchange.response, kind == MAIN
        answered = exchange.status is not None
        size = whole(exchange.content.get("size"))
        return {
            "frame_id": whole(exchange.entry.get("_frameId", 0 if is_top else None)),
            "parent_frame_id": whole(exchange.entry.get("_parentFrameId", -1 if is_top else None)),
            "top_level_url": text(exchange.entry.get("_topLevelUrl")) or page.final_url or page.site,
            "url": exchange.url,
            "method": text(exchange.request.get("method")),
            "resource_type": kind,
            "document_url": text(exchange.entry.get("_documentUrl")) or None,
            "status": exchange.status,
            "error": text(response.get("_error")) or text(response.get("_failureText")) or "",
            "ip": address(exchange.entry.get("serverIPAddress")),
            "http_version": exchange.version() if answered else None,
            "from_cache": self._from_cache(exchange.entry),
            "request_headers": json.dumps(exchange.request_headers, ensure_ascii=False),
            "response_headers": json.dumps(exchange.response_headers, ensure_ascii=False)
            if answered
            else None,
            "size": size if answered and size is not None and size >= 0 else None,
            "redirect_url": exchange.redirect_url,
            "time_stamp": exchange.began,
            "ended": exchange.ended,
        }

    def _from_cache(self, entry: Row) -> bool | None:
        if "_fromCache" in entry:
            return bool(entry["_fromCache"])
        return False if self._tells_cache else None

    def _received(self, exchange: Exchange, kind: str | None, named: Row, lost: list[str]) -> str | None:
        """Keep the response's body; its SHA-256 if it is a script's."""
        try:
            body = har_bodies.received(exchange.content, self._attached)
        except har_bodies.Unkept as error:
            lost.append(f"body of a response: {error}")
            return None
        if body is None or (exchange.status is None and not body) or kind == "websocket":
            return None
        essence = exchange.mime_type()
        if kind == "script" or (kind is None and essence in mime.JAVASCRIPT):
            return self._contents.add(body, "scripts")
        if body:
            sha256 = self._contents.add(body)
            row = {"content_type": essence, "size": len(body), "sha256": sha256}
            self._keep("response_bodies", named | row)
        return None

    def _sent(self, exchange: Exchange, named: Row, lost: list[str]) -> None:
        try:
            sent = har_bodies.sent(exchange.request, self._attached)
        except har_bodies.Unkept as error:
            lost.append(f"body of a request: {error}")
            return
        if sent is not None:
            columns, body = sent
            sha256 = None if body is None else self._contents.add(body)
            row = {**columns, "sha256": sha256, "time_stamp": exchange.began}
            self._keep("request_bodies", named | row)


def _see_document(page: Page, exchange: Exchange) -> None:
    page.final_url, page.status = exchange.url, exchange.status
    page.error = text(exchange.response.get("_error")) or text(exchange.response.get("_failureText")) or ""
    page.site, page.is_answered = page.site or exchange.url, bool(exchange.response)


def _see(page: Page, exchange: Exchange) -> None:
    page.entries += 1
    page.user_agent = page.user_agent or dict(lower_names(exchange.request_headers)).get("user-agent")
    end = exchange.ended or exchange.began
    page.started = page.started or exchange.began
    if end and (page.ended is None or end > page.ended):
        page.ended = end
