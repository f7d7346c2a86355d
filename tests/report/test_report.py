"""The report is read by people: what pages, lists and options wrote reaches them as text only."""

import json
import re
import shutil
import subprocess
import threading
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from overscripted.analyses.run import analyze
from overscripted.report.page import TEMPLATES
from overscripted.report.run import report
from overscripted.run import Run
from tests.analyses.planted import call, planted_run

# Each would run, load or break out if it were taken for markup. CANARY is put in by the tests.
HOSTILE = [
    "</script><script>new Image().src='CANARY/script'</script>",
    "\"><img src='CANARY/img' onerror=alert(1)>",
    "</title></style></svg><iframe src='CANARY/frame'></iframe>",
    "<svg onload=\"fetch('CANARY/svg')\"><style>@import 'CANARY/css'</style>",
    "{{ 7 * 7 }}{% for x in y %}&lt;b&gt;]]><!--",
    "javascript:fetch('CANARY/js')",
    "right\u202eot tfel\u2066 \u200b zero\u0000 nul\u0007 bell\u001b[31m red \ud800\u2028 \ufeff",
    "Z" + "\u0335" * 500,
    "long " * 100_000,
]
LOADING = "img iframe object embed link base form audio video source track picture input image use".split()


def hostile_run(folder: Path, canary: str) -> Run:
    """A run whose every text is hostile: URLs, symbols, outcomes, gaps, list, options, precrawl, folder."""
    texts = [text.replace("CANARY", canary) for text in HOSTILE]
    calls = []
    for i, text in enumerate(texts):
        # A URL of Parquet data is any text: the study's holds relative ones and worse.
        location, name = f"https://site{i}.ru/{text}", text.encode("utf-8", "replace").decode()
        location = location.encode("utf-8", "replace").decode()
        calls.append(call(location, f"https://mc.yandex.ru/{name}", visit_id=i, symbol=name, n=2, dynamic=1))
        calls.append(call(location, f"https://coinhive.com/{name}", visit_id=i, symbol=name, operation=name))
        calls.append(call(location, f"https://x$y_{i}.example/{name}", visit_id=i, dynamic=1))
    visits = [
        {
            "visit_id": i,
            "outcome": call_["symbol"],
            "n_dropped": 2**60,
            "known_gaps": json.dumps({call_["symbol"]: 3}),
        }
        for i, call_ in enumerate(calls[::3])
    ]
    run = planted_run(folder / "<b>run", calls, visits)
    owners = ", ".join(
        f'{{"domain": "{domain}", "provider": {json.dumps(texts[i])}}}'
        for i, domain in enumerate(("yandex.ru", "coinhive.com"))
    )
    listed = folder / "<img src=x onerror=alert(1)>.json"
    listed.write_text(f'{{"entries": [{owners}]}}')
    archive = {"archive": texts[0], "size": 1234, "sha256": "5a5a"}
    run.begin("crawl", {"proxy": texts[0], "contact": texts[1]}, replay={"archives": [archive]})
    run.finish("crawl", facts={texts[2]: texts[3]})
    run.store.write_json(
        "precrawl/summary.json",
        {
            "sites": 3,
            "union": "<b>",
            "seeds": 1,
            "quorum": [texts[0], texts[1]],
            "vantages": {texts[0]: {"reached": 2, "failed_by_reason": {texts[1]: 1}}, texts[2]: "x"},
            "overlap": [{"vantages": [texts[0]], "links": 4}, texts[3]],
        },
    )
    analyze(run, lists=[f"session_replay={listed}", f"nocoin={listed}"])
    return run


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[str, list[str], dict[str, bytes]]]:
    """A server's address, the paths that it was asked for, and what it serves."""
    requested: list[str] = []
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            body = pages.get(self.path, b"")
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requested, pages
        server.shutdown()


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, canary: tuple[str, list[str], dict[str, bytes]]
) -> tuple[Run, str]:
    """The hostile run and its report's HTML."""
    run = hostile_run(tmp_path_factory.mktemp("hostile"), canary[0])
    return run, Path(report(run)).read_text("utf-8")


