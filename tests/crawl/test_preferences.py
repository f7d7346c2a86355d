"""A Firefox that is kept by a policy from what the crawl's safety rests on is not used."""

import json
import os
import shutil
from pathlib import Path

import pytest

from overscripted.crawl.firefox import process as firefoxes
from overscripted.errors import SoftwareMissing
from tests.crawl.crawling import Crawl
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

# A policy, and what the crawl says: None where it goes on.
POLICIES = {
    "proxy": ({"Proxy": {"Mode": "none", "Locked": True}}, ("Proxy", "network.proxy.")),
    "a preference of ours": (
        {"Preferences": {"network.trr.mode": {"Value": 2, "Status": "locked"}}},
        ("Preferences", "network.trr.mode at 2"),
    ),
    "nothing of ours": ({"DisableFirefoxScreenshots": True}, None),
}


def copied(folder: Path, policies: dict[str, object]) -> Path:
    """The system's Firefox in a folder of its own, with policies; its program."""
    program = Path(firefoxes.find()).resolve()
    if not (program.parent / "omni.ja").exists():
        pytest.skip(f"{program} is not in Firefox's own folder")
    target = folder / "firefox"
    try:
        shutil.copytree(program.parent, target, copy_function=os.link)  # links cost no space
    except OSError:  # another file system
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(program.parent, target)
    shutil.rmtree(target / "distribution", ignore_errors=True)
    (target / "distribution").mkdir()
    (target / "distribution" / "policies.json").write_text(json.dumps({"policies": policies}))
    return target / program.name


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_that_takes_the_proxy_away_ends_the_crawl(small_web: Web, tmp_path: Path, name: str) -> None:
    policies, said = POLICIES[name]
    program = copied(tmp_path, policies)
    before = small_web.asked["/page/5"]
    guarded = (
        "--dwell",
        "0.1",
        "--retries",
        "0",
    )  # the page is on a private address, which the guard refuses
    one = Crawl(
        tmp_path / "run",
        "--firefox",
        str(program),
        *guarded,
        seeds=[small_web.base + "/page/5"],
        folder=tmp_path,
    )
    code = one.wait()
    assert "Traceback" not in one.said
    assert small_web.asked["/page/5"] == before
    if said is None:
        assert code == 0 and "blocked 1" in one.said
    else:
        assert code == SoftwareMissing.exit_code
        assert all(word in one.said for word in (*said, "policy", "--firefox")), one.said
