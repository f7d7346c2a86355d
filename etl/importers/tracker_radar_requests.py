"""Requests in a site's file of tracker-radar-collector, as rows of raw ``requests``."""

import json
import re
from collections import defaultdict
from typing import Any

from overscripted.etl.importers.resource_types import DOCUMENT, resource_type
from overscripted.foreign.values import address, text, whole

Row = dict[str, Any]

# Columns that `Requests.row` fills, beside response_headers, of which the collector keeps some only.
COLUMNS = (
    *("frame_id", "parent_frame_id", "top_level_url", "request_id", "hop", "url", "method", "resource_type"),
    *("status", "error", "ip", "body_sha256", "redirect_url"),
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAIN, SUB = "main_frame", "sub_frame"


class Unfit(Exception):
    """An element that is no request; the message tells why."""


class Requests:
    """The requests of one site, in their order: a redirect joins the requests of its hops."""

    def __init__(self, initial_url: str | None, final_url: str | None) -> None:
        self._pages = {initial_url, final_url} - {None}
        self._final_url = final_url
        self._n = 0
        self.status: int | None = None  # of the document that was visited
        self.error = ""
        # The two URLs of a redirect -> request, hop, and whether it is the page's document.
        self._awaited: defaultdict[tuple[str, str], list[tuple[str, int, bool]]] = defaultdict(list)

    def row(self, request: Any) -> Row:
        """A row. Raises Unfit where it is no request."""
        if not isinstance(request, dict):
            raise Unfit("no object")
        url = request.get("url")
        if not isinstance(url, str) or not url:
            raise Unfit("without a URL")
        url = text(url) or ""
        request_id, hop, of_page = self._number(request, url)
        kind = self._kind(request, url, of_page)
        target = text(request.get("redirectedTo")) or None
        if target:
            self._awaited[url, target].append((request_id, hop, kind == MAIN))
        status = whole(request.get("status"))
        error = text(request.get("failureReason")) or ""
        if kind == MAIN:
            self.status, self.error = status, error
        sha256 = text(request.get("responseBodyHash")) or ""
        headers = request.get("responseHeaders")
        return {
            "frame_id": 0 if kind == MAIN else None,
            "parent_frame_id": -1 if kind == MAIN else None,
            "top_level_url": self._final_url,
            "request_id": request_id,
            "hop": hop,
            "url": url,
            "method": text(request.get("method")),
            "resource_type": kind,
            "status": status,
            "error": error,
            "ip": address(request.get("remoteIPAddress")),
            "response_headers": json.dumps(headers_of(headers), ensure_ascii=False) if headers else None,
            "body_sha256": sha256 if kind == "script" and _SHA256.fullmatch(sha256) else None,
            "redirect_url": target,
        }

    def _number(self, request: Row, url: str) -> tuple[str, int, bool]:
        waiting = self._awaited.get((text(request.get("redirectedFrom")) or "", url))
        if waiting:
            request_id, hop, of_page = waiting.pop(0)
            return request_id, hop + 1, of_page
        self._n += 1
        return f"request {self._n - 1}", 0, False

    def _kind(self, request: Row, url: str, of_page: bool) -> str | None:
        kind = resource_type(request.get("type"))
        if kind == DOCUMENT:
            return MAIN if of_page or url in self._pages else SUB
        return kind


def headers_of(headers: Any) -> list[tuple[str, str]]:
    """Pairs of name and value from an object of headers; none where it is anything else."""
    found = headers if isinstance(headers, dict) else {}
    return [(text(name) or "", text(value) or "") for name, value in found.items()]
