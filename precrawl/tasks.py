"""The two kinds of task: visit a site for its links, or check that a URL loads."""

import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from overscripted.outcomes import REACHED, Reason, http_status
from overscripted.precrawl.failure import FINAL, Failure
from overscripted.precrawl.fetch import Attempt, Page
from overscripted.precrawl.links import Links
from overscripted.precrawl.plan import Site
from overscripted.precrawl.sites import start_url, www_url

# A page with one of these outcomes was answered with status 200.
_AFTER_200 = {Reason.NOT_HTML, Reason.TOO_LARGE, Reason.ENCODING, Reason.TOO_COMPLEX}


class Task(ABC):
    """One row of the plan on its way to its outcome: an attempt, and perhaps a second one."""

    table: ClassVar[str]  # of `schemas.PRECRAWL`, for the rows
    command: ClassVar[str]  # as the progress line names the work
    unit: ClassVar[str]  # of the progress line
    reads_page: ClassVar[bool]  # whether the page's HTML is needed

    def __init__(self, site: Site) -> None:
        self.site = site
        self.attempt = self.first_attempt()
        self._created = time.time()
        self._earlier_s = 0.0  # seconds of work of the attempts before this one

    @abstractmethod
    def first_attempt(self) -> Attempt:
        """What is requested first."""

    @abstractmethod
    def fall_back(self, page: Page | None, failure: Failure | None) -> bool:
        """Begin a second attempt where this result of the first deserves one. False: it is the result."""

    def result(self, page: Page | None, failure: Failure | None) -> tuple[Page | None, Failure | None]:
        """The result of all attempts, from that of the last one."""
        return page, failure

    @abstractmethod
    def row(self, page: Page | None, failure: Failure | None, links: Links) -> dict[str, Any]:
        """The row of `table`. Without a page there is a failure, and perhaps with one."""

    def _restart(self, url: str) -> None:
        """Begin a second attempt. It has a time limit of its own."""
        self._earlier_s += self.attempt.spent
        self.attempt = Attempt(url, began=self.attempt.began)

    def _outcome(self, page: Page | None, failure: Failure | None) -> dict[str, Any]:
        """The columns that both tables have."""
        reason = failure.reason if failure else Reason.ERROR
        if page:
            reason = REACHED if page.status == 200 else http_status(page.status)
        return {
            "outcome": reason,
            "error": failure.text if failure else "",
            "status": page.status if page else 200 if reason in _AFTER_200 else None,
            "started": int((self.attempt.began or self._created) * 1e6),
            "elapsed_s": round(self._earlier_s + self.attempt.spent, 3),
        }


class SiteVisit(Task):
    """Visits a site for the links of its home page. The second attempt is ``www.`` before its name."""

    table, command, unit, reads_page = "outcomes", "precrawl", "sites", True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._www = www_url(site.site)  # None where there is no second attempt, or no more
        self._first: Failure | None = None  # of the attempt without www.

    def first_attempt(self) -> Attempt:
        """The site as it is listed."""
        return Attempt(start_url(self.site.site))

    def fall_back(self, page: Page | None, failure: Failure | None) -> bool:
        """As the study did: with www. where no HTTP answer came."""
        if failure is None or failure.reason in FINAL or self._www is None:
            return False
        self._restart(self._www)
        self._first, self._www = failure, None
        return True

    def result(self, page: Page | None, failure: Failure | None) -> tuple[Page | None, Failure | None]:
        """Of two attempts that failed, the one that says more: a missing www. says nothing."""
        first = self._first
        if first is None or (page and page.status == 200):
            return page, failure
        last = failure or Failure(http_status(page.status) if page else Reason.ERROR)
        if last.reason != Reason.DNS and first.reason == Reason.DNS:
            return page, last
        return None, Failure(first.reason, f"{first.text} | www: {last.reason} {last.text}")

    def row(self, page: Page | None, failure: Failure | None, links: Links) -> dict[str, Any]:
        """A row of the outcomes."""
        return {
            "site": self.site.site,
            "rank": self.site.rank,
            "page": page.url if page else None,
            "n_links": len(links.found),
            "n_invalid_links": links.invalid,
            "n_cut_links": links.cut,
            "size": len(page.body) if page else None,
            **self._outcome(page, failure),
        }


class LoadCheck(Task):
    """Checks that a URL loads: with HEAD, and with GET where HEAD fails, as many servers do not know it."""

    table, command, unit, reads_page = "check", "check", "URLs", False

    def first_attempt(self) -> Attempt:
        """HEAD, which spares the server its body."""
        return Attempt(self.site.site, "HEAD")

    def fall_back(self, page: Page | None, failure: Failure | None) -> bool:
        """With GET."""
        final = failure.reason in FINAL if failure else bool(page and page.status < 400)
        if final or self.attempt.method != "HEAD":
            return False
        self._restart(self.site.site)
        return True

    def row(self, page: Page | None, failure: Failure | None, links: Links) -> dict[str, Any]:
        """A row of the check. Its URL is the row of the plan."""
        return {
            "url": self.site.site,
            "method": self.attempt.method,
            "final_url": page.url if page else None,
            "redirects": self.attempt.redirects,
            "content_type": page.content_type[:200] if page else None,
            **self._outcome(page, failure),
        }


def crashed(task: Task) -> dict[str, Any]:
    """The row of a page that ended its process, twice."""
    return task.row(None, Failure(Reason.CRASHED, "ended its process, twice"), Links())
