"""Segments: in order, exactly once, through a store that fails, is slow, or is away for a while."""

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from overscripted import layout, segments
from overscripted.crawl import settings
from overscripted.crawl.records.recording import Recording
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer, require_space
from overscripted.crawl.settings import Limits
from overscripted.errors import OutsideError
from overscripted.schemas import RAW
from overscripted.store import Store
from overscripted.warc import sources, writing
from overscripted.warc.reading import Damage, records
from tests import services


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Store(tmp_path)
    server = request.getfixturevalue("s3")
    return Store(server.make_bucket(f"b{time.time_ns()}") + "/run", **server.options)


def row(table: str, **values: Any) -> tuple[Any, ...]:
    return tuple([values.get(name) for name in RAW[table].names])


def ids(store: Store, table: str) -> list[int]:
    return sorted(n for part in segments.read(store, table) for n in part.column("visit_id").to_pylist())


class Failing(Store):
    """A store whose writes fail a number of times, some of them after the file was written."""

    def __init__(self, store: Store, failures: int) -> None:
        super().__init__(store.url, **store.options)
        self.failures = failures
        self.order: list[str] = []

    def write(self, key: str, data: bytes) -> None:
        if self.failures:
            self.failures -= 1
            if self.failures % 2:
                super().write(key, data)
            raise OSError("no route to host")
        self.order.append(key.split("/")[1])
        super().write(key, data)


async def test_a_visit_is_acknowledged_after_all_its_records_are_there(store: Store) -> None:
    seen: list[tuple[list[int], list[int]]] = []

    async def done() -> None:
        seen.append((ids(store, "calls"), ids(store, "visits")))

    async with Writer(store, "w", segment_bytes=10_000, segment_age_s=60) as writer:
        for visit in range(100):
            writer.add("calls", row("calls", crawl_id=1, visit_id=visit, symbol="s"), 300)
            writer.end_visit(row("visits", crawl_id=1, visit_id=visit), done)
    assert len(seen) == 100
    for number, (calls, visits) in enumerate(seen):
        assert number in calls
        assert number in visits
    assert ids(store, "calls") == ids(store, "visits") == list(range(100))
    assert len(segments.keys(store, "calls")) > 1


async def test_a_failing_store_loses_and_doubles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.01,))
    failing = Failing(store, failures=7)
    acknowledged: list[int] = []

    async with Writer(failing, "w", segment_bytes=10**9, segment_age_s=60) as writer:
        for visit in range(10):

            async def done(visit: int = visit) -> None:
                acknowledged.append(visit)

            writer.add("calls", row("calls", visit_id=visit))
            writer.end_visit(row("visits", visit_id=visit), done)
    assert acknowledged == list(range(10))
    assert ids(store, "calls") == ids(store, "visits") == list(range(10))
    assert failing.order[-1] == "visits"


async def test_the_archive_of_a_visit_is_there_before_its_row_and_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.01,))
    failing = Failing(store, failures=5)
    seen: list[list[str]] = []

    def archived() -> list[str]:
        found = []
        for source in sources.of_files(store, layout.ARCHIVE):
            with source.open() as file:
                found += [f"{it.kind} {it.url}" for it in records(file, damage)]
        return found

    async def done() -> None:
        seen.append(archived())

    damage = Damage()
    async with Writer(
        failing, "w", segment_bytes=2_000, segment_age_s=60, warcinfo={"software": "x"}
    ) as writer:
        for visit in range(10):
            fields = {"WARC-Record-ID": writing.new_id(), "WARC-Date": writing.date(datetime.now(UTC))}
            both = [writing.record("metadata", f"http://x/{visit}", fields, "text/plain", b"x") for _ in "ab"]
            writer.add_archive(both)
            writer.end_visit(row("visits", visit_id=visit), done)
    assert all(f"metadata http://x/{visit}" in there for visit, there in enumerate(seen))
    names = archived()
    assert sorted(name for name in names if "warcinfo" not in name) == sorted(
        f"metadata http://x/{visit}" for visit in range(10) for _ in "ab"
    )
    assert names.count("warcinfo ") == len(sources.of_files(store, layout.ARCHIVE)) > 1
    assert not damage.records


async def test_a_full_buffer_says_so_until_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "BUFFER_BYTES", 5_000)
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.02,))
    failing = Failing(Store(tmp_path), failures=10**9)
    async with Writer(failing, "w", segment_bytes=1_000, segment_age_s=60) as writer:
        assert not writer.full
        for visit in range(10):
            writer.add("calls", row("calls", visit_id=visit), 1_000)
        assert writer.full
        async with asyncio.timeout(60):
            while not writer.failing:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert writer.full
        failing.failures = 0
        async with asyncio.timeout(60):
            while writer.full:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert ids(Store(tmp_path), "calls") == list(range(10))


