"""What we make of any bytes that a server answers is what Firefox makes of them: page or none, its links."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from overscripted.precrawl.client import Client, tls_context
from overscripted.precrawl.deadline import Watch
from overscripted.precrawl.domain_locks import DomainLocks
from overscripted.precrawl.failure import Failure
from overscripted.precrawl.fetch import Attempt, Fetcher, Page
from overscripted.precrawl.links import extract
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.vantage import Vantage
from tests.precrawl.oracle import Oracle
from tests.precrawl.web import Request

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.skipif(not shutil.which("firefox-esr"), reason="Firefox (firefox-esr) is not installed"),
]

# A page says by its first link in which encoding it was read: Cyrillic has one byte, two bytes, or none.
MARK = b'<a href="http://mark.example/?&#1081;">'
META = b"<meta charset=windows-1252>"
BODIES = st.sampled_from(
    [
        b"<!doctype html>" + META + MARK,
        b"\n <!-- x -->" + META + MARK,
        b"<p>" + META + MARK,
        b"<span>" + META + MARK,
        b"text" + META + MARK,
        b"\xef\xbb\xbf<!doctype html>" + MARK,
    ]
)
PARAMETERS = st.sampled_from(
    [
        *(
            "",
            "",
            ";",
            " ; ",
            ";charset=windows-1251",
            "; Charset=windows-1251 ",
            ";charset=utf-8",
            ";charset=",
        ),
        *("; charset = windows-1251", ";charset=klingon", ";charset", ";x=1", ";;"),
        *(';charset="windows-1251"', ';charset="windows\\-1251"', ";charset='utf-8'", ';x=","', ";="),
        *(';x=";charset=utf-8"', ';charset="windows-1251"x', ";charset=utf-8;"),
    ]
)
VALUES = st.tuples(
    st.sampled_from(
        [
            *(
                "text/html",
                "text/html",
                " TEXT/html",
                "text/plain",
                "image/png",
                "*/*",
                "",
                "html",
                "text/htm",
            ),
            *("text/*", "*", "text /html", "unknown/unknown", "application/octet-stream"),
        ]
    ),
    PARAMETERS,
    PARAMETERS,
).map("".join)
TYPES = st.lists(VALUES, min_size=1, max_size=3).map(",".join)
# A header of ours, one of nobody, and lines that are none.
OTHERS = st.sampled_from(
    [
        *(
            b"no colon",
            b"a b: c",
            b": nameless",
            b"Content-Type : image/png",
            b" folded",
            b"X: 1\r\n folded: 2",
        ),
        *(b"caf\xe9: x", b"(x): 1", b"X: " + b"y" * 70_000, b"\x01: 2", b"X:", b"X: a\rb"),
        *(b"Content-Encoding: none", b"Content-Encoding: UTF-8", b"Content-Encoding: binary, 8bit"),
        *(b"Content-Encoding: sdch", b"Content-Encoding: identity", b"Content-Encoding:"),
        *(b"Content-Length: -5", b"Content-Length: x", b"Content-Length:", b"Content-Length: 7, 8"),
        *(b"Content-Disposition: inline; filename=a", b"Content-Disposition: attachment"),
        *(b"Content-Disposition: x", b"Content-Disposition: ;filename=x"),
        *(
            b"X-Content-Type-Options: nosniff",
            b"Transfer-Encoding: identity",
            b"Refresh: x",
            b"Location: /no",
        ),
    ]
)
BEFORE = st.sampled_from(
    [
        *(b"", b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        *(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 x\r\n\r\n", b"\r\n", b"\r\n\r\n", b" "),
    ]
)
STATUS = st.sampled_from(
    [
        *[b"HTTP/1.1 200 OK"] * 6,
        *(b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1  200 OK", b"HTTP/1.2 200 OK", b"HTTP/2 200 x"),
        *(b"HTTP/1.1\t200 OK", b"http/1.1 200 OK", b"HTTP/1.1 200OK", b"HTTP/1.1 0200 OK", b"ICY 200 OK"),
        *(b"HTTP 200 OK", b"HTTP/1.1 OK", b"HTTP/1. 200 OK", b"HTTP/11 200 OK"),
    ]
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A whole answer, which ends with its connection."""
    types = draw(st.lists(TYPES, max_size=2))
    lines = [b"Content-Type: " + text.encode() for text in types]
    lines += draw(st.lists(OTHERS, max_size=2))
    body = draw(BODIES)
    packed = draw(st.sampled_from([b"", b"", b"", b"gzip", b"X-GZIP", b"none, gzip", b"gzip UTF-8"]))
    if packed:
        body = gzip.compress(body)
        lines.append(b"Content-Encoding: " + packed)
    if draw(st.booleans()):
        length, how = len(body), draw(st.sampled_from([b"%d", b"00%d", b"%d, %d"]))
        lines.append(b"Content-Length: " + how.replace(b"%d", b"%d" % length))
    elif draw(st.booleans()):
        body = b"%x ;x=1\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        lines.append(b"Transfer-Encoding: " + draw(st.sampled_from([b"chunked", b"CHUNKED", b"x, chunked"])))
    lines = draw(st.permutations([*lines, b"Connection: close"]))
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\n"]))
    return draw(BEFORE) + end.join([draw(STATUS), *lines, b"", b""]) + body


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as oracle:
        yield oracle


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str] | None]:
    asked = Settings(allow_private=True, timeout_s=20.0, pace_s=0.0)
    locks: Path = tmp_path_factory.mktemp("locks") / "locks"
    DomainLocks.create(locks)
    client = Client(Vantage("home"), asked, tls_context(None))
    fetcher = Fetcher(client, Watch(), DomainLocks(locks, 0.0, 60.0, 0), None)

    def get(url: str) -> list[str] | None:
        try:
            page = fetcher.get(Attempt(url))
        except Failure:
            return None
        assert isinstance(page, Page)
        if page.status != 200:
            return None
        return [link for _, link in extract(page.body, page.content_type, page.url, "all").found]

    return get


