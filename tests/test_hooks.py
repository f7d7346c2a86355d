"""Hooks of git run the checks of `make check`, with tools that are here; coverage is that of all stages."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture
def repositories() -> list[dict[str, Any]]:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    found: list[dict[str, Any]] = config["repos"]
    return found


def test_nothing_is_downloaded(repositories: list[dict[str, Any]]) -> None:
    assert [one["repo"] for one in repositories] == ["local"]
    assert {hook["language"] for hook in repositories[0]["hooks"]} == {"system"}


def test_every_tool_of_make_check_has_a_hook(repositories: list[dict[str, Any]]) -> None:
    check = (ROOT / "Makefile").read_text().split("\ncheck:\n")[1].split("\n\n")[0]
    tools = set(re.findall(r"\$\(BIN\)/(\S+(?: format)?)", check))
    hooks = {hook["entry"].removeprefix(".venv/bin/") for hook in repositories[0]["hooks"]}
    assert {"ruff format", "ruff", "mypy", "lint-imports"} <= tools
    assert {tool for tool in tools if not any(hook.startswith(tool) for hook in hooks)} == set()


def test_coverage_is_measured_of_every_stage() -> None:
    """Stages are links in `overscripted`, which coverage does not follow."""
    stages = {path.name for path in (ROOT / "overscripted").iterdir() if path.is_symlink()}
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(config["tool"]["coverage"]["run"]["source"]) == {"overscripted", *stages}
    assert len(stages) >= 7