async def test_what_recordings_hold_fills_the_buffer_until_the_writer_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "BUFFER_BYTES", 10_000)
    hop = {"request_id": "1", "hop": 0, "url": "http://x/", "status": 200}
    visit = {"crawl_id": 1, "visit_id": 2, "attempt": 1}
    with ThreadPoolExecutor(1) as executor:
        async with Writer(Store(tmp_path), "w", segment_bytes=10**6, segment_age_s=60) as writer:
            kept = Recording(visit, 10, executor)
            Records(writer, **visit, limits=Limits(), recording=kept)
            kept.received(hop, b"", "")
            assert (writer.buffered, writer.full) == (0, False)
            kept.sent({**hop, "size": 4_000}, random.Random(1).randbytes(4_000))
            kept.frame({"request_id": "2", "url": "ws://x/", "bytes": b"x" * 5_900})
            assert (writer.buffered, writer.full) == (10_000, True)
            kept.request(hop)
            records = await kept.finish()
            assert kept.held == sum(map(len, records[:-1])) + 6_000
            assert writer.full
            writer.add_archive(records)
            kept.release()
            assert writer.buffered == sum(map(len, records))


async def test_a_store_that_stays_away_ends_with_its_name_and_no_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.01,))
    monkeypatch.setattr(settings, "STORE_GIVE_UP_S", 0.05)

    async def done() -> None:
        raise AssertionError("acknowledged without being durable")

    with pytest.raises(OutsideError, match=str(tmp_path)):
        async with Writer(Failing(Store(tmp_path), 10**9), "w", 10**9, 60) as writer:
            writer.end_visit(row("visits", visit_id=1), done)


async def test_a_disk_nearly_full_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MIN_FREE_BYTES", 2**60)
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.01,))
    monkeypatch.setattr(settings, "STORE_GIVE_UP_S", 0.05)
    with pytest.raises(OutsideError, match="MB free"):
        async with Writer(Store(tmp_path), "w", 10**9, 60) as writer:
            writer.add("calls", row("calls", visit_id=1))
    assert segments.keys(Store(tmp_path), "calls") == []


async def test_whoever_is_asked_to_stop_does_not_wait_for_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked before or after it is noticed; a store that is away for another reason is waited for."""
    with monkeypatch.context() as full:
        full.setattr(settings, "MIN_FREE_BYTES", 2**60)
        with pytest.raises(OutsideError, match=r"MB free, .*name another RUN"):
            require_space(Store(tmp_path))
        for late in (True, False):
            with pytest.raises(OutsideError, match="MB free"):
                async with asyncio.timeout(60), Writer(Store(tmp_path), "w", 1, 60) as writer:
                    if not late:
                        writer.stop()
                    writer.add("calls", row("calls", visit_id=1))
                    while late and not writer.failing:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    writer.stop()
    require_space(Store(tmp_path))
    monkeypatch.setattr(settings, "STORE_RETRY_S", (0.01,))
    async with asyncio.timeout(60), Writer(Failing(Store(tmp_path), 3), "w", 1, 60) as writer:
        writer.stop()
        writer.add("calls", row("calls", visit_id=1))
    assert ids(Store(tmp_path), "calls") == [1]


async def test_old_records_are_written_though_they_are_few(tmp_path: Path) -> None:
    written = asyncio.Event()

    async def done() -> None:
        written.set()

    async with Writer(Store(tmp_path), "w", 10**9, segment_age_s=0.2) as writer:
        writer.end_visit(row("visits", visit_id=1), done)
        await asyncio.wait_for(written.wait(), 60)


async def test_an_s3_server_that_stalls_is_waited_for(s3: services.S3) -> None:
    store = Store(s3.make_bucket("stalls") + "/run", **s3.options)
    acknowledged = asyncio.Event()

    async def done() -> None:
        acknowledged.set()

    async with Writer(store, "w", 10**9, segment_age_s=60) as writer:
        s3.pause()
        try:
            writer.add("calls", row("calls", visit_id=1))
            writer.end_visit(row("visits", visit_id=1), done)
            writer.flush()
            await asyncio.sleep(1.0)
            assert not acknowledged.is_set()
        finally:
            s3.resume()
        await asyncio.wait_for(acknowledged.wait(), 60)
    assert ids(store, "calls") == [1]
