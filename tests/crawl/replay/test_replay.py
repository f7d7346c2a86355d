"""Pages in a real Firefox, answered from an archive and from nothing else. One crawl, shared by all tests."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.crawling import Crawl, crawl
from tests.crawl.raw import Raw
from tests.crawl.replay.archives import Warc
from tests.crawl.test_private import own_address
from tests.crawl.web import PROBE

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

A, B, POSTS = (f"https://{name}.example/" for name in ("a", "b", "posts"))
WAYS = "http://ways.example/"  # not secure: else what is not secure would not be asked for
TALK = "https://talk.example/"
PLAIN, GONE, WORKER = "http://plain.example:8080/", "https://gone.example/", "https://worker.example/"
LIB = "https://cdn.example/lib.js"
OPTIONS = ("--dwell", "3", "--windows", "4", "--retries", "2", "--instrument", "fingerprinting")
CACHED = [("Cache-Control", "max-age=31536000"), ("Date", "Fri, 02 Jan 2026 03:04:05 GMT")]
COOKIE = [("Set-Cookie", "kept=1; expires=Sun, 01 Feb 2026 00:00:00 GMT")]
SAYS = "<script src='{}'></script><script>document.title = [window.whose, document.cookie].join()</script>"
ASKS = """<script>
const post = (body, url = "/api") => fetch(url, { method: "POST", body }).then((answer) => answer.text());
const poll = () => fetch("/poll?_=" + Math.random()).then((answer) => answer.text());
(async () => {
  const said = [await post("two"), await post("one"), await post("new")];
  for (let i = 0; i < 3; i++) said.push(await poll());
  said.push((await fetch("/absent")).status);
  said.push(await fetch("https://cors.example/").then((answer) => answer.text(), () => "no"));
  document.title = said.join();
})();
</script>"""
TALKS = """<script>
const said = [];
const socket = new WebSocket("wss://talk.example/room", ["chat"]);
socket.binaryType = "arraybuffer";
socket.onopen = () => socket.send("hello");
socket.onmessage = ({ data }) => {
  said.push(typeof data === "string" ? data.length : [...new Uint8Array(data)].join("-"));
  if (said.length === 1) socket.send("more");
};
socket.onclose = ({ code, reason }) => {
  said.push(code, reason);
  fetch("https://fails.example/").catch(() => {
    new WebSocket("wss://talk.example/other").onerror = () => (document.title = [...said, "refused"].join());
  });
};
</script>"""
MESSAGES = [
    {"direction": "sent", "opcode": "text", "data": "hello"},
    {"direction": "received", "opcode": "ping"},
    {"direction": "received", "opcode": "text", "data": "x" * 70_000},
    {"direction": "sent", "opcode": "text", "data": "more"},
    {"direction": "received", "opcode": "binary", "base64": "AP8="},
    {"direction": "received", "opcode": "close", "close_code": 4001, "data": "bye"},
]
SERVES = """<script>
navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready)
  .then(() => fetch("/from-worker")).catch((error) => (document.title = String(error)));
