"""What the README and docs/ say is true: links lead somewhere, commands exist, pages are current."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from overscripted import dictionary
from overscripted.cli import COMMANDS, main
from overscripted.schemas import TABLES
from scripts.docs import cli, diagrams, import_tables, outcomes, protocol, python, settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in TOP), *sorted(DOCS.rglob("*.md"))]
GENERATED: dict[str, Callable[[], str]] = {
    "scripts.docs.cli": cli.document,
    "scripts.docs.python": python.document,
    "scripts.docs.settings": settings.document,
    "scripts.docs.outcomes": outcomes.document,
    "scripts.docs.import_tables": import_tables.document,
    "scripts.docs.protocol": protocol.document,
    "overscripted.dictionary": dictionary.document,
}
# Files that name pages of the documentation.
NAMING = ("*.py", "*.js", "*.sh", "*.toml", "*.yml", "Makefile", "Containerfile", "*.md")


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> list[list[str]]:
    """The words of every `overscripted …` command in a page's code blocks, continuation lines joined."""
    blocks = re.findall(r"```\w*\n(.*?)```", page.read_text(), re.S)
    blocks += ["\n".join(re.findall(r"^ {4}(.*)$", page.read_text(), re.M))]
    found = []
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                text = re.sub(r"^(\w+=\S+ )+", "", part.strip().removeprefix("$ ").removeprefix(".venv/bin/"))
                if text.startswith("overscripted "):
                    found.append(shlex.split(text, comments=True)[1:])
    return found


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), f"{title(page)} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{title(page)} links to {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_commands_and_options_exist(page: Path) -> None:
    for words in commands(page):
        if words[0].startswith(("-", "[")):
            continue
        assert words[0] in COMMANDS, f"{title(page)}: overscripted {' '.join(words)}"
        command = main.get_command(click.Context(main), words[0])
        if isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
            command = command.commands[words[1]]
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        if command.context_settings.get("ignore_unknown_options"):  # they are another program's
            continue
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known, f"{title(page)}: overscripted {' '.join(words)}"


def test_the_page_for_users_of_openwpm_names_what_exists() -> None:
    page = (DOCS / "guide" / "from-openwpm.md").read_text()
    options = {
        option
        for name in COMMANDS
        if (command := main.get_command(click.Context(main), name))
        for parameter in command.params
        for option in parameter.opts
    }
    for option in re.findall(r"`(--[a-z-]+)", page):
        assert option in options, option
    ours = [
        line.split("|")[2] for line in page.partition("## Tables")[2].splitlines() if line.startswith("| `")
    ]
    assert len(ours) >= 11
    for name in re.findall(r"`([a-z_.]+)`", " ".join(ours)):
        table, _, column = name.partition(".")
        assert not column or column in TABLES[table].names, name
        assert table in TABLES, name


def test_commands_are_found_in_every_kind_of_block(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nA=b overscripted etl R \\\n  --full && overscripted report R\n```\n\n    overscripted lab R\n"
    )
    assert commands(page) == [["etl", "R", "--full"], ["report", "R"], ["lab", "R"]]


def test_every_command_is_documented() -> None:
    written = [page for page in PAGES if page != DOCS / "reference" / "cli.md"]  # which has all by itself
    text = "\n".join(page.read_text() for page in written)
    assert [name for name in COMMANDS if f"overscripted {name}" not in text] == []


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_current(name: str) -> None:
    page = DOCS / "reference" / f"{name.rpartition('.')[2].replace('dictionary', 'tables')}.md"
    assert page.read_text() == GENERATED[name](), f"run: python -m {name} > {title(page)}"


def test_every_setting_is_found_with_its_meaning() -> None:
    text = """# One line.
# -- A heading ----
A_S = 2.0  # seconds of it
# What comes above
# counts for what has nothing behind it.
B = 3
C, D = 1, 2  # of both
E = (  # a long one
    4
)
_F = 5
g = 6
"""
    ((_, none), (heading, found)) = settings.settings(text)
    assert (none, heading) == ([], "A heading")
    assert [(s.name, s.value, s.unit, s.meaning) for s in found] == [
        ("A_S", "2.0", "s", "seconds of it"),
        ("B", "3", "", "What comes above counts for what has nothing behind it."),
        ("C", "1", "", "of both"),
        ("D", "2", "", "of both"),
        ("E", "4", "", "a long one"),
    ]


def test_every_diagram_has_its_picture_and_no_other_is_kept() -> None:
    wanted = {diagrams.name(source) for source in diagrams.sources()}
    assert len(wanted) > 1
    assert {file.name for file in diagrams.PICTURES.iterdir()} == wanted, (
        "run: python -m scripts.docs.diagrams"
    )


def test_pages_named_in_files_exist() -> None:
    listed = subprocess.run(["git", "ls-files", *NAMING], cwd=ROOT, capture_output=True, text=True)
    files = [ROOT / name for name in listed.stdout.split()] if not listed.returncode else []
    files = files or [*(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]  # no checkout
    named = {
        (file, name)
        for file in files
        if file.is_file() and file.name != "CHANGELOG.md"
        for name in re.findall(r"\bdocs/[\w/-]+\.md\b", file.read_text(errors="replace"))
    }
    # OpenWPM's own pages are named with its name.
    missing = {(title(file), name) for file, name in named if not (ROOT / name).exists()}
    assert {(file, name) for file, name in missing if name != "docs/Configuration.md"} == set()


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == version  # type: ignore[index]
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = build(ROOT / "mkdocs.yml", tmp_path / "site")
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) == len(list(DOCS.rglob("*.md"))) + 1  # and that of what is not found
    for page in pages:  # nothing is fetched when a page is read
        loaded = re.findall(
            r"<(?:script|img|link|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^>]*>", page.read_text()
        )
        assert loaded == [], page


def test_a_dead_anchor_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Here\n\n[there](#there)\n")
    config = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[0].partition("\nhooks:")[0]
    rest = (
        "validation:" + (ROOT / "mkdocs.yml").read_text().partition("\nvalidation:")[2].partition("\nnav:")[0]
    )
    (tmp_path / "mkdocs.yml").write_text(f"{config}\n{rest}")
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert built.returncode != 0
    assert "there" in built.stderr


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build a site; warnings are errors."""
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(config),
        "--site-dir",
        str(site),
    ]
    return subprocess.run(
        command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1"}
    )
