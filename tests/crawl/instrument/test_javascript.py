"""Every file of our JavaScript runs in a known world, and is checked as part of it."""

import json
import re
from pathlib import Path

from overscripted.crawl.instrument import bundle
from overscripted.crawl.javascript import read

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "crawl" / "instrument"
FILES = sorted(FOLDER.rglob("*.js"))
PROJECTS = ("parent_process", "content_process", "document", "page", "beside_page", "worker", "extension")
SETTINGS = bundle.recorder_settings(
    {"instruments": [{"object": "window.navigator", "name": "window.navigator"}]}
)


def checked(project: str) -> set[Path]:
    """The JavaScript that a project of the type check includes."""
    folder = ROOT / "scripts" / "js"
    paths = [
        (folder / name).resolve() for name in json.loads((folder / f"{project}.json").read_text())["include"]
    ]
    return {file for path in paths for file in (path.rglob("*.js") if path.is_dir() else [path])}


def test_every_file_is_type_checked_as_part_of_its_world() -> None:
    found = {file for project in PROJECTS for file in checked(project)}
    assert found == set(FILES)
    assert {file.parent.name for file in checked("worker")} == {"shared", "worker"}
    command = json.loads((ROOT / "package.json").read_text())["scripts"]["check:types"]
    assert re.findall(r"scripts/js/(\w+)\.json", command) == list(PROJECTS)


def test_every_file_says_its_job_and_world() -> None:
    for file in FILES:
        lines = file.read_text().partition('"use strict";')[0].strip().splitlines()
        assert len(lines) >= 2 and all(line.startswith("// ") for line in lines), file
        assert any(line.startswith("// World: ") for line in lines), file


def test_a_joined_script_is_strict_from_its_first_line() -> None:
    scripts = [bundle.content_process("name", SETTINGS), bundle.parent_process(SETTINGS)]
    assert all(script.splitlines()[1] == '"use strict";' for script in scripts)
    assert bundle.document(SETTINGS).startswith('"use strict";\nconst PROTOCOL = ')


def test_each_file_is_in_a_script_of_its_world(tmp_path: Path) -> None:
    packed = bundle.extension(tmp_path, SETTINGS)
    (tmp_path / "reference").mkdir()
    whole = {
        "parent_process": bundle.parent_process(SETTINGS),
        "content_process": bundle.content_process("name", SETTINGS),
        "document": bundle.document(SETTINGS),
        "worker": (packed / "worker.js").read_text(),
    }
    asked_alone = {
        "watch",
        "process_info",
        "is_loading",
        "collect_garbage",
        "serve_worker_script",
    }
    asked_alone |= {"locate_tab", "notify", "display", "preferences", "follow_link", "visit_frames"}
    asked_alone |= {"session_cookies", "form_fields", "fill_tracker_tables"}
    asked_alone |= {"kept_cache", "kept_hosts", "kept_permissions", "replay"}
    for world, script in whole.items():
        for file in (FOLDER / "js" / world).rglob("*.js"):
            if file.stem not in asked_alone:
                assert read(str(file.relative_to(FOLDER))) in script, file
    for file in (FOLDER / "js" / "shared").glob("*.js"):
        assert file.read_text() in whole["document"] and file.read_text() in whole["worker"]


def test_the_tools_are_pinned_without_a_registry() -> None:
    tools = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in tools.values()), tools
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all(lock[f"node_modules/{name}"]["version"] == version for name, version in tools.items())
    assert not [name for name, package in lock.items() if "resolved" in package]
