"""The form that inspects a page: who may use it, what it refuses, and that it runs the command itself."""

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from overscripted.explore.data import RunData
from overscripted.explore.export import FileLinks
from overscripted.explore.inspecting.inspections import Inspections
from overscripted.explore.inspecting.question import Question, of_form
from overscripted.explore.server import is_local
from overscripted.run import Run
from tests.explore.conftest import Reader, Site, served
from tests.inspection.web import TRACKING, InspectedWeb

needs_firefox = pytest.mark.skipif(
    not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
)
PRIVATE = "http://127.0.0.1/"
WAIT_S = 120.0


def until(ask: Callable[[], Any]) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + WAIT_S
    while not (found := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def shown(page: requests.Response) -> str:
    """A page without its tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page.text)).split())


def ended(site: Reader, page: requests.Response) -> requests.Response:
    """The page of an inspection that was started, once it has ended."""
    assert "?id=" in page.url
    state = f"{page.url}&format=state"
    until(lambda: not site.reader.get(state).text)
    return site.reader.get(page.url)


def test_the_form_is_for_the_local_user_only(run: Run, data: RunData) -> None:
    local = ("127.0.0.1", "127.8.0.1", "localhost", "::1")
    others = ("0.0.0.0", "::", "192.0.2.1", "example.com")
    assert [host for host in (*local, *others) if is_local(host)] == [*local]
    with served(run, None) as site:
        page = site.get("inspect")
        assert (
            "only where the explorer listens at this machine" in page.text and "<form method" not in page.text
        )
        assert site.post("inspect", url=PRIVATE).status_code == 400
    assert FileLinks(data).to("inspect") is None  # nor is it in an export


def asked_for(text: str) -> set[str]:
    """The inspections that a page lists. Tests of this file and others share the explorer."""
    return set(re.findall(r"/run/inspect\?id=\w+", text))


def test_a_form_of_another_site_starts_nothing(site: Site) -> None:
    before = asked_for(site.get("inspect").text)
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        answer = site.reader.post(f"{site.url}/run/inspect", data={"url": PRIVATE}, headers=headers)
        assert answer.status_code == 403, headers
    bare = requests.post(f"{site.url}/run/inspect", data={"url": PRIVATE}, headers={"Origin": site.url})
    assert bare.status_code == 403
    assert asked_for(site.get("inspect").text) == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": " "}, "Give the URL"),
        ({"url": "a" * 2_001}, "up to 2,000 characters"),
        ({"url": "https://a\0b/"}, "up to 2,000 characters"),
        ({"url": "a.example", "dwell": "0"}, "0.1 to 3,600 seconds"),
        ({"url": "a.example", "dwell": "3601"}, "0.1 to 3,600 seconds"),
        ({"url": "a.example", "dwell": "nan"}, "0.1 to 3,600 seconds"),
        ({"url": "a.example", "dwell": "<b>"}, "0.1 to 3,600 seconds"),
        ({"url": '"><script>alert(1)</script>', "dwell": "x"}, "0.1 to 3,600 seconds"),
    ],
)
def test_what_cannot_be_asked_is_said_and_kept_in_the_form(
    site: Site, fields: dict[str, str], said: str
) -> None:
    before = asked_for(site.get("inspect").text)
    answer = site.post("inspect", **fields)
    assert answer.status_code == 400 and said in answer.text and 'role="alert"' in answer.text
    assert "<script>alert" not in answer.text and "\0" not in answer.text
    assert asked_for(answer.text) == before


def test_a_url_is_an_argument_and_no_option() -> None:
    asked = of_form({"url": "--allow-private", "dwell": "2.5", "consent": "on"})
    assert asked.arguments() == ["--dwell=2.5", "--consent", "--", "--allow-private"]
    assert Question("a").limit_s < Question("a", consent=True).limit_s < Question("a", 3_600.0).limit_s


def test_the_words_of_the_command_are_shown(site: Site) -> None:
    """Here for a URL that it refuses before it starts a browser, with markup in it."""
    page = ended(site, site.post("inspect", url="ftp://<script>alert(1)</script>"))
    assert "is no http or https URL" in page.text and "Exit code 2" in page.text
    assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text
    assert "not answered" in site.get("inspect").text
    assert site.get("inspect", id="nothing").status_code == 404


def test_the_oldest_answers_are_deleted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overscripted.explore.inspecting.inspections.INSPECTIONS_KEPT", 1)
    inspections = Inspections(["--no-such-option"])
    first = inspections.start("run", run.store.url, Question("a.example"))
    until(lambda: not first.running)
    second = inspections.start("run", run.store.url, Question("a.example"))
    assert inspections.of("run") == [second] and inspections.of("other") == []
    folder = second._folder.parent
    assert [path.name for path in folder.iterdir()] == [second.name]
    inspections.close()
    assert not second.running and not folder.exists()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def explorer(run: Run, folder: Path) -> Iterator[tuple["subprocess.Popen[str]", Reader]]:
    """The command itself, with its temporary files in a folder."""
    command = [sys.executable, "-m", "overscripted", "explore", run.store.url, "--no-browser"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        url, _, token = process.stdout.readline().split()[-1].partition("/?token=")
        site = Reader(url, token)
        try:
            yield process, site
        finally:
            process.terminate()


def test_the_explorer_ends_its_inspection_when_it_is_terminated(run: Run, tmp_path: Path) -> None:
    with explorer(run, tmp_path) as (process, site):
        site.post("inspect", url=site.url)
        family = psutil.Process(process.pid).children()
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert family and [one for one in family if alive(one)] == []
    assert left_in(tmp_path) == []


@pytest.mark.firefox
@needs_firefox
def test_private_addresses_are_refused_and_ctrl_c_ends_firefox(run: Run, tmp_path: Path) -> None:
    with explorer(run, tmp_path) as (process, site):
        own = f"{site.url}/run/"
        page = site.post("inspect", url=own, dwell="3600")
        assert "data-standing" in page.text and "Running since" in page.text
        busy = site.post("inspect", url="https://other.example/")
        assert busy.status_code == 409 and "An inspection runs already" in busy.text
        assert 'value="https://other.example/"' in busy.text
        until(lambda: "watching it for 3600 s" in site.reader.get(f"{page.url}&format=state").text)
        refused = shown(ended(site, page))
        assert "127.0.0.1: not a public address" in refused and "Exit code 8" in refused
        assert "could not be visited (blocked)" in refused and "making the tables" not in refused
        site.post("inspect", url=own, dwell="3600")
        family = until(lambda: firefoxes(process.pid))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert [one for one in family if alive(one)] == []
    assert left_in(tmp_path) == []


def firefoxes(pid: int) -> list[psutil.Process]:
    """The processes of a process, once a Firefox is among them."""
    family = psutil.Process(pid).children(recursive=True)
    return family if any("firefox" in one.name() for one in family) else []


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("overscripted-")]


@pytest.mark.firefox
@needs_firefox
def test_a_page_is_inspected_and_its_answer_shown(run: Run) -> None:
    with InspectedWeb() as web:
        more = ["--allow-private", f"--proxy={web.proxy}", f"--ca={web.ca_file}", "--once"]
        with served(run, Inspections(more)) as site:
            page = ended(site, site.post("inspect", url=TRACKING, dwell="3"))
            text = shown(page)
            assert re.search(r"Who is told of the visit The page told \w+ compan", text), text
            assert "request https://www.google-analytics.com/collect.js" in text
            assert 'role="alert"' not in page.text and "<td>answered</td>" in site.get("inspect").text
            assert "site in run." in text  # compared with the run that is explored
            file = site.reader.get(f"{page.url}&format=html")
            assert (
                file.headers["content-disposition"]
                == 'attachment; filename="inspection-daily-harbour.com.html"'
            )
            assert "The page told" in file.text
            again = site.post("inspect", url=TRACKING, dwell="3600")
            name = again.url.rpartition("=")[2]
            assert "ended from the page" in site.post("inspect", end=name).text
