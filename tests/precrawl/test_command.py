"""The commands: what they print, and one clear line and an exit code for each mistake."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted.cli import entry
from overscripted.precrawl.command import precrawl, seeds
from overscripted.run import Run
from tests.precrawl.web import Web, page


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    code = 0
    try:
        entry(list(words))
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_help_has_an_example_for_both() -> None:
    for command in (precrawl, seeds):
        text = CliRunner().invoke(command, ["--help"]).output
        assert "Example" in text and "RUN" in text


def test_from_list_to_seeds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    listed, folder = tmp_path / "tranco_6JX4N.csv", str(tmp_path / "run")
    listed.write_text("1,a.com\n2,b.com\n3,c.com\n")
    with Web(lambda r: page("https://out.org/")) as web:
        code, out, _ = run(
            capsys, "precrawl", folder, "--sites", str(listed), "--top", "2", "--pace", "0",
            "--vantage", f"x={web.proxy}", "--vantage", f"y={web.proxy}",
        )  # fmt: skip
        assert code == 0
        assert "x: reached 2 of 2 sites, 1 links" in out
        assert "1 links in all, 1 seen by all; 1 seeds (seen by 2 of 2)" in out
        code, out, _ = run(capsys, "seeds", folder, "--quorum", "1/2")
        assert code == 0 and "1 seeds (seen by 1 of 2)" in out
    record = Run.open(folder).stage("precrawl")
    assert record["status"] == "complete"
    assert record["plan"]["list"]["list_id"] == "6JX4N"
    assert re.fullmatch(r"[0-9a-f]{64}", record["plan"]["list"]["sha256"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--vantage", "a"], 3, "holds no list of sites yet; name one with --sites|no run here"),
        (["--vantage", "a", "--sites", "missing.csv"], 3, "--sites missing.csv: cannot be read"),
        (["--vantage", "a b", "--sites", "{list}"], 3, "--vantage a b: the name must be"),
        (["--vantage", "seeds", "--sites", "{list}"], 3, "--vantage seeds: the name must be"),
        (["--vantage", "a", "--vantage", "a", "--sites", "{list}"], 3, "a named twice"),
        (["--vantage", "a=ftp://x", "--sites", "{list}"], 3, "--vantage a: neither an IP address"),
        (["--vantage", "a=socks5://x", "--sites", "{list}"], 3, "--vantage a: neither an IP address"),
        (["--vantage", "a=198.51.100.1", "--sites", "{list}"], 3, "is not an address of this machine"),
        (["--vantage", "a=http://127.0.0.1:9", "--sites", "{list}"], 6, "proxy http://127.0.0.1:9 cannot"),
        (["--vantage", "a", "--sites", "{list}", "--quorum", "x"], 3, "--quorum x: give k/n"),
        (["--sites", "{list}"], 2, "Missing option '--vantage'"),
        (["--vantage", "a", "--sites", "{list}", "--drop", "failed"], 3, "--drop failed: only a check"),
    ],
)
def test_mistakes_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("a.com\n")
    got, _, err = run(
        capsys, "precrawl", str(tmp_path / "run"), *(w.replace("{list}", str(listed)) for w in words)
    )
    assert got == code, err
    assert re.search(said, err), err
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists(), "something was written"
