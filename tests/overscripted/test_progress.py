"""Lines of progress: what they say, and when a log has one."""

import os
import subprocess
import sys

import pytest

from overscripted import progress
from overscripted.progress import Work, duration

# A terminal of 80 columns: its bar, and the note below.
_ON_A_TERMINAL = """
from overscripted.progress import Work
with Work("crawl", 3) as work:
    work.add(1)
    work.note("held back by " + "x" * 90 + " [red]the end")
    work._bar.refresh()
"""


def test_times_have_one_unit() -> None:
    said = [duration(seconds) for seconds in (0.4, 59.4, 59.6, 61, 3569, 3571, 5400)]
    assert said == ["0 s", "59 s", "1 min", "1 min", "59 min", "1.0 h", "1.5 h"]


def test_a_listener_hears_of_work_in_place_of_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[int, int | None]] = []
    with progress.heard_by(lambda work: heard.append((work.done, work.total))), Work("etl", 2) as work:
        work.add(1)
        work.add(1)
    with Work("etl", 0):
        pass
    assert heard == [(1, 2), (2, 2)]
    assert len(capsys.readouterr().err.splitlines()) == 1  # of the work after the block


def test_a_note_has_a_line_in_a_log_while_nothing_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    with Work("crawl", 3) as work:
        for text in ("held back by one", "held back by one", "held back by two"):
            work.note(text)
        work.add(1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("; ")[2] for line in lines] == [
        *("held back by one", "held back by two", "held back by two"),
        "",  # over: nothing holds it back
    ]
    assert [line.split()[1] for line in lines] == ["0", "0", "1", "1"]


def test_notes_do_not_flood_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with Work("crawl", 3) as work:
        for number in range(100):
            work.note(f"held back for {number} s")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_terminal_shows_all_of_a_note() -> None:
    leader, follower = os.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
    with os.fdopen(follower, "wb") as end:
        subprocess.run([sys.executable, "-c", _ON_A_TERMINAL], stderr=end, env=environment, check=True)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "1/3" in shown
    assert shown.count("x") >= 90
    assert "[red]the end" in shown