</script>"""
SW = """oninstall = (event) => event.waitUntil(
  fetch("/in-worker").then((answer) => answer.text()).then((text) => fetch("/told?" + text)));"""


class Listener:
    """Listens on this machine, TCP and UDP, and counts whoever comes."""

    def __init__(self) -> None:
        self.came = 0
        self._sockets = []
        self._tcp = socket.socket()
        self._tcp.bind(("0.0.0.0", 0))
        self._tcp.listen()
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.bind(("0.0.0.0", 0))
        self.tcp_port, self.udp_port = self._tcp.getsockname()[1], self._udp.getsockname()[1]
        for wait in (self._tcp.accept, lambda: self._udp.recvfrom(10)):
            threading.Thread(target=self._count, args=(wait,), daemon=True).start()

    def _count(self, wait: Any) -> None:
        while True:
            try:
                wait()
            except OSError:
                return
            self.came += 1

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@dataclass
class Replay:
    raw: Raw
    folder: Path
    archive: Path
    said: str
    came: int

    def answers(self, seed: str) -> dict[str, str]:
        """The rule of each request of a visit."""
        return {row["url"]: row["rule"] for row in self.raw.of("replayed_requests", seed)}

    def title(self, seed: str) -> str:
        return str(self.raw.visits[seed]["title"])


@pytest.fixture(scope="module")
def replay(firefox: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = tmp_path_factory.mktemp("replay")
    archive = folder / "archive.warc.gz"
    listener = Listener()
    udp = f"{own_address() or '127.0.0.1'}:{listener.udp_port}"
    ways = PROBE.replace("{port}", str(listener.tcp_port)).replace("{udp}", udp)
    with Warc(archive) as warc:
        for page, seed, body in (
            ("1", A, SAYS.format(LIB)),
            ("2", B, SAYS.format(LIB)),
            ("3", WAYS, ways),
            ("4", POSTS, ASKS),
            ("6", WORKER, SERVES),
        ):
            warc.answer(seed, body, page=page, headers=COOKIE)
        for page, whose in (("1", "of a"), ("2", "of b")):
            warc.answer(
                LIB,
                f"window.whose = '{whose}'; navigator.userAgent",
                "text/javascript",
                page=page,
                headers=CACHED,
            )
        for sent in (b"one", b"two"):
            warc.answer(f"{POSTS}api", b"for " + sent, method="POST", sent=sent, page="4")
        warc.page("8", TALK, attempt=1)
        warc.answer(TALK, TALKS, page="8")
        warc.failed("https://fails.example/", "NS_ERROR_NET_TIMEOUT", "8")
        warc.socket("wss://talk.example/room", MESSAGES, "8")
        for n in range(2):
            warc.answer(f"{POSTS}poll?_={n}", f"poll {n}", page="4")
        warc.answer("https://cors.example/", "cors", page="4", headers=[("Access-Control-Allow-Origin", "*")])
        warc.answer(PLAIN, "<script>navigator.userAgent</script>", page="5")
        warc.answer(f"{WORKER}sw.js", SW, "text/javascript", page="6")
        warc.answer(f"{WORKER}in-worker", "yes", page="6")
        warc.answer(f"{WORKER}told?yes", "", page="6")
        for page, seed in (
            ("1", A),
            ("2", B),
            ("3", WAYS),
            ("4", POSTS),
            ("5", PLAIN),
            ("6", WORKER),
            ("7", GONE),
        ):
            warc.page(page, seed, attempt=1)
    said = crawl(folder / "run", "--replay", str(archive), *OPTIONS, folder=folder)
    came = listener.came
    listener.close()
    yield Replay(Raw(str(folder / "run")), folder, archive, said, came)


def test_the_pages_of_the_archive_are_the_seeds_and_end_as_they_did(replay: Replay) -> None:
    outcomes = replay.raw.outcomes()
    assert outcomes.pop(GONE) == "net_error"
    assert outcomes == dict.fromkeys((A, B, WAYS, POSTS, PLAIN, WORKER, TALK), "complete")


def test_each_visit_gets_its_own_responses_also_of_one_address_that_may_be_cached(replay: Replay) -> None:
    assert replay.title(A) == "of a,kept=1"  # and the cookie lives, though its day has passed
    assert replay.title(B) == "of b,kept=1"


def test_posts_and_polls_are_answered_as_they_were(replay: Replay) -> None:
    assert replay.title(POSTS) == "for two,for one,for two,poll 0,poll 1,poll 1,404,cors"
    rules = [
        (row["url"].partition("=")[0], row["rule"], row["is_repeated"])
        for row in sorted(replay.raw.of("replayed_requests", POSTS), key=lambda row: row["ordinal"])
        if "favicon" not in row["url"]
    ]
    assert rules == [
        (POSTS, "exact", False),
        (f"{POSTS}api", "exact", False),
        (f"{POSTS}api", "exact", False),
        (f"{POSTS}api", "body", True),
        (f"{POSTS}poll?_", "cache_buster", False),
        (f"{POSTS}poll?_", "cache_buster", False),
        (f"{POSTS}poll?_", "cache_buster", True),
        (f"{POSTS}absent", "miss", None),
        ("https://cors.example/", "exact", False),
    ]


def test_no_page_reaches_anything_but_the_archive_by_any_way(replay: Replay) -> None:
    assert replay.came == 0
    missed = {row["url"] for row in replay.raw.of("replayed_requests", WAYS) if row["rule"] == "miss"}
    port = next(url.rpartition(":")[2] for url in missed if url.startswith("http://127.0.0.1:"))
    assert {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "rebind.example")} <= missed


def test_a_service_worker_is_answered_for_its_visit(replay: Replay) -> None:
    answers = replay.answers(WORKER)
    assert answers[f"{WORKER}in-worker"] == "exact"
    assert answers[f"{WORKER}told?yes"] == "exact"
    assert answers[f"{WORKER}from-worker"] == "miss"


def test_a_websocket_talks_as_it_did_and_what_failed_fails_again(replay: Replay) -> None:
    assert replay.title(TALK) == "70000,0-255,4001,bye,refused"
    answers = replay.answers(TALK)
    assert answers["wss://talk.example/room"] == "websocket"
    assert answers["wss://talk.example/other"] == "miss"
    assert answers["https://fails.example"] == "failure"
    errors = {row["url"]: row["error"] for row in replay.raw.of("requests", TALK)}
    assert errors["https://fails.example/"] == "NS_ERROR_NET_TIMEOUT"


def test_misses_are_in_the_requests_too_and_addresses_are_not_made_up(replay: Replay) -> None:
    requests = {row["url"]: row for row in replay.raw.of("requests", POSTS)}
    absent = requests[f"{POSTS}absent"]
    assert absent["status"] == 404
    assert ["X-Overscripted-Replay", "miss"] in json.loads(absent["response_headers"])
    assert {row["ip"] for row in requests.values()} == {None}


def test_the_run_says_what_it_replays_and_how_it_was_answered(replay: Replay) -> None:
    stage = replay.raw.run.stage("crawl")
    (archive,) = stage["replay"]["archives"]
    assert (archive["archive"], archive["size"]) == (str(replay.archive), replay.archive.stat().st_size)
    assert stage["replay"]["pages"] == 8
    counts = stage["facts"]["replayed"]
    assert counts["exact"] > 10
    assert counts["miss"] > 5
    assert "requests by how the archive answered: " in replay.said


def test_another_archive_cannot_go_on_with_the_run(replay: Replay) -> None:
    other = replay.folder / "other.warc"
    with Warc(other) as warc:
        warc.answer(A, "x")
    for arguments in (["--replay", str(other)], ["--seeds", str(replay.folder / "none.txt")]):
        (replay.folder / "none.txt").write_text(A + "\n", "utf-8")
        again = Crawl(replay.folder / "run", *arguments, *OPTIONS, folder=replay.folder)
        assert again.wait() == 3
        assert "was begun as a replay of" in again.said
