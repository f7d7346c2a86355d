"""robots.txt as RFC 9309 has it: the same for precrawl and crawl, whatever a server answers."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overscripted import robots
from overscripted.crawl import robots as crawl_robots
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.robots import Robots
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http, page, slowly

RULES = "User-agent: *\nDisallow: /no\n"
FORBID = "User-agent: *\nDisallow: /\n"
READ, ALLOWED, UNREACHABLE = "robots", "reached", "robots_unreachable"  # outcomes of a site


@pytest.mark.parametrize(
    "data",
    [
        RULES.encode(),
        RULES.encode("utf-8-sig"),
        ("\ufeff\ufeff" + RULES).encode(),
        ("\ufeff" + RULES).encode("utf-16-le"),
        ("\ufeff" + RULES).encode("utf-16-be"),
        b"\xff\xff\n" + RULES.encode(),
        RULES.replace("\n", "\r").encode(),
        RULES.replace("*", "Overscripted/1.0").encode(),
        RULES.replace("*", "OVERSCRIPTED (+https://x.example/)").encode(),
        RULES.replace("User-agent", " user-agent ")
        .replace("*", "other/2\nUser-agent: overscripted/2 # us")
        .encode(),
    ],
)
def test_rules_are_found(data: bytes) -> None:
    rules = robots.parse(data)
    assert not rules.can_fetch("http://a.example/no", robots.AGENT)
    assert rules.can_fetch("http://a.example/yes", robots.AGENT)


@pytest.mark.parametrize("agent", ["other", "another/1.0 overscripted", "over-scripted/1"])
def test_rules_for_others_are_not_ours(agent: str) -> None:
    assert robots.parse(RULES.replace("*", agent).encode()).can_fetch("http://a.example/no", robots.AGENT)


def test_robots_txt_itself_is_always_allowed() -> None:
    rules = robots.Rules(robots.parse(FORBID.encode()))
    assert rules.allow("http://a.example:81/robots.txt")
    assert not rules.allow("http://a.example:81/robots.txt.html")
    assert not rules.allow("http://a.example:81/sub/robots.txt")


def test_rules_hold_for_a_day_and_an_unreachable_file_for_minutes() -> None:
    now = [0.0]
    cache = robots.Cache(lambda: now[0])
    unreachable = robots.Rules(robots.ALL_ALLOWED.parsed, "status 500")
    cache.put("http://a.example/robots.txt", robots.ALL_ALLOWED)
    cache.put("http://b.example/robots.txt", unreachable)
    assert cache.get("http://c.example/robots.txt") is None
    now[0] = robots.UNREACHABLE_S - 1
    assert cache.get("http://b.example/robots.txt") is unreachable
    now[0] = robots.UNREACHABLE_S
    assert cache.get("http://b.example/robots.txt") is None
    now[0] = 86_399.0
    assert cache.get("http://a.example/robots.txt") is robots.ALL_ALLOWED
    now[0] = 86_400.0
    assert cache.get("http://a.example/robots.txt") is None


def test_the_cache_forgets_the_oldest_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "MAX_ORIGINS", 2)
    cache = robots.Cache()
    for name in "abac":
        cache.put(name, robots.ALL_ALLOWED)
    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]


def text(body: str | bytes, **options: Any) -> bytes:
    return http(body, type="text/plain", **options)


def redirects(count: int) -> Callable[[Request], bytes]:
    """robots.txt that forbids all, after so many redirects."""

    def site(r: Request) -> bytes:
        n = int(r.path.partition("?")[2] or 0)
        return text(FORBID) if n == count else redirect(f"/robots.txt?{n + 1}")(r)

    return site


def redirect(location: str) -> Callable[[Request], bytes]:
    return lambda r: http(status="301 Moved Permanently", Location=location)


def status(line: str, **headers: str) -> Callable[[Request], bytes]:
    """A status whose body would forbid all."""
    return lambda r: text(FORBID, status=line, **headers)


def reset(r: Request) -> None:
    r.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    r.file.close()
    r.sock.close()


def drip(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + FORBID.encode())
    slowly(r, b"#" * 400, 0.05)


def drip_missing(r: Request) -> None:
    """The status alone says that there is no file: nobody waits for its body."""
    r.sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100000\r\n\r\n")
    slowly(r, b"#" * 400, 0.05)


def endless(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + FORBID.encode())
    while True:
        r.sock.sendall(b"# more\n" * 10_000)


def after(size: int, rules: str) -> Callable[[Request], bytes]:
    """A file whose last rules begin after so many bytes."""
    return lambda r: text("User-agent: *\n" + "#" * (size - 15) + "\n" + rules)


ANSWERS: dict[str, tuple[Callable[[Request], Any], str]] = {
    "200": (lambda r: text(FORBID), READ),
    "200 of others": (lambda r: text(FORBID.replace("*", "others")), ALLOWED),
    "203": (status("203 Non-Authoritative Information"), READ),
    "empty": (lambda r: text(""), ALLOWED),
    "204": (lambda r: b"HTTP/1.1 204 No Content\r\n\r\n", ALLOWED),
    "interim answers": (lambda r: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + text(FORBID), READ),
    "five redirects": (redirects(5), READ),
    "six redirects": (redirects(6), ALLOWED),
    "redirects to another host": (redirect("http://{200}/robots.txt"), READ),
    "redirects to a dead host": (redirect("http://{dead}/robots.txt"), UNREACHABLE),
    "redirects to a server in trouble": (redirect("http://{503}/robots.txt"), UNREACHABLE),
    "redirects to a missing file": (redirect("http://{404}/robots.txt"), ALLOWED),
    "redirects to ftp": (redirect("ftp://{200}/robots.txt"), ALLOWED),
    "redirects to nonsense": (redirect("http://[::bad/"), ALLOWED),
    "redirects nowhere": (status("302 Found"), ALLOWED),
    "304": (lambda r: b"HTTP/1.1 304 Not Modified\r\n\r\n", ALLOWED),
    "400": (status("400 Bad Request"), ALLOWED),
    "401": (status("401 Unauthorized", WWW_Authenticate="Basic realm=x"), ALLOWED),
    "403": (status("403 Forbidden"), ALLOWED),
    "404": (status("404 Not Found"), ALLOWED),
    "404 that drips": (drip_missing, ALLOWED),
    "410": (status("410 Gone"), ALLOWED),
    "429": (status("429 Too Many Requests", Retry_After="1"), ALLOWED),
    "499": (status("499 Odd"), ALLOWED),
    "500": (status("500 Oops"), UNREACHABLE),
    "503": (status("503 Busy", Retry_After="1"), UNREACHABLE),
    "599": (status("599 Odd"), UNREACHABLE),
    "reset": (reset, UNREACHABLE),
    "closed": (lambda r: None, UNREACHABLE),
    "garbage": (lambda r: b"\x15\x03\x01 what is this\r\n\r\n", UNREACHABLE),
    "drips": (drip, UNREACHABLE),
    "cut": (lambda r: text(FORBID, Content_Length="1000", Connection="close"), UNREACHABLE),
    "cut chunks": (
        lambda r: (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1b\r\n"
            + FORBID.encode()
        ),
        UNREACHABLE,
    ),
    "no gzip": (lambda r: text(FORBID, Content_Encoding="gzip"), UNREACHABLE),
    "gzip": (lambda r: text(gzip.compress(FORBID.encode()), Content_Encoding="gzip"), READ),
    "huge": (lambda r: text(FORBID + "# long\n" * 1_000_000), READ),
    "endless": (endless, READ),
    "a bomb": (
        lambda r: text(gzip.compress(FORBID.encode() + b"#" * 50_000_000), Content_Encoding="gzip"),
        READ,
    ),
    "rules before 500 KiB": (after(500 * 1024 - 13, "Disallow: /\n"), READ),
    "rules after the limit": (after(600 * 1024, "Disallow: /\n"), ALLOWED),
    "a rule that the limit cuts": (after(robots.MAX_BYTES - 11, "Disallow: /private\n"), ALLOWED),
    "invalid UTF-8": (lambda r: text(b"\xe9\xff: \x80\n" + FORBID.encode()), READ),
    "HTML": (lambda r: http(page("https://elsewhere.example/") + "<p>Disallow: /\n"), ALLOWED),
    "HTML with rules": (lambda r: http("<!doctype html>\n<pre>\n" + FORBID), READ),
    "binary": (lambda r: http(bytes(range(256)) * 100, type="image/png"), ALLOWED),
}  # fmt: skip


class Origins:
    """A loopback address for each answer, which gives it for robots.txt and a page for all else."""

    def __init__(self) -> None:
        self.hosts = {name: f"127.0.{3 + i // 200}.{1 + i % 200}" for i, name in enumerate(ANSWERS)}
        self._sites = {host: ANSWERS[name][0] for name, host in self.hosts.items()}
        self.web = Web(self._answer, address="0.0.0.0")
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.dead = f"127.0.0.1:{closed.getsockname()[1]}"

    def _answer(self, r: Request) -> "bytes | str | None":
        if not r.path.startswith("/robots.txt"):
            return page()
        answer: bytes | None = self._sites[r.host.partition(":")[0]](r)
        if answer and b"Location: " in answer:
            for name in ("200", "404", "503"):
                answer = answer.replace(f"{{{name}}}".encode(), self.site(name).encode())
            answer = answer.replace(b"{dead}", self.dead.encode())
        return answer

    def site(self, name: str) -> str:
        """``host:port`` of an answer."""
        return f"{self.hosts[name]}:{self.web.port}"

    def by_name(self, found: dict[str, str]) -> dict[str, str]:
        """The same by the answers' names."""
        return {name: found[self.site(name)] for name in ANSWERS}


