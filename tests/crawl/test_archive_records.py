"""What the archive keeps of a hop and of a visit, without a browser."""

import gzip
import io
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl import settings
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.records.exchange import Body, Exchange, records
from overscripted.crawl.records.recording import Recording
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.settings import Limits
from overscripted.store import Store
from overscripted.warc.reading import Damage, Record
from overscripted.warc.reading import records as read

VISIT = {"crawl_id": 1, "visit_id": 2, "attempt": 1}
WHOLE = random.Random(1).randbytes(50_000)
PACKED = gzip.compress(WHOLE)
BROKEN = PACKED[:30_000]


def hop(url: str, **more: Any) -> dict[str, Any]:
    return {"request_id": url, "hop": 0, "url": url, "status": 200, **more}


def responses(written: bytes) -> list[tuple[str, str, bytes]]:
    """Of each response the kind of its record, its WARC-Truncated and its body."""

    def about(record: Record) -> tuple[str, str, bytes]:
        return record.kind, record.get("WARC-Truncated"), record.body()

    damage = Damage()
    found = [about(it) for it in read(io.BytesIO(written), damage) if it.kind in ("response", "revisit")]
    assert not damage.records
    return found


def test_a_body_with_a_broken_encoding_is_not_whole_and_no_copy_refers_to_it() -> None:
    known: dict[str, Any] = {}
    written, size, gap = records(Exchange(VISIT, hop("http://x/"), None, Body(BROKEN, "gzip")), known, 10**6)
    ((kind, cut, body),) = responses(written)
    assert (kind, cut, gap, known) == ("response", "unspecified", None, {})
    assert size == len(body) > 20_000 and WHOLE.startswith(body)
    again, _, _ = records(Exchange(VISIT, hop("http://x/"), None, Body(body)), known, 10**6)
    assert responses(again) == [("response", "", body)]


def test_a_body_without_a_fault_is_whole() -> None:
    for content, encoding in ((PACKED, "gzip"), (WHOLE, "")):
        written, _, _ = records(Exchange(VISIT, hop("http://x/"), None, Body(content, encoding)), {}, 10**6)
        assert responses(written) == [("response", "", WHOLE)]


def test_a_body_of_which_nothing_can_be_decoded_stays_as_it_came() -> None:
    written, _, _ = records(Exchange(VISIT, hop("http://x/"), None, Body(b"plain", "gzip")), {}, 10**6)
    assert responses(written) == [("response", "", b"plain")]


async def test_a_script_that_the_tables_keep_is_not_whole_in_the_archive_either(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        async with Writer(Store(tmp_path), "w", segment_bytes=10**6, segment_age_s=60) as writer:
            kept = Recording(VISIT, 10, executor)
            rows = Records(writer, **VISIT, limits=Limits(), recording=kept)
            gaps = (Gap.RESPONSE_BODY_SIZE, Gap.RESPONSE_BODY_UNREADABLE, Gap.RESPONSE_BODY_CUT_SHORT)
            for url, content in (("http://x/broken", BROKEN), ("http://x/whole", PACKED)):
                message: Any = {**hop(url), "content": content, "encoding": "gzip"}
                rows._decoded(message, gaps)
                kept.request(hop(url))
            found = responses(b"".join(await kept.finish()))
    assert [cut for _, cut, _ in found] == ["unspecified", ""]
    assert found[1][2] == WHOLE and rows.gaps == {Gap.RESPONSE_BODY_CUT_SHORT: 1}


async def test_a_visit_stores_no_more_than_its_bytes_whatever_it_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "ARCHIVE_RECORDS_BYTES", 100_000)
    with ThreadPoolExecutor(1) as executor:
        kept = Recording(VISIT, 100, executor)
        for n in range(10):
            content = random.Random(n).randbytes(30_000)
            kept.sent({**hop(f"http://x/{n}"), "size": len(content)}, content)
            kept.received(hop(f"http://x/{n}"), b"", "")
            kept.request(hop(f"http://x/{n}"))
        kept.received(hop("http://x/without-a-row"), b"x" * 1_000, "")
        made = await kept.finish()
    assert [bool(it) for it in made] == [True] * 4 + [False] * 6
    assert kept.gaps == Counter({Gap.ARCHIVE_REQUESTS: 6})
    assert kept.held == sum(map(len, made)) < 130_000
