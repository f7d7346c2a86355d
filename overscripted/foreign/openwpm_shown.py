"""The page that each visit of OpenWPM showed at its end: its address, status and browser.

OpenWPM has no column for it. It is the last document of the tab in which the visit's first document came, by
``navigations`` (since 2018-12), else by the answers to requests for documents.
"""

from dataclasses import dataclass
from typing import Any

from overscripted.foreign.openwpm_sent import headers_of
from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.openwpm_visits import VisitName, visit_name
from overscripted.foreign.values import text, whole
from overscripted.urls import on_network

_MAIN = "main_frame"


@dataclass
class Shown:
    """The page of one visit as far as it is known."""

    tab: Any
    final_url: str | None = None
    http_status: int | None = None
    user_agent: str | None = None


class ShownPages:
    """The pages of a data set's visits, a few values each, from rows in the order of writing."""

    def __init__(self) -> None:
        self._pages: dict[VisitName, Shown] = {}

    def request(self, row: Row, ours: Row) -> None:
        """See a row of ``http_requests``. ``ours``: its columns in our table."""
        if ours["resource_type"] != _MAIN or whole(row.get("frame_id")):
            return
        page = self._page(row)
        if page is None:
            return
        page.user_agent = page.user_agent or headers_of(row.get("headers")).get("user-agent") or None
        if ours["status"] is not None and not ours["redirect_url"]:
            page.final_url, page.http_status = text(row.get("url")), ours["status"]

    def navigation(self, row: Row) -> None:
        """See a row of ``navigations``."""
        url = text(row.get("url")) or ""
        came = row.get("committed_time_stamp") and on_network(url)
        page = self._page(row) if came and whole(row.get("frame_id")) == 0 else None
        if page:
            page.final_url = url

    def columns(self, visit: VisitName) -> Row:
        """The columns of ``visits`` that the page fills."""
        page = self._pages.get(visit) or Shown(None)
        return {"final_url": page.final_url, "http_status": page.http_status, "user_agent": page.user_agent}

    def _page(self, row: Row) -> Shown | None:
        """The page that a row is about; None where it is about another tab."""
        tab = whole(row.get("tab_id"))
        page = self._pages.setdefault(visit_name(row), Shown(tab))
        return page if page.tab == tab else None