EXPECTED = {name: outcome for name, (_, outcome) in ANSWERS.items()}
LENIENT = {name: ALLOWED if outcome == UNREACHABLE else outcome for name, outcome in EXPECTED.items()}


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    return Crawl(tmp_path / "run")


@pytest.mark.parametrize("policy", [robots.DISALLOW, robots.ALLOW])
def test_the_precrawl_obeys_whatever_a_server_answers(crawl: Crawl, policy: str) -> None:
    origins = Origins()
    with origins.web as web:
        crawl(
            [*map(origins.site, ANSWERS), origins.dead],
            allow_private=True,
            respect_robots=True,
            robots_unreachable=policy,
            timeout_s=6.0,
            connections=50,
        )
        rows = crawl.outcomes()
        visited = {host for host, path in web.requests if path == "/"}
    found = {site: row["outcome"] for site, row in rows.items()}
    assert found.pop(origins.dead) == "refused"  # no request can be made: the network's word says more
    expected = dict(EXPECTED if policy == robots.DISALLOW else LENIENT)
    if policy == robots.ALLOW:
        expected["drips"] = "timeout"  # robots.txt took the page's time
    assert origins.by_name(found) == expected
    assert visited == {origins.site(name) for name, outcome in expected.items() if outcome == ALLOWED}
    if policy == robots.DISALLOW:
        errors = {name: rows[origins.site(name)]["error"] for name in ANSWERS}
        assert errors["503"] == "robots.txt: status 503"
        assert errors["cut"].startswith("robots.txt: closed: ")
        assert errors["drips"].startswith("robots.txt: timeout: ")
        assert errors["redirects to a dead host"].startswith("robots.txt: refused: ")


