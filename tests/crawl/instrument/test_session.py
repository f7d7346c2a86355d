"""One message or file that is broken costs its own record, never those beside it."""

import json
from pathlib import Path
from typing import Any

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.instrument.protocol import Gap, Message
from overscripted.crawl.instrument.session import Realms

OF_VISIT = {"container_id": "firefox-container-7"}


def received(folder: Path, *texts: str) -> list[Message]:
    """The messages that are handed on of one batch of lines."""
    handled: list[Message] = []
    parent: Any = Parent  # receiving asks Firefox for nothing
    Realms(parent, folder, lambda message, size: handled.append(message))._receive("\n".join(texts))
    return handled


def test_a_file_that_cannot_be_read_costs_its_own_record(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"one")
    (tmp_path / "2").mkdir()
    (tmp_path / "4").write_bytes(b"four")
    bodies = [{"type": "body", "request_id": n, "file": n, **OF_VISIT} for n in ("1", "2", "3", "4")]
    call = {"type": "calls", "calls": [], **OF_VISIT}
    found = received(tmp_path, *map(json.dumps, [*bodies, call]))
    lost = {"type": "gap", "name": Gap.CONTENT_LOST, "n": 1, **OF_VISIT}
    assert found == [bodies[0] | {"content": b"one"}, lost, lost, bodies[3] | {"content": b"four"}, call]
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_a_line_that_is_no_message_costs_nothing_else(tmp_path: Path) -> None:
    call = {"type": "calls", "calls": [], **OF_VISIT}
    odd = ["{", "[" * 100_000, "7", "[]", "{}", "null", '{"type": [1]}', '{"type": "body", "file": "../x"}']
    assert received(tmp_path, *odd, json.dumps(call)) == [call]
