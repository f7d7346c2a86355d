"""The machine's own encoding, and a user without a home, change nothing."""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = ("precrawl", "crawl", "etl", "analyses", "lists", "notebooks", "demo", "overscripted", "bench")


def without_encoding(path: Path) -> list[str]:
    """Calls of a file that read or write text in whatever encoding the machine has."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        names = {word.arg: word.value for word in node.keywords}
        constants = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        modes = [c for c in constants if isinstance(c, str) and set(c) <= set("rwaxb+t") and c]
        if name in ("read_text", "write_text"):
            bad = "utf-8" not in constants
        elif name in ("TemporaryFile", "NamedTemporaryFile"):
            bad = any("b" not in mode for mode in modes)
        elif name == "open" and not isinstance(node.func, ast.Attribute):
            bad = not any("b" in mode for mode in modes)
        else:
            bad = getattr(names.get("text"), "value", False) is True
        if bad and "encoding" not in names:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    return found


def test_every_text_is_read_and_written_in_an_encoding_that_is_named() -> None:
    files = [file for stage in STAGES for file in sorted((ROOT / stage).rglob("*.py"))]
    assert len(files) > 100
    assert [call for file in files for call in without_encoding(file)] == []


def test_a_call_without_an_encoding_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "x.py"
    path.write_text(
        "p.read_text(); open(p); run(a, text=True); p.write_text(x, 'utf-8'); open(p, 'rb')", "utf-8"
    )
    assert len(without_encoding(path)) == 3


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become a user without a home")
def test_commands_work_for_a_user_without_a_home_in_another_encoding() -> None:
    """As in a container: a uid that nobody knows, and ASCII."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
        other = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TMPDIR": folder}
        code = (
            "import os, encodings.utf_8_sig, lists.command; from overscripted import cache;"
            "from crawl import instrument, pack;"
            "from overscripted.cli import entry; os.setgid(54321); os.setuid(54321);"
            "cache.folder(), cache.state();"
            "[instrument.settings(name) for name in ('default', 'fingerprinting', 'study2017')];"
            "entry(['lists'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, **other, "PYTHONPATH": str(ROOT)},
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert [path.name for path in Path(folder).iterdir()] == ["overscripted-54321"]
