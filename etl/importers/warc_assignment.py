"""Gives each response of an archive to a page, in the order of time."""

from typing import Any
from urllib.parse import urljoin

from overscripted.etl.importers import warc_pages
from overscripted.etl.importers.har_entries import MAIN
from overscripted.etl.importers.har_pages import Page
from overscripted.etl.importers.warc_index import Index, as_object
from overscripted.foreign.ids import visit_id
from overscripted.foreign.values import moment, text, whole
from overscripted.warc.navigation import is_navigation

_MOST_WAITING = 10_000  # redirects whose target has not come yet
_MOST_HOPS = 50
_MOST_VISIT_ID = 2**53


class Assignment:
    """The pages of an archive. ``more`` has columns of visits that only our archives know."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.more: dict[int, dict[str, Any]] = {}  # by the place in ``pages``
        self._by_name: dict[str, int] = {}
        self._by_url: dict[str, list[int]] = {}  # of a list, without records that name their page
        self._rest: int | None = None
        self._newest: int | None = None
        self._waiting: dict[str, list[tuple[int, int, str]]] = {}  # target -> hops: source, offset, URL

    def add_listed(self, page: dict[str, Any]) -> None:
        """Add a page of a WACZ file's list."""
        name, url = warc_pages.page_name(page.get("id")), text(page.get("url")) or ""
        if name in self._by_name:
            return
        number = visit_id("warc", name or len(self.pages), url)
        at = self._add(Page(number, site=url, title=text(page.get("title")), started=moment(page.get("ts"))))
        if name:
            self._by_name[name] = at
        self._by_url.setdefault(url, []).append(at)

    def add_ours(self, name: str, visit: dict[str, Any]) -> None:
        """Add a visit as its record in our archive says. Of several attempts at it the last one counts."""
        number, attempt = whole(visit.get("visit_id")), whole(visit.get("attempt")) or 1
        at = self._by_name.get(name)
        if at is not None and attempt <= self.more.get(at, {}).get("attempt", 0):
            return
        page = Page(
            number if number is not None and 0 <= number < _MOST_VISIT_ID else visit_id("warc", name),
            site=text(visit.get("site_url")),
            outcome=text(visit.get("outcome")),
            variant=text(visit.get("variant")),
            title=text(visit.get("title")),
            started=moment(visit.get("started")),
        )
        if at is None:
            at = self._by_name[name] = self._add(page)
        self.pages[at] = page
        numbers = {key: whole(visit.get(key)) for key in ("wave", "parent_visit_id")}
        self.more[at] = {"attempt": attempt, **numbers}
        if final_url := text(visit.get("final_url")):
            self.more[at]["final_url"] = final_url

    def final_urls(self) -> dict[int, str]:
        """Where visits ended, as our archives say, without fragments; by the number of the visit."""
        told = ((self.pages[at].number, more.get("final_url")) for at, more in self.more.items())
        return {number: url.partition("#")[0] for number, url in told if url}

    def run(self, index: Index) -> None:
        """Give each response of the index to a page."""
        for source, offset, url, record, answers, name, status, kind, target, about in index.responses():
            asked = index.request(record, answers, name, url)
            request = asked.lower()
            navigated = is_navigation(url, asked.method, request, status, kind)
            if name:
                at = self._named(name)
                told = (asked.about | as_object(about)).get("resource_type")  # by our archives
                is_document = told == MAIN if told else navigated or url == self.pages[at].site
                index.assign(source, offset, at, is_document, url)
            elif navigated and target and status and 300 <= status < 400:
                self._wait(source, offset, url, target)
            elif (page := self._document(url, navigated)) is not None:
                for hop in [*self._waiting.pop(url, []), (source, offset, url)]:
                    index.assign(*hop[:2], page, True, hop[2])
                self._newest = page
            else:
                for hop in [*self._waiting.pop(url, []), (source, offset, url)]:
                    self._give(index, *hop, request.get("referer", ""))
        for hops in self._waiting.values():
            for hop in hops:
                self._give(index, *hop, "")
        self._waiting.clear()

    def _add(self, page: Page) -> int:
        self.pages.append(page)
        return len(self.pages) - 1

    def _named(self, name: str) -> int:
        if name not in self._by_name:
            self._by_name[name] = self._add(Page(visit_id("warc", name)))
        return self._by_name[name]

    def _wait(self, source: int, offset: int, url: str, target: str) -> None:
        """Keep a redirect until the document that it leads to says which page it was for."""
        hops = [*self._waiting.pop(url, []), (source, offset, url)][-_MOST_HOPS:]
        if len(self._waiting) < _MOST_WAITING:
            self._waiting[_joined(url, target)] = hops

    def _document(self, url: str, navigated: bool) -> int | None:
        """The page whose document has this URL: a listed one, else a new one if it was navigated to."""
        if self._by_url:
            asked = [url, *(hop[2] for hop in self._waiting.get(url, []))]
            found = next((self._by_url[one] for one in asked if self._by_url.get(one)), None)
            return found.pop(0) if found else None
        return self._add(Page(visit_id("warc", len(self.pages), url), site=None)) if navigated else None

    def _give(self, index: Index, source: int, offset: int, url: str, referrer: str) -> None:
        """Give a response to the page of its Referer, else to the newest page, else to one of the rest."""
        page = index.owner(referrer) if referrer else None
        if page is None:
            page = self._newest
        if page is None:
            if self._rest is None:
                self._rest = self._add(Page(visit_id("warc", "of no page")))
            page = self._rest
        index.assign(source, offset, page, False, url)


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target
