"""Pages of a web that had http, on sites that Firefox asks by https today."""

from pathlib import Path

import pytest

from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw
from tests.crawl.replay.archives import Warc

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

OLD, NEW = "http://en.wikipedia.org/wiki/Main_Page", "https://new.example/"  # the former is on Firefox's list
LIB = "http://bits.wikimedia.org/lib.js"
ASKS = """<script>
(async () => {
  const said = await fetch("/by-http").then((answer) => answer.text());
  const upgraded = await fetch("https://new.example/x").then((answer) => answer.status);
  document.title = [said, upgraded].join();
})();
</script>"""


def test_http_loads_as_it_did_and_stands_for_https(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(OLD, f"<title>old</title><script src={LIB}></script>")
        warc.answer(LIB, "document.title += ' web'", "text/javascript")
        warc.answer(NEW, ASKS)
        warc.answer(f"{NEW.replace('https', 'http')}by-http", "by http", "text/plain")
    options = ("--dwell", "2", "--windows", "2", "--instrument", "fingerprinting")
    crawl(tmp_path / "run", "--replay", str(tmp_path / "a.warc.gz"), *options, folder=tmp_path)
    raw = Raw(str(tmp_path / "run"))
    assert {seed: visit["title"] for seed, visit in raw.visits.items()} == {
        OLD: "old web",
        NEW: "by http,404",
    }
    rules = {row["url"]: row["rule"] for seed in (OLD, NEW) for row in raw.of("replayed_requests", seed)}
    expected = {OLD: "exact", LIB: "exact", NEW: "exact", f"{NEW}by-http": "scheme", f"{NEW}x": "miss"}
    assert rules | expected == rules
