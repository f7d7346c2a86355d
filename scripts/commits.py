"""Check the subjects of commits: ``area: imperative``, at most 72 characters.

python -m scripts.commits           the subjects of the history
python -m scripts.commits MESSAGE   the subject in a file, as git hands it to a hook

The rule holds for commits after FIRST. Without git or a checkout nothing is checked. Of a shallow clone that
does not reach back to FIRST, only the newest commit is checked.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIRST = "c2dabb0b1f8b"  # the rule holds for what comes after this one
LONGEST = 72  # characters; what `git log --oneline` shows on a narrow terminal
SUBJECT = re.compile(r"[a-z][a-z0-9_.,/ -]*: [a-z`0-9\"'-].*[^.\s]")


def fault(subject: str) -> str:
    """What is wrong with a subject; "" for nothing."""
    if len(subject) > LONGEST:
        return f"has {len(subject)} characters, {LONGEST} are allowed"
    if not SUBJECT.fullmatch(subject):
        return "is not `area: imperative`, in lower case and without a full stop at the end"
    return ""


def subjects(root: Path = ROOT, first: str = FIRST) -> list[tuple[str, str]]:
    """(hash, subject) of the commits for which the rule holds, the newest first; merges are left out."""
    if not (root / ".git").exists() or _git(root, "rev-parse", "HEAD") is None:
        return []
    known = _git(root, "merge-base", "--is-ancestor", first, "HEAD") is not None
    which = [f"{first}..HEAD"] if known else ["-1", "HEAD"]
    log = _git(root, "log", "--no-merges", "--format=%h %s", *which) or ""
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in log.splitlines()]


def _git(root: Path, *words: str) -> str | None:
    """What git says; None where it fails or is not there."""
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def main(messages: list[str]) -> int:
    """Print each fault in files of messages, or else in the history; 1 if there is one."""
    written = [("to be made", (Path(name).read_text("utf-8").splitlines() or [""])[0]) for name in messages]
    written = [(name, subject) for name, subject in written if not subject.startswith("Merge ")]
    faults = [(commit, subject, fault(subject)) for commit, subject in (written if messages else subjects())]
    for commit, subject, text in faults:
        if text:
            print(f"commit {commit}: the subject {text}: {subject}", file=sys.stderr)
    return int(any(text for *_, text in faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
