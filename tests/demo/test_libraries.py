"""Third-party code comes from npm where it can be had, and the demo says so where it cannot."""

import json
import shutil
from pathlib import Path

import pytest

from overscripted.demo import libraries
from overscripted.errors import InputError

NPM = Path(libraries.__file__).parent / "npm"


def test_versions_are_pinned_and_the_lock_names_no_registry() -> None:
    wanted = json.loads((NPM / "package.json").read_text())["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    text = (NPM / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert '"resolved"' not in text and "://" not in text.replace("https://", "", 0).split("node_modules")[0]
    assert all("integrity" in package for path, package in packages.items() if path)


def test_without_npm_our_own_scripts_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = libraries.load()
    assert found.mode == "own" and "npm is not installed" in found.why
    assert found["rrweb"] == b""
    with pytest.raises(InputError, match="npm is not installed"):
        libraries.load("npm")


def test_a_failing_npm_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, tools = tmp_path / "cache", tmp_path / "bin"
    tools.mkdir()
    (tools / "npm").write_text("#!/bin/sh\nmkdir node_modules\necho 'no network' >&2\nexit 1\n")
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    assert libraries.load().why.endswith("failed: no network")
    assert list((cache / "overscripted").iterdir()) == []


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_libraries_are_the_published_ones() -> None:
    found = libraries.load()
    if found.mode == "own":
        pytest.skip(f"packages cannot be had from npm: {found.why}")
    assert b"rrweb" in found["rrweb"]
    assert all(len(data) > 1000 for data in found.files.values())
