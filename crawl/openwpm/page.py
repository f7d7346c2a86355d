"""What OpenWPM's records say of the visited page: its status, headers, address and browser."""

from dataclasses import dataclass, field
from typing import Any

from overscripted.foreign.openwpm_sent import headers_of
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.values import text, whole
from overscripted.lists.challenges import SeenPage

_MOST_FRAMES = 100  # of the page, that the rules for challenges look at


@dataclass
class Page:
    """The page that was shown at the end."""

    status: int | None = None
    final_url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    user_agent: str = ""
    frames: set[str] = field(default_factory=set)
    last_asked: str = ""  # the address of the page's last request, answered or not

    def seen(self) -> SeenPage:
        """The page as the rules for challenges look at it. OpenWPM does not tell its title."""
        return SeenPage(self.status, self.headers, self.final_url, "", sorted(self.frames))


def read(rows: Source) -> Page:
    """The visited page: that of the tab in which the first document was asked for."""
    page, tab = Page(), None
    answers = {_exchange(row): row for row in rows.rows("http_responses")}
    for row in rows.rows("http_requests"):
        if row.get("resource_type") != "main_frame":
            continue
        tab = row.get("tab_id") if tab is None else tab
        if row.get("tab_id") != tab or whole(row.get("frame_id")) != 0:
            continue
        page.last_asked = text(row.get("url")) or ""
        page.user_agent = page.user_agent or headers_of(row.get("headers")).get("user-agent", "")
        if answer := answers.get(_exchange(row)):
            page.status = whole(answer.get("response_status"))
            page.headers = headers_of(answer.get("headers"))
            page.final_url = page.last_asked
    for row in rows.rows("navigations"):
        url = text(row.get("url")) or ""
        if row.get("tab_id") != tab or row.get("committed_time_stamp") is None:
            continue
        if whole(row.get("frame_id")) == 0 and url.startswith("http"):
            page.final_url = url
            page.frames.clear()
        elif whole(row.get("parent_frame_id")) == 0 and len(page.frames) < _MOST_FRAMES:
            page.frames.add(url)
    return page


def _exchange(row: Row) -> tuple[Any, Any]:
    return row.get("request_id"), row.get("url")
