"""The explorer in a real Chromium, which nothing else of the project needs: skipped without one."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.explore.conftest import BODY_SHA256, DOMAIN, Site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="Chromium is not installed (Debian: apt install chromium)"
)


def shown(site: Site, path: str, folder: Path) -> str:
    """The document of a page after its scripts ran, as a visitor with the printed address gets it."""
    address = f"{site.url}/run/{path}{'&' if '?' in path else '?'}token={site.guard.token}"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", "--dump-dom", address],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("", "<h1>run</h1>"),
        ("t/requests", "<h1>Requests</h1>"),
        (f"site?domain={DOMAIN}", f"<h1>{DOMAIN}</h1>"),
        ("sql?q=SELECT+1+AS+one", "<h1>Ask the tables</h1>"),
        (f"body?sha256={BODY_SHA256}", "<h1>"),
        ("outcomes", "<h1>"),
    ],
)
def test_a_page_is_shown_and_its_script_runs(site: Site, tmp_path: Path, path: str, heading: str) -> None:
    found = shown(site, path, tmp_path)
    assert heading in found
    button = found.partition('id="theme"')[2].partition(">")[0]
    assert button and "hidden" not in button  # the page's script shows the button that changes the colours