def test_it_is_one_page_with_one_script_that_is_ours(written: tuple[Run, str]) -> None:
    tree = LexborHTMLParser(written[1])
    ours = (TEMPLATES / "report.js").read_text()
    assert [node.text() for node in tree.css("script")] == [ours]
    assert len(tree.css("style")) == 1
    assert [tag for tag in LOADING if tree.css(tag)] == []
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), f"{node.tag} has {name}"
            assert name not in ("src", "srcset", "style", "srcdoc", "action", "data", "xlink:href"), node.html
            assert name != "href" or re.fullmatch(r"#.*|\.\./findings/\w+/\w+\.parquet", str(value)), (
                node.html
            )
    assert not re.search(r"url\(|@import|image-set", tree.css_first("style").text())


def test_a_replay_is_said_to_be_one(written: tuple[Run, str]) -> None:
    leads = [node.text() for node in LexborHTMLParser(written[1]).css("p.lead")]
    said = next(text for text in leads if text.startswith("A replay: the archive"))
    assert "1,234 bytes, SHA-256 5a5a) answered in place of the network" in said


def test_a_policy_forbids_every_request_and_every_other_script(written: tuple[Run, str]) -> None:
    tree = LexborHTMLParser(written[1])
    policy = tree.css_first('meta[http-equiv="Content-Security-Policy"]')
    assert policy.attributes["content"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"
    )
    assert "base-uri 'none'; form-action 'none'" in policy.attributes["content"]
    before = [node.tag for node in tree.css("head > *")]
    assert before.index("meta") < before.index("style")


def test_what_pages_wrote_is_shown_as_text(
    written: tuple[Run, str], canary: tuple[str, object, object]
) -> None:
    text = LexborHTMLParser(written[1]).body.text()
    for hostile in HOSTILE[:6]:
        start = hostile.replace("CANARY", canary[0])[:40]
        assert start in text, start
    assert "⟨U+202E⟩" in text and "⟨U+0000⟩" in text and "⟨U+001B⟩" in text


def test_nothing_invisible_and_nothing_endless_is_in_it(written: tuple[Run, str]) -> None:
    page = written[1]
    unfit = {c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")} - {"\n"}
    assert unfit == set()
    assert not re.search(r"[\u0300-\u036f]{4}", page)
    assert len(page) < 500_000


def test_numbers_of_any_size_are_written_out(written: tuple[Run, str]) -> None:
    assert f"{2**60 * len(HOSTILE):,}" in LexborHTMLParser(written[1]).body.text()


def test_every_figure_is_a_picture_without_code(written: tuple[Run, str]) -> None:
    run, _ = written
    pictures = run.store.files("findings", ".svg")
    assert len(pictures) >= 4
    for key in pictures:
        root = ElementTree.fromstring(run.store.read(key))  # well-formed, or it raises
        tags = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert tags <= {"svg", "style", "title", "desc", "text", "rect", "line", "circle"}
        assert not [name for node in root.iter() for name in node.attrib if name.startswith("on")]


@pytest.mark.firefox
@pytest.mark.skipif(
    not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
)
def test_a_real_firefox_asks_nobody_for_anything(
    written: tuple[Run, str], canary: tuple[str, list[str], dict[str, bytes]], tmp_path: Path
) -> None:
    base, requested, pages = canary
    pages["/report"] = written[1].encode()
    # The frame shows the report; the picture beside it shows that a request would be noticed.
    pages["/"] = b"<iframe src=/report width=1200 height=2000></iframe><img src=/control>"
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    assert binary
    (tmp_path / "profile").mkdir()
    shot = tmp_path / "shot.png"
    subprocess.run(
        [
            binary,
            "--headless",
            "--no-remote",
            "--profile",
            str(tmp_path / "profile"),
            "--screenshot",
            str(shot),
            base,
        ],
        check=True,
        capture_output=True,
        timeout=300,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1"},
    )
    assert shot.stat().st_size > 10_000
    assert sorted(set(requested) - {"/favicon.ico"}) == ["/", "/control", "/report"]
