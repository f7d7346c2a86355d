"""The machine's own encoding, and a user without a home, change nothing."""

import ast
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from overscripted import cli
from tests.product import ROOT, python_files


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
            bad = not {"utf-8", "ascii"} & {c for c in constants if isinstance(c, str)}
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
    files = [*python_files(), *sorted((ROOT / "bench").rglob("*.py"))]
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
            "import os, encodings.utf_8_sig, encodings.utf_16_le, overscripted.lists.command;"
            "from overscripted import cache;"
            "from overscripted.crawl.instrument import bundle, settings;"
            "from overscripted.cli import entry; os.setgid(54321); os.setuid(54321);"
            "cache.folder(), cache.state();"
            "[settings.resolve(name) for name in ('default', 'fingerprinting', 'study2017')];"
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


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_commands_work_with_streams_closed(tmp_path: Path, closed: str) -> None:
    (tmp_path / "sites.txt").write_text("127.0.0.1:9\n", "utf-8")
    words = "precrawl run --sites sites.txt --vantage a --allow-private"
    asked = f"{sys.executable} -m overscripted {words} {closed}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(["sh", "-c", asked], cwd=tmp_path, env=environment).returncode == 0
    assert (tmp_path / "run/precrawl/a.outcomes.parquet").stat().st_size > 0


def test_few_open_files_are_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("127.0.0.1:9\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for words in (
        "precrawl run --sites list.txt --vantage a --connections 500",
        "crawl run --seeds list.txt",
    ):
        asked = f"ulimit -n 128; {sys.executable} -m overscripted {words}"
        done = subprocess.run(
            ["sh", "-c", asked], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert (done.returncode, "`ulimit -n" in done.stderr, done.stderr.count("\n")) == (3, True, 1), (
            done.stderr
        )
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "x"), shutil.Error([("a", "b", "no space left")])])
def test_what_the_machine_refuses_is_one_line(
    error: OSError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.main, "main", refused)
    with pytest.raises(SystemExit) as ended:
        cli.entry(["status", "run"])
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (3, 1)
