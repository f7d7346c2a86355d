"""The subjects of commits are checked, as far as the checkout has them."""

import subprocess
from pathlib import Path

import pytest

from scripts import commits


@pytest.mark.parametrize(
    "subject",
    [
        "crawl: read robots.txt by RFC 9309",
        "docs: say what a worker is",
        "etl, report: name lists by their hash",
        "tests/crawl: wait for the thing",
        "a: " + "b" * 69,
    ],
)
def test_subjects_that_are_right(subject: str) -> None:
    assert commits.fault(subject) == ""


@pytest.mark.parametrize(
    "subject",
    [
        "Read robots.txt by RFC 9309",
        "crawl: Read robots.txt",
        "crawl: read robots.txt.",
        "crawl:read robots.txt",
        "crawl: ",
        "fixup! crawl: read robots.txt",
        "a: " + "b" * 70,
    ],
)
def test_subjects_that_are_wrong(subject: str) -> None:
    assert commits.fault(subject)


def test_a_message_is_checked_before_its_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = tmp_path / "message"
    message.write_text("crawl: read robots.txt\n\nWhy. Long lines and full stops are right here: " + "b" * 90)
    assert commits.main([str(message)]) == 0
    message.write_text("Read robots.txt\n\ncrawl: read robots.txt\n")
    assert commits.main([str(message)]) == 1
    assert "Read robots.txt" in capsys.readouterr().err
    message.write_text("Merge branch 'side'\n")
    assert commits.main([str(message)]) == 0


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *named, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Three commits: an old one, and two for which the rule holds."""
    folder = tmp_path / "history"
    folder.mkdir()
    git(folder, "init")
    for subject in ("Old", "area: first", "Second"):
        git(folder, "commit", "--allow-empty", "-m", subject)
    return folder


def test_only_commits_after_the_first_are_checked(history: Path) -> None:
    first = git(history, "rev-parse", "HEAD~2").strip()
    assert [subject for _, subject in commits.subjects(history, first)] == ["Second", "area: first"]


def test_merges_are_not_checked(history: Path) -> None:
    first = git(history, "rev-parse", "HEAD").strip()
    git(history, "checkout", "-b", "side", "HEAD~1")
    git(history, "commit", "--allow-empty", "-m", "area: third")
    git(history, "merge", "--no-ff", "-m", "Merge it", "main")
    assert [subject for _, subject in commits.subjects(history, first)] == ["area: third"]


def test_a_shallow_clone_checks_its_newest_commit(history: Path, tmp_path: Path) -> None:
    first = git(history, "rev-parse", "HEAD~2").strip()
    git(tmp_path, "clone", "--depth", "1", history.as_uri(), "shallow")
    assert [subject for _, subject in commits.subjects(tmp_path / "shallow", first)] == ["Second"]


def test_without_a_checkout_nothing_is_checked(tmp_path: Path) -> None:
    assert commits.subjects(tmp_path) == []
    git(tmp_path, "init")
    assert commits.subjects(tmp_path) == []  # no commit yet


def test_our_own_commits_are_right() -> None:
    assert [(name, subject) for name, subject in commits.subjects() if commits.fault(subject)] == []
