"""The files of deploy/, each checked by its own linter."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click import Context

from overscripted.cli import main

DEPLOY = Path(__file__).parents[2] / "deploy"
BIN = Path(sys.executable).parent


def test_containerfile() -> None:
    done = subprocess.run([BIN / "hadolint", DEPLOY / "Containerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("manifest", sorted((DEPLOY / "kubernetes").glob("*.yaml")), ids=lambda p: p.name)
def test_kubernetes_manifest(manifest: Path) -> None:
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", "1.31", str(manifest)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_unit(tmp_path: Path) -> None:
    # The unit names a program that is not installed here; everything else must be right.
    unit = tmp_path / "overscripted-crawl@nov.service"
    text = (DEPLOY / "overscripted-crawl@.service").read_text()
    unit.write_text(text.replace("/opt/overscripted/.venv/bin/overscripted", str(BIN / "overscripted")))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr, done.stderr


def test_workers_get_the_frontier_through_a_variable_the_command_line_reads() -> None:
    command = main.get_command(Context(main), "crawl")
    assert command is not None
    assert "OVERSCRIPTED_CRAWL_FRONTIER" in (DEPLOY / "kubernetes" / "crawl.yaml").read_text()
    assert any("--frontier" in parameter.opts for parameter in command.params)
    assert main.context_settings["auto_envvar_prefix"] == "OVERSCRIPTED"


@pytest.mark.parametrize("package", ["libegl1", "libgl1", "libgl1-mesa-dri", "libavcodec"])
@pytest.mark.parametrize(
    "place", ["scripts/setup.sh", "deploy/Containerfile", "README.md", "docs/guide/install.md"]
)
def test_what_webgl_and_films_need_is_installed_or_named(package: str, place: str) -> None:
    text = (DEPLOY.parent / place).read_text()
    assert re.search(rf"(^|[\s'^]){package}(\d|\s|\[|`|\)|$)", text, re.MULTILINE), place
