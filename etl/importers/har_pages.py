"""The visits of a HAR file: one per page; one for all entries of a file without pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from overscripted import urls
from overscripted.foreign.ids import visit_id
from overscripted.foreign.values import moment, text
from overscripted.outcomes import Outcome

Row = dict[str, Any]

COLUMNS = (
    *("crawl_id", "visit_id", "attempt", "site_url", "variant", "outcome", "error", "final_url"),
    *("http_status", "title", "started", "loaded", "ended", "user_agent"),
)
_INCOMPLETE = "incomplete"  # an outcome of imports alone
_SITES = ("_seed", "_URL", "title")


@dataclass
class Page:
    """A visit while its entries are read."""

    number: int
    site: str | None = None
    outcome: str | None = None  # if the file tells
    variant: str | None = None
    title: str | None = None
    started: datetime | None = None
    loaded: datetime | None = None
    ended: datetime | None = None
    final_url: str | None = None  # of the top document so far
    status: int | None = None
    error: str = ""
    user_agent: str | None = None
    entries: int = 0
    is_answered: bool = False  # the file says what came of the request for the document

    @property
    def shows_document(self) -> bool:
        """Whether the request for the page's own document was read."""
        return self.final_url is not None

    def row(self, crawl_id: int, browser: str | None) -> Row:
        """The visit as a row of raw ``visits``."""
        return {
            "crawl_id": crawl_id,
            "visit_id": self.number,
            "attempt": 1,
            "site_url": self.site or self.final_url,
            "variant": self.variant or "",
            "outcome": self.outcome or self._outcome(),
            "error": self.error,
            "final_url": self.final_url or self.site,
            "http_status": self.status,
            "title": self.title,
            "started": self.started,
            "loaded": self.loaded,
            "ended": self.ended,
            "user_agent": self.user_agent or browser,
        }

    def _outcome(self) -> str:
        """How the visit ended, by the answer to the request for its document."""
        if not self.shows_document or not self.is_answered:
            return _INCOMPLETE
        if not self.status:
            return Outcome.NET_ERROR
        return Outcome.HTTP_ERROR if self.status >= 400 else Outcome.COMPLETE


class Pages:
    """The pages of one file, by their ids."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._by_id: dict[str, Page] = {}
        self._rest: Page | None = None  # of entries of no page

    def add(self, page: Any) -> bool:
        """Add a page of ``log.pages``; False where it is no page."""
        name = text(page.get("id")) if isinstance(page, dict) else None
        if not name:
            return False
        self._by_id.setdefault(name, self._page(name, page))
        return True

    def of(self, entry: Row) -> Page:
        """The page of an entry. A file's only page has the entries that name none."""
        name = text(entry.get("pageref"))
        if name in self._by_id:
            return self._by_id[name]
        if len(self._by_id) == 1 and not name:
            return next(iter(self._by_id.values()))
        if self._rest is None:
            self._rest = Page(visit_id("har", self._file))
        return self._rest

    def all(self) -> list[Page]:
        """The pages in the order of the file; at the end the one of entries of no page."""
        return [*self._by_id.values(), *([self._rest] if self._rest else [])]

    def _page(self, name: str, page: Row) -> Page:
        sites = [url for key in _SITES if (url := text(page.get(key))) and urls.on_network(url)]
        started, title = began(page), text(page.get("title"))
        timings = page.get("pageTimings")
        return Page(
            visit_id("har", self._file, name),
            site=text(page.get("_seed")) or next(iter(sites), None),
            outcome=text(page.get("_outcome")),
            variant=text(page.get("_variant")),
            title=title if title and not urls.on_network(title) else None,
            started=started,
            loaded=later(started, timings.get("onLoad")) if isinstance(timings, dict) else None,
        )


def began(of: Row) -> datetime | None:
    """When a page or an entry began; None where its program says that it is unknown, as the format cannot."""
    return None if of.get("_timeUnknown") is True else moment(of.get("startedDateTime"))


def later(moment_: datetime | None, milliseconds: Any) -> datetime | None:
    """A time some milliseconds later; None where either is unknown (HAR writes -1)."""
    if moment_ is None or isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return moment_ + timedelta(milliseconds=milliseconds) if milliseconds >= 0 else None
    except (OverflowError, ValueError):
        return None
