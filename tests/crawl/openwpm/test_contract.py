"""The two sides keep to their contract, or the worker says which one did not."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.crawl.openwpm import installed, settings
from overscripted.crawl.openwpm.prepared import Prepared
from overscripted.crawl.openwpm.process import Gone, OpenWpm
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.openwpm.visit_rows import VisitRows
from overscripted.crawl.settings import Limits
from tests.crawl.openwpm.installation import Installation

# A driver that says a line and waits.
_DRIVER = """
import socket, sys, time
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1] + "/socket")
link.sendall(open(sys.argv[1] + "/says", "rb").read())
time.sleep(60)
"""
HELLO = wire.line({"kind": wire.HELLO, "role": wire.MANAGER})


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON\n",
        b'{"kind": "hello", "role": "nobody"}\n',
        HELLO + b"[1]\n",
        HELLO + b'{"kind": "other"}\n',
        HELLO + b'{"kind": "free"}\n',
        HELLO + b"[" * 100_000 + b"\n",
        HELLO + HELLO[:-2] + b"x" * wire.MAX_LINE + b'"}\n',
    ],
    ids=["no JSON", "nobody", "list", "unknown", "incomplete", "deep", "long"],
)
async def test_nonsense(
    openwpm: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: bytes
) -> None:
    """A line that is not in the contract ends OpenWPM; visits are made again with another."""
    driver = tmp_path / "driver.py"
    driver.write_text(_DRIVER, encoding="utf-8")
    monkeypatch.setattr("overscripted.crawl.openwpm.installed.DRIVER", driver)
    folder = openwpm.temporary / "o"
    folder.mkdir()
    (folder / "says").write_bytes(said)
    with pytest.raises(Gone, match="it sent a line that is not in the contract"):
        await asyncio.wait_for(OpenWpm.start(sys.executable, folder, None, str(openwpm.checkout)), 60)
    assert not openwpm.processes()


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.lists(st.text()), max_size=3))
def test_round_trip(members: dict[str, object]) -> None:
    """Any text of a page is one line of ASCII, and comes back whole."""
    line = wire.line({**members, "kind": wire.RECORD})
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert wire.message(line) == {**members, "kind": wire.RECORD}


def history(command: str, status: str = "ok", attempt: int = 2) -> dict[str, object]:
    return {"command": command, "command_status": status, "retry_number": attempt}


def test_over() -> None:
    """A visit is over after its last command and OpenWPM's word, in any order."""
    for order in ((True, False), (False, True)):
        rows = VisitRows(7, 2, Limits())
        rows.add("crawl_history", history("GetCommand"), 50)
        for end in order:
            assert not rows.over.is_set()
            if end:
                rows.end(interrupted=False)
            else:
                rows.add("crawl_history", history("FinalizeCommand"), 50)
        assert rows.over.is_set()


def test_other_attempt() -> None:
    """A late command of an earlier attempt does not end the visit."""
    rows = VisitRows(7, 2, Limits())
    rows.end(interrupted=False)
    rows.add("crawl_history", history("FinalizeCommand", attempt=1), 50)
    assert not rows.over.is_set()
    assert dict(rows.gaps) == {"record of another attempt": 1}


def test_limits() -> None:
    """What a visit has too much of is counted by its table."""
    rows = VisitRows(7, 1, Limits(calls=2, rows=3, size=1000))
    for _ in range(5):
        rows.add("javascript", {"symbol": "x"}, 10)
        rows.add("http_requests", {"url": "u"}, 10, cut=1)
    rows.add("navigations", {"url": "u"}, 2000)
    rows.skip("navigations")
    assert (len(list(rows.rows("javascript"))), rows.dropped_calls) == (2, 3)
    assert len(list(rows.rows("http_requests"))) == 3
    assert dict(rows.gaps) == {
        "text over the limit": 5,
        "http_requests over the limit": 2,
        "navigations over the limit": 2,
    }


# Prints the limits with which the driver gives OpenWPM the commands of a visit.
_LIMITS = """
import json, sys, types
sys.path[:0] = sys.argv[2:]
import overscripted_driver
orders = json.loads(sys.argv[1])
driver = object.__new__(overscripted_driver._Driver)
driver._orders, driver._busy, driver._manager = orders, [False], types.SimpleNamespace(
    execute_command_sequence=lambda sequence, index: print(
        json.dumps([[type(it).__name__, limit] for it, limit in sequence.get_commands_with_timeout()])
    )
)
driver._begin({"url": "http://x/", "attempt": 1, "visit_id": 1, "browser": 0})
"""
_LOOK = """
from openwpm.commands.types import BaseCommand

class Look(BaseCommand):
    def execute(self, webdriver, browser_params, manager_params, extension_socket):
        pass
"""


def test_limits_of_commands(openwpm: Installation) -> None:
    """Only the commands that open and close a visit get more time than they were given."""
    own = {"command": "my_commands:Look", "arguments": {}}
    orders = {
        "reset": True,
        "dwell_s": 1.0,
        "get_s": 26.0,
        "commands": [{**own, "timeout": 30.0}, {**own, "timeout": 90.0}],
    }
    (openwpm.folder / "my_commands.py").write_text(_LOOK, encoding="utf-8")
    program = installed.python(openwpm.checkout)
    folders = [installed.DRIVER.parent, openwpm.checkout, openwpm.folder]
    words = [program, "-c", _LIMITS, json.dumps(orders), *map(str, folders)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    limits = json.loads(done.stdout)
    assert limits == [
        ["InitializeCommand", 60.0],
        ["GetCommand", 26.0],
        ["Look", 30.0],
        ["Look", 90.0],
        ["FinalizeCommand", 60.0],
    ]
    prepared = Prepared(program, str(openwpm.checkout), None, "152.0", 1, {}, False, orders)
    assert prepared.visit_s == sum(limit for _, limit in limits) + settings.LAST_RECORDS_S