def distinct(found: list[str | None] | None) -> list[str | None] | None:
    return None if found is None else list(dict.fromkeys(found))


def simple(*lines: bytes, body: bytes = META + MARK, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines, b"Connection: close", b"", body])


# Each example is some answers, because Firefox waits for seconds at many of them.
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(several=st.lists(answers(), min_size=5, max_size=5))
@example(
    several=[
        simple(b"nonsense", b"Content-Type: text/html;charset=windows-1251"),
        simple(b"Content-Type: text/html, text/html"),
        simple(b'Content-Type: text/html; charset="windows-1251'),
        simple(b'Content-Type: text/html; x=a"; charset=windows-1251'),
    ]
)
@example(
    several=[
        simple(b'Content-Type: text/html; charset=""; charset=windows-1251'),
        simple(b"Content-Type: text/html;charset=windows-1251", b"Content-Type: */*"),
        simple(b"Content-Type: text/html", b"Content-Encoding: none"),
        simple(b"Content-Type: text/html charset=utf-8;charset=windows-1251"),
    ]
)
@example(
    several=[
        simple(b"X-Content-Type-Options: nosniff", b"X-Content-Type-Options: x"),
        simple(b"Content-Type: text/html", *[b"X-%d: y" % n for n in range(300)]),
        simple(b"Content-Type: text/html", b"Content-Length: 3", b"Content-Length: 4"),
    ]
)
def test_pages_are_those_of_firefox(
    oracle: Oracle, ours: Callable[[str], list[str] | None], several: list[bytes]
) -> None:
    found = oracle.all_answered([lambda _, answer=answer: answer for answer in several])
    for answer, (url, links) in zip(several, found, strict=True):
        assert ours(url) == distinct(links), answer


PLACES = st.lists(
    st.sampled_from(
        [
            *("t", "/case/", "../", "./", "?", "#f", "//", "http://", "http:", "HTTP://127.0.0.1", "/", "\\"),
            *(
                " ",
                "\t",
                "%20",
                "é",
                "\xe9",
                "й",
                "日",
                "&",
                "<",
                '"',
                "a b",
                ":",
                "@",
                "[",
                "ftp://x/",
                "data:,x",
            ),
        ]
    ),
    max_size=4,
).map("".join)
COOKIES = st.lists(
    st.sampled_from(
        [
            *("a", "b", "=", "=", "=1", "a=1", "a=2", "b=3", "; ", ";", ",", " ", '"', "é", "x y", "\t"),
            *(
                "; Path=/",
                "; path=/case",
                "; Path=",
                "; Path=/other",
                "; Path=x",
                "; Domain=",
                "; domain=127.0.0.1",
            ),
            *("; Domain=.127.0.0.1", "; Domain=example.com", "; Domain=0.0.1", "; HttpOnly"),
            *(
                "; Max-Age=0",
                "; Max-Age=9",
                "; max-age=-1",
                "; Max-Age=x",
                "; SameSite=Strict",
                "; SameSite=Lax",
            ),
            *(
                "; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
                "; expires=x",
            ),
        ]
    ),
    max_size=5,
).map("".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    place=PLACES,
    again=st.sampled_from([None, None, None, "same", "other"]),
    status=st.sampled_from([301, 302, 303, 307, 308, 300, 305, 306]),
    cookies=st.lists(COOKIES, max_size=4),
)
@example(place="t", again=None, status=302, cookies=["a=1; Domain=", "b=2; Domain=127.0.0.1"])
@example(place="t", again=None, status=302, cookies=["a", "b=3"])
@example(place="t", again=None, status=302, cookies=["a", "=b", "b=3"])
@example(place="t", again=None, status=302, cookies=["=a=b", "b="])
@example(place="t", again=None, status=302, cookies=["=", "", ";", "; Path=/"])
@example(place="t", again=None, status=302, cookies=["__Secure-a", "=__Host-a=1", "__HOST-b"])
@example(place="t", again="same", status=302, cookies=[])
@example(place="t", again="other", status=302, cookies=[])
def test_redirects_and_cookies_are_those_of_firefox(
    oracle: Oracle,
    ours: Callable[[str], list[str] | None],
    place: str,
    again: str | None,
    status: int,
    cookies: list[str],
) -> None:
    def answer(request: Request) -> bytes:
        if request.path.endswith("/begin"):
            places = {None: [place], "same": [place, place], "other": [place, "u"]}[again]
            lines = [f"Location: {one}" for one in places] + [f"Set-Cookie: {one}" for one in cookies]
            return simple(*[line.encode() for line in lines], status=b"HTTP/1.1 %d x" % status)
        said: Any = request.headers.get("cookie", "").encode("latin-1").hex()
        path = request.path.encode("latin-1").hex()
        return simple(
            b"Content-Type: text/html",
            b'Clear-Site-Data: "cookies"',  # what comes next begins without
            body=f"<a href='http://x/?{path}'><a href='http://x/?{said}'>".encode(),
        )

    url, found = oracle.answered(answer, "begin")
    assert ours(url) == distinct(found)
