"""The records that OpenWPM sends for one visit, until the visit is over; they are a data set of OpenWPM's."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.settings import Limits
from overscripted.described import Described
from overscripted.foreign.openwpm_source import Row, Source

# OpenWPM's tables that are kept. Others are those of the user's own commands, and are counted.
TABLES = (
    "site_visits",
    "crawl_history",
    "incomplete_visits",
    "javascript",
    "http_requests",
    "http_responses",
    "http_redirects",
    "dns_responses",
    "callstacks",
    "javascript_cookies",
    "navigations",
)
_CLOSING = "FinalizeCommand"
_OK = "ok"


class OpenWpmGap(Described):
    """What of OpenWPM's records is not kept, by the names in the column ``known_gaps``, beside `Gap.rows`."""

    TABLE = "record of a table that is not OpenWPM's", "of a command of the user's own"
    ATTEMPT = "record of another attempt", "it came late"
    CUT = "text over the limit", "only the beginning of a text is kept"


class VisitRows(Source):
    """The rows of one attempt. ``over`` is set once no more can come.

    OpenWPM's history of commands and its word that the visit has ended come in any order. A visit is over
    when both have come. A command of another attempt is none of this one.
    """

    def __init__(self, visit_id: int, attempt: int, limits: Limits) -> None:
        self.visit_id, self.attempt = visit_id, attempt
        self.over = asyncio.Event()
        self.gaps: Counter[str] = Counter()
        self.dropped_calls = 0
        self._limits, self._size = limits, 0
        self._rows: dict[str, list[Row]] = {}
        self._ended = self._closed = False

    def add(self, table: str, record: Row, size: int, cut: int = 0) -> None:
        """Add a record whose line has ``size`` bytes and in which ``cut`` texts are cut.

        What is beyond the limits of a visit is counted.
        """
        if cut:
            self.gaps[OpenWpmGap.CUT] += cut
        if table not in TABLES:
            self.gaps[OpenWpmGap.TABLE] += 1
            return
        if table == "crawl_history" and not self._note(record):
            return
        self._size += size
        rows = self._rows.setdefault(table, [])
        calls = table == "javascript"
        most = self._limits.calls if calls else self._limits.rows
        if len(rows) < most and self._size < self._limits.size:
            rows.append({str(name).lower(): value for name, value in record.items()})
        elif calls:
            self.dropped_calls += 1
        else:
            self.gaps[Gap.rows(table)] += 1

    def skip(self, table: str) -> None:
        """Count a record that was too long to be sent."""
        if table == "javascript":
            self.dropped_calls += 1
        else:
            self.gaps[Gap.rows(table)] += 1

    def end(self, interrupted: bool) -> None:
        """OpenWPM takes the visit for over."""
        if interrupted:
            self._rows.setdefault("incomplete_visits", []).append({"visit_id": self.visit_id})
        self._ended = True
        self._look()

    def tables(self) -> set[str]:
        return set(self._rows)

    def rows(self, table: str) -> Iterator[Row]:
        yield from self._rows.get(table, ())

    def _note(self, record: Row) -> bool:
        """Whether a command's end belongs to this attempt; the last one closes the visit."""
        if record.get("retry_number") != self.attempt:
            self.gaps[OpenWpmGap.ATTEMPT] += 1
            return False
        self._closed |= record.get("command") == _CLOSING or record.get("command_status") != _OK
        self._look()
        return True

    def _look(self) -> None:
        if self._ended and self._closed:
            self.over.set()
