"""Look into what a release would publish: the source distribution and the wheel of this version.

python -m scripts.release dist

Prints what is in them, and each fault; nothing is uploaded and no tag is set.
"""

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What users of the source distribution need beside the code.
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
FOREIGN = re.compile(r"(^|/)(\.venv|\.git|node_modules|__pycache__|build|runs|demo-run(-behaviours)?)(/|$)")


def faults(folder: Path, version: str, changelog: str, installed: set[str]) -> Iterator[str]:
    """What is wrong with the files in ``folder``; ``installed`` are the files that a wheel must have."""
    if not re.search(rf"^## {re.escape(version)}\b", changelog, re.M):
        yield f"CHANGELOG.md has no section for {version}"
    wheel, source = (
        folder / f"overscripted-{version}-py3-none-any.whl",
        folder / f"overscripted-{version}.tar.gz",
    )
    others = {file.name for file in folder.iterdir()} - {wheel.name, source.name}
    if others:
        yield f"{folder} holds other files: {', '.join(sorted(others))}"
    for file in (wheel, source):
        if not file.exists():
            yield f"{file.name} is missing"
            continue
        found = _wheel(file, version, installed) if file is wheel else _source(file)
        yield from (f"{file.name}: {fault}" for fault in found)


def installed_files() -> set[str]:
    """The files of the checkout that a wheel must have: of the package, and of the stages linked into it."""
    stages = [link.name for link in (ROOT / "overscripted").iterdir() if link.is_symlink()]
    listed = subprocess.run(
        ["git", "ls-files", "overscripted", *stages], cwd=ROOT, capture_output=True, text=True
    )
    files = {
        name for name in listed.stdout.split() if not (ROOT / name).is_symlink() and not name.endswith(".md")
    }
    return {name if name.startswith("overscripted/") else f"overscripted/{name}" for name in files}


def _wheel(file: Path, version: str, installed: set[str]) -> Iterator[str]:
    with zipfile.ZipFile(file) as wheel:
        names = wheel.namelist()
        info = f"overscripted-{version}.dist-info"
        tops = {name.partition("/")[0] for name in names} - {info}
        if tops != {"overscripted"}:
            yield f"installs other names than overscripted: {', '.join(sorted(tops - {'overscripted'}))}"
        yield from (f"has no {name}" for name in sorted(installed - set(names)))
        yield from _strange(names)
        if f"{info}/METADATA" not in names:
            yield "has no METADATA"
            return
        metadata = email.message_from_bytes(wheel.read(f"{info}/METADATA"))
        if metadata["Version"] != version:
            yield f"says that its version is {metadata['Version']}"
        if not str(metadata.get_payload()).strip():
            yield "has no description"
        if f"{info}/licenses/LICENSE" not in names:
            yield "has no licence"
        if f"{info}/entry_points.txt" not in names:
            yield "has no command"


def _source(file: Path) -> Iterator[str]:
    with tarfile.open(file) as source:
        names = [name.partition("/")[2] for name in source.getnames()]
    yield from (f"has no {name}" for name in SOURCES if name not in names)
    yield from _strange(names)


def _strange(names: list[str]) -> Iterator[str]:
    yield from (f"has {name}" for name in names if FOREIGN.search(name))


def main() -> int:
    """Look into the folder named on the command line; 1 for a fault."""
    folder = Path(sys.argv[1])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    found = list(faults(folder, version, (ROOT / "CHANGELOG.md").read_text(), installed_files()))
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if changed.stdout:
        found.append(f"the checkout has changes that are not committed:\n{changed.stdout.rstrip()}")
    for file in sorted(folder.iterdir()):
        print(f"{file.name}: {file.stat().st_size >> 10:,} KiB{_kinds(file)}")
    for fault in found:
        print(f"release: {fault}", file=sys.stderr)
    return int(bool(found))


def _kinds(file: Path) -> str:
    if file.suffix != ".whl":
        return ""
    with zipfile.ZipFile(file) as wheel:
        counted = Counter(Path(name).suffix for name in wheel.namelist())
    return ", " + ", ".join(f"{n} {kind or 'other'}" for kind, n in counted.most_common())


if __name__ == "__main__":
    sys.exit(main())
