"""What the README and docs/ say is true: links lead somewhere, commands and options exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from overscripted.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[list[str]]:
    """The words of every `overscripted …` command in a page's code blocks, continuation lines joined."""
    blocks = re.findall(r"```\w*\n(.*?)```", page.read_text(), re.S)
    blocks += ["\n".join(re.findall(r"^ {4}(.*)$", page.read_text(), re.M))]
    found = []
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                text = part.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if text.startswith("overscripted "):
                    found.append(shlex.split(text, comments=True)[1:])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_and_options_exist(page: Path) -> None:
    for words in commands(page):
        if words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, f"{page.name}: overscripted {' '.join(words)}"
        command = main.get_command(click.Context(main), words[0])
        if isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
            command = command.commands[words[1]]
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known, f"{page.name}: overscripted {' '.join(words)}"


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in COMMANDS if f"overscripted {name}" not in text] == []
