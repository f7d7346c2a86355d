"""What `make release` finds in a source distribution and a wheel."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.release import ROOT, SOURCES, faults, installed_files

INFO = "overscripted-1.2.3.dist-info"
METADATA = "Name: overscripted\nVersion: 1.2.3\n\nWhat it is.\n"
INSTALLED = {"overscripted/cli.py", "overscripted/crawl/recorder.js"}
CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-12-01)\n"


def release(
    folder: Path, wheel: dict[str, str] | None = None, leave: str = "", version: str = "1.2.3"
) -> list[str]:
    """Faults of a right release with other files in its wheel, less the files that are named ``leave``."""
    folder = folder / "dist"
    folder.mkdir()
    files = dict.fromkeys(INSTALLED, "")
    files |= {f"{INFO}/METADATA": METADATA, f"{INFO}/licenses/LICENSE": "", f"{INFO}/entry_points.txt": ""}
    files |= wheel or {}
    with zipfile.ZipFile(folder / "overscripted-1.2.3-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            if not leave or not name.endswith(leave):
                archive.writestr(name, text)
    with tarfile.open(folder / "overscripted-1.2.3.tar.gz", "w:gz") as source:
        for name in SOURCES:
            if name != leave:
                source.addfile(tarfile.TarInfo(f"overscripted-1.2.3/{name}"), io.BytesIO())
    return list(faults(folder, version, CHANGELOG, INSTALLED))


def test_a_right_release_has_no_fault(tmp_path: Path) -> None:
    assert release(tmp_path) == []


@pytest.mark.parametrize(
    ("leave", "fault"),
    [
        (".js", "has no overscripted/crawl/recorder.js"),
        ("METADATA", "has no METADATA"),
        ("entry_points.txt", "has no command"),
        ("README.md", "has no README.md"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, leave: str, fault: str) -> None:
    assert [found.partition(": ")[2] for found in release(tmp_path, leave=leave)] == [fault]


def test_a_release_without_its_licence_has_two_faults(tmp_path: Path) -> None:
    found = release(tmp_path, leave="LICENSE")
    assert [text.partition(": ")[2] for text in found] == ["has no licence", "has no LICENSE"]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("etl/run.py", "", "installs other names than overscripted: etl"),
        ("overscripted/node_modules/a.js", "", "has overscripted/node_modules/a.js"),
        (f"{INFO}/METADATA", METADATA.replace("1.2.3", "1.2.2"), "says that its version is 1.2.2"),
        (f"{INFO}/METADATA", METADATA.replace("What it is.", ""), "has no description"),
    ],
)
def test_what_is_wrong_in_a_wheel_is_named(tmp_path: Path, name: str, text: str, fault: str) -> None:
    assert [found.partition(": ")[2] for found in release(tmp_path, {name: text})] == [fault]


def test_files_of_another_version_are_named(tmp_path: Path) -> None:
    found = release(tmp_path, version="1.2.4")
    assert found[0] == "CHANGELOG.md has no section for 1.2.4"
    assert "holds other files" in found[1]
    assert [text.rpartition(" is ")[2] for text in found[2:]] == ["missing", "missing"]


@pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="this is no checkout, which knows the project's files"
)
def test_files_that_are_not_python_are_to_be_installed() -> None:
    found = installed_files()
    assert {Path(name).suffix for name in found} >= {".py", ".js", ".json", ".css", ".j2", ".ipynb"}
    assert all(name.startswith("overscripted/") and not name.endswith(".md") for name in found)
