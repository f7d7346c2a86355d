"""One URL is visited for real, and exactly what its page does is said of it: no less, and no more."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from overscripted import npm
from overscripted.cli import main
from overscripted.crawl.behaviours import autoconsent
from overscripted.crawl.settings import Options
from overscripted.errors import InputError, NotVisited, UserError
from overscripted.inspection.inspection import Inspection
from overscripted.inspection.run import inspect
from overscripted.run import Run
from tests.inspection.web import CONSENT, DEAD, QUIET, TRACKING, InspectedWeb

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
    ),
]
DWELL_S = 1.0
LINKS_DWELL_S = 5.0  # links are chosen two seconds before its end at the latest
CONSENT_DWELL_S = 10.0  # autoconsent looks for a banner, then clicks, then looks whether it worked
BOUNDS = ("limits", "bounds")
NOT_TRIED = [("limits", "no_consent"), ("limits", "not_typed"), BOUNDS]


@pytest.fixture(scope="module")
def web() -> Iterator[InspectedWeb]:
    with InspectedWeb() as served:
        yield served


@pytest.fixture(scope="module")
def options(web: InspectedWeb) -> Options:
    return Options(proxy=web.proxy, authorities=(web.ca_file,), allow_private=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inspect") / "quiet"


@pytest.fixture(scope="module")
def quiet(options: Options, kept: Path) -> Inspection:
    """The quiet page and a page behind it, with the records kept."""
    return inspect(QUIET, dwell_s=LINKS_DWELL_S, links=1, keep=str(kept), crawl_options=options)


@pytest.fixture(scope="module")
def tracking(options: Options, quiet: Inspection, kept: Path) -> Inspection:
    return inspect(TRACKING, dwell_s=DWELL_S, against=str(kept), crawl_options=options)


def said(answer: Inspection) -> list[tuple[str, str]]:
    """The topic and name of each claim, but for how long a busy machine let the page wait."""
    return [(claim.topic, claim.name) for claim in answer.claims if claim.name != "starved"]


def texts(answer: Inspection, topic: str) -> list[str]:
    return [claim.text for claim in answer.claims if claim.topic == topic]


def test_of_a_quiet_page_nothing_is_claimed_but_what_it_does_not_do(quiet: Inspection) -> None:
    assert said(quiet) == [
        *(("visit", "visited"), ("visit", "followed")),
        ("told", "companies"),
        ("recorded", "recorders"),
        *(("stored", name) for name in ("cookies", "longest", "items", "identifiers")),
        ("fingerprinted", "techniques"),
        ("shared", "pairs"),
        *(("code", "dynamic"), ("code", "miners")),
        *NOT_TRIED,
    ]
    numbers = {claim.name: claim.number or 0 for claim in quiet.claims if claim.name != "starved"}
    assert numbers.pop("cookies") == numbers.pop("followed") == 1
    assert not any(numbers.values()), numbers
    assert texts(quiet, "stored")[:2] == [
        "The visit left one cookie, of the site itself.",
        "It is gone when the browser is closed.",
    ]


def test_of_a_tracking_page_everything_that_it_does_is_said(tracking: Inspection) -> None:
    assert said(tracking) == [
        ("visit", "visited"),
        *(("told", name) for name in ("companies", "trackers", "unknown_owners")),
        ("recorded", "records"),
        *(("stored", name) for name in ("cookies", "longest", "items", "identifiers")),
        *(("fingerprinted", name) for name in ("techniques", "script")),
        *(("shared", name) for name in ("pair", "pair", "sent_on")),
        *(("code", "dynamic"), ("code", "miners")),
        *NOT_TRIED,
    ]
    assert texts(tracking, "told")[0] == (
        "The page told three companies of the visit, through four hosts: Google, Hotjar and Facebook."
    )
    assert texts(tracking, "recorded") == [
        "A script of static.hotjar.com (the session recorder Hotjar) watched the page and the visitor "
        "(typing, moving, scrolling and clicking), and sent three messages with 2,500 bytes to in.hotjar.com."
    ]
    assert texts(tracking, "stored") == [
        "The visit left two cookies, one of the site itself and one of other sites.",
        "The one that is kept longest, _visitor of daily-harbour.com, stays for 13 months.",
        "Scripts left one other item with the browser, in local storage.",
        "Two stored values tell this browser from others: _visitor of daily-harbour.com and fr of "
        "www.facebook.com. They stay for 90 days or longer, and differed between two visits at the same time "
        "(rule en2016).",
    ]
    assert texts(tracking, "fingerprinted") == [
        "A script of prints.fingerlab.io fingerprinted the browser by canvas.",
        "Four of four rule sets call what a script of prints.fingerlab.io did fingerprinting by canvas: "
        "overscripted2026, en2016, sensor2018 and fpinspector2021.",
    ]
    assert texts(tracking, "shared") == [
        "An identifier that the site itself keeps (_visitor) reached google-analytics.com (Google), in an "
        "address.",
        "An identifier that facebook.com (Facebook) keeps (fr) reached pixel-exchange.net, in a redirect.",
        "A script of google-analytics.com set the cookie _visitor as the site's own, and its value went to "
        "google-analytics.com.",
    ]
    assert texts(tracking, "code")[0].endswith("It made 1 of 27 recorded calls.")


def test_the_evidence_names_requests_scripts_and_lines(tracking: Inspection) -> None:
    evidence = {claim.name: claim.evidence for claim in tracking.claims}
    assert "https://prints.fingerlab.io/print.js" in {one.url for one in evidence["unknown_owners"]}
    read = next(one for one in evidence["script"] if one.name == "HTMLCanvasElement.toDataURL")
    assert (read.script_url, read.line) == ("https://prints.fingerlab.io/print.js", 10)
    assert [one.detail for one in evidence["records"] if one.kind == "request"] == [
        "2,000 bytes",
        "300 bytes",
        "200 bytes",
    ]
    assert {(one.script_url, one.line) for one in evidence["records"] if one.kind == "request"} == {
        ("https://static.hotjar.com/recorder.js", 11)
    }


def test_numbers_are_compared_with_the_sites_of_a_run(tracking: Inspection) -> None:
    compared = {claim.name: claim.comparison for claim in tracking.claims if claim.comparison}
    assert set(compared) == {"companies", "trackers", "records", "cookies", "items", "techniques", "dynamic"}
    told = compared["companies"]
    assert told and (told.value, told.below, told.equal, told.above, told.percentile) == (3, 1, 0, 0, 100)


def test_a_kept_run_goes_on_as_any_other(quiet: Inspection, kept: Path) -> None:
    run = Run.open(kept)
    run.require("etl")
    assert quiet.run == str(kept) and quiet.visits == 4
    with pytest.raises(InputError, match="is a run already"):
        inspect(QUIET, keep=str(kept))


def test_consent_changes_what_the_page_does(options: Options) -> None:
    try:
        npm.installed(Path(autoconsent.__file__).parent)
    except UserError as missing:
        pytest.skip(f"npm cannot be had: {missing}")
    answer = inspect(CONSENT, consent=True, twice=False, dwell_s=CONSENT_DWELL_S, crawl_options=options)
    assert texts(answer, "choice") == [
        "The page asks for consent by a banner of Onetrust.",
        "After consent was given, the page contacted two others: Facebook and pixel-exchange.net.",
        "When consent was given, the page told three others of the visit, otherwise one; only then: Facebook "
        "and pixel-exchange.net.",
        "After consent was refused, the page contacted no others.",
        "When consent was refused, the page told the same others of the visit as otherwise.",
    ]
    assert texts(answer, "told") == ["The page told one site whose owner is not known: marrowgate-media.com."]
    assert [name for topic, name in said(answer) if topic == "limits"] == ["no_twin", "not_typed", "bounds"]


@pytest.mark.parametrize(
    ("url", "private", "outcome", "words"),
    [
        (DEAD, True, "net_error", f"{DEAD} was not seen: no page came"),
        ("http://127.0.0.1:8000/", False, "blocked", "The visit to http://127.0.0.1:8000/ was not made"),
    ],
)
def test_a_page_that_was_not_seen_says_why_and_nothing_else(
    web: InspectedWeb, url: str, private: bool, outcome: str, words: str
) -> None:
    options = Options(proxy=web.proxy, authorities=(web.ca_file,), allow_private=True, retries=0)

    async def in_a_notebook() -> Inspection:
        return inspect(url, dwell_s=DWELL_S, twice=False, crawl_options=options if private else Options())

    answer = asyncio.run(in_a_notebook())
    assert not answer.answered and answer.outcome == outcome
    assert said(answer) == [("visit", "not_seen")] and answer.claims[0].text.startswith(words)


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def test_ctrl_c_leaves_nothing_behind(web: InspectedWeb, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "overscripted", "inspect", QUIET, "--dwell", "60", "--allow-private"]
    process = subprocess.Popen(
        [*command, "--proxy", web.proxy, "--ca", web.ca_file, "--display", "headless"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    known = psutil.Process(process.pid)
    deadline = time.monotonic() + 60
    while not (browsers := known.children(recursive=True)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert error.splitlines()[-1] == "inspect: interrupted"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("overscripted-")]
    assert not [browser for browser in browsers if alive(browser)]


def test_wrong_use_is_said_before_anything_is_visited(tmp_path: Path) -> None:
    for arguments, code in (
        (["ftp://example.org/"], 2),
        (["https://example.org/", "--links", "-1"], 2),
        (["https://example.org/", "--consent", "--variants", "x.toml"], 3),
        (["https://example.org/", "--html", str(tmp_path / "no" / "x.html")], 3),
        (["https://example.org/", "--against", str(tmp_path)], 3),
        (["https://example.org/", "--do", "dance"], 3),
    ):
        result = CliRunner().invoke(main, ["inspect", *arguments])
        found = (
            result.exit_code if not isinstance(result.exception, UserError) else result.exception.exit_code
        )
        assert found == code, (arguments, result.output, result.exception)


def test_the_command_prints_json_and_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tracking: Inspection, tmp_path: Path
) -> None:
    """The visit is `tracking`'s, so that no other is made."""
    monkeypatch.setattr("overscripted.inspection.run.inspect", lambda *_, **__: tracking)
    page = tmp_path / "page.html"
    result = CliRunner().invoke(main, ["inspect", TRACKING, "--json", "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert [one["text"] for one in json.loads(result.stdout)["claims"]] == [it.text for it in tracking.claims]
    assert "prints.fingerlab.io" in page.read_text()
    monkeypatch.setattr("overscripted.inspection.run.inspect", lambda *_, **__: _unseen(tracking))
    result = CliRunner().invoke(main, ["inspect", TRACKING])
    assert isinstance(result.exception, NotVisited) and result.exception.exit_code == 8


def _unseen(answer: Inspection) -> Inspection:
    return Inspection(answer.url, "", "", "net_error", "no such host", answer.started, 1, ())


def test_nothing_is_left_of_visits_that_ended(tracking: Inspection) -> None:
    folders = [path.name for path in Path(tempfile.gettempdir()).glob("overscripted-inspect-*")]
    assert not folders and not tracking.run