@pytest.mark.parametrize("policy", [robots.DISALLOW, robots.ALLOW])
async def test_the_crawl_obeys_whatever_a_server_answers(
    monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setattr(crawl_robots, "TIMEOUT_S", 6.0)
    origins = Origins()
    reader = Robots(Resolver(allowed=lambda _: True), "", (), policy)
    with origins.web:
        sites = [*map(origins.site, ANSWERS), origins.dead]
        answers = await asyncio.gather(*(reader.rules(f"http://{site}/") for site in sites))
        await reader.close()
    rules = dict(zip(sites, answers, strict=True))
    found = {
        site: ALLOWED if r.allow(f"http://{site}/") else UNREACHABLE if r.unreachable else READ
        for site, r in rules.items()
    }
    assert found.pop(origins.dead) == (UNREACHABLE if policy == robots.DISALLOW else ALLOWED)
    assert origins.by_name(found) == (EXPECTED if policy == robots.DISALLOW else LENIENT)
    if policy == robots.DISALLOW:
        assert rules[origins.site("503")].refusal == (
            "robots.txt is unreachable (status 503), which forbids all"
        )
        assert rules[origins.site("200")].refusal == "robots.txt forbids it"


async def test_the_crawl_follows_no_redirect_of_robots_txt_to_a_private_address() -> None:
    """It cannot be read, so that nothing is allowed; a private origin is left to the guard of the visit."""
    origins = Origins()
    public = origins.hosts["redirects to another host"]
    reader = Robots(Resolver(allowed=lambda address: address == public), "", ())
    with origins.web as web:
        redirected = await reader.rules(f"http://{origins.site('redirects to another host')}/")
        private = await reader.rules(f"http://{origins.site('200')}/")
        await reader.close()
        assert {host for host, _ in web.requests} == {origins.site("redirects to another host")}
    assert "not public" in redirected.unreachable
    assert private is robots.ALL_ALLOWED


def test_www_is_tried_where_robots_txt_is_unreachable_and_not_where_it_forbids(crawl: Crawl) -> None:
    rules = {
        "broken.com": http(status="500 Oops"),
        "www.broken.com": http(status="404 Not Found"),
        "closed.com": text(FORBID),
        "both.com": http(status="500 Oops"),
        "www.both.com": http(status="503 Oops"),
    }

    def site(r: Request) -> bytes | str:
        return rules[r.host] if r.path == "/robots.txt" else page()

    with Web(site) as web:
        crawl(["broken.com", "closed.com", "both.com"], {"v": web.proxy}, respect_robots=True)
        assert {host for host, path in web.requests if path == "/"} == {"www.broken.com"}
    outcomes = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
    assert outcomes == {"broken.com": ALLOWED, "closed.com": READ, "both.com": UNREACHABLE}


def test_an_unreachable_robots_txt_is_read_once_for_all_pages_of_its_origin(crawl: Crawl) -> None:
    with Web(lambda r: http(status="500 Oops") if r.path == "/robots.txt" else page()) as web:
        pages = [f"http://a.com/{n}" for n in range(5)]
        crawl(pages, {"v": web.proxy}, respect_robots=True)
        assert web.requests == {("a.com", "/robots.txt"): 1}
    assert {row["outcome"] for row in crawl.outcomes("v").values()} == {UNREACHABLE}
