"""A captured response as the browser gets it: its headers are harmless, its times are moved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.crawl.replay.matching import Asked
from overscripted.crawl.replay.opening import opened
from overscripted.crawl.replay.responses import _headers, _moved, read, since
from overscripted.warc.reading import Http
from tests.crawl.replay.archives import Warc

YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("name", "value", "moved"),
    [
        ("date", "Mon, 06 Jan 2025 10:00:00 GMT", "Tue, 06 Jan 2026 10:00:00 GMT"),
        ("expires", "Mon, 06-Jan-2025 10:00:00 GMT", "Tue, 06 Jan 2026 10:00:00 GMT"),
        ("expires", "0", "0"),
        ("expires", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("last-modified", "Mon, 06 Jan 2025 10:00:00 GMT", "Mon, 06 Jan 2025 10:00:00 GMT"),
        (
            "set-cookie",
            "a=expires=1; Expires=Mon, 06 Jan 2025 10:00:00 GMT; Path=/",
            "a=expires=1; Expires=Tue, 06 Jan 2026 10:00:00 GMT; Path=/",
        ),
        ("set-cookie", "a=1; Max-Age=60", "a=1; Max-Age=60"),
        ("set-cookie", "a=1; expires=never", "a=1; expires=never"),
        ("x-date", "Mon, 06 Jan 2025 10:00:00 GMT", "Mon, 06 Jan 2025 10:00:00 GMT"),
    ],
)
def test_times_are_moved_where_they_say_how_long_something_holds(name: str, value: str, moved: str) -> None:
    assert _moved(name, value, YEAR) == moved


def test_the_time_since_a_capture() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert since("2026-01-01T00:00:00Z", now) == timedelta(days=1)
    assert since("2026-01-01T00:00:00.500000Z", now) == timedelta(hours=23, minutes=59, seconds=59.5)
    assert since("yesterday", now) == timedelta()
    assert since("", now) == timedelta()


@given(st.sampled_from(["date", "expires", "set-cookie"]), st.text(), st.timedeltas())
def test_no_text_in_place_of_a_time_does_harm(name: str, value: str, by: timedelta) -> None:
    assert isinstance(_moved(name, value, by), str)


@given(st.lists(st.tuples(st.text(), st.text())))
def test_no_header_of_an_archive_breaks_out_of_its_line(pairs: list[tuple[str, str]]) -> None:
    for name, value in _headers(Http("200 OK", tuple(pairs)), timedelta()):
        assert not set(name + value) & set(b"\r\n\0")
        assert name
        assert b":" not in name


def test_headers_of_the_connection_and_of_the_archive_are_left_out(tmp_path: Path) -> None:
    sent = [
        ("Connection", "close"),
        ("Keep-Alive", "timeout=5"),
        ("X-Archive-Orig-Content-Encoding", "br"),
        ("Upgrade", "h2"),
        ("Set-Cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("X-Own", "tag"),
    ]
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer("https://a.example/", "x", headers=sent, status="203 Fine by me")
    with opened((str(tmp_path),)) as archives:
        assert archives
        found = archives.index.find(Asked("GET", "https://a.example/"), None)
        assert found
        place = archives.index.place(found[2][0])
        response = read(archives.answers._files, place, datetime.now(UTC))
    assert (response.status, response.reason, response.body) == (203, b"Fine by me", b"x")
    assert response.headers == [
        (b"Content-Type", b"text/html"),
        (b"Set-Cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"X-Own", b"tag"),
    ]
