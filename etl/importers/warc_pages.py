"""The visits of a web archive: one per page, and which page each response belongs to.

Archives say it in three ways. Ours have a ``metadata`` record per visit, and records name it
(``WARC-Page-ID``). Browsertrix and others list pages in ``pages/*.jsonl`` of a WACZ file; their newer records
name the page, too. In any other archive a page is a document that was navigated to, see
`overscripted.warc.navigation`.
"""

import json
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from overscripted.foreign.values import text

MAX_LISTS = 1000  # files of pages in one WACZ file
MAX_LIST_BYTES = 512 * 2**20  # of one of them, decompressed
_MAX_LINE = 2**20
_LIST = ("pages/", ".jsonl")


def listed(file: IO[bytes]) -> Iterator[dict[str, Any] | None]:
    """The pages that a WACZ file lists; None for a line that is none. Raises BadZipFile."""
    with zipfile.ZipFile(file) as packed:
        names = [n for n in packed.namelist() if n.startswith(_LIST[0]) and n.endswith(_LIST[1])]
        for name in names[:MAX_LISTS]:
            with packed.open(name) as pages:
                left = MAX_LIST_BYTES
                while left > 0 and (line := pages.readline(_MAX_LINE)):
                    left -= len(line)
                    page = _object(line)
                    if page is None or page.get("url"):  # the first line describes the list
                        yield page


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def page_name(value: Any) -> str | None:
    """The name of a page in a header or in JSON; None without one."""
    return text(value) or None
