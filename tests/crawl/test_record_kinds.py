"""What follows from the declaration of a kind of record."""

import pytest

from overscripted.crawl.instrument.protocol import KINDS, PARENT_PROCESS, REALM, constants
from overscripted.crawl.records.rows import Records
from overscripted.crawl.settings import Limits
from overscripted.record_kinds import MESSAGES, RECORD_KINDS, WEBSOCKET_MESSAGES, RecordKind
from overscripted.schemas import RAW, TABLES


class Kept:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, tuple[object, ...]]] = []

    def add(self, table: str, row: tuple[object, ...], size: int) -> None:
        self.rows.append((table, row))


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=lambda kind: kind.table.name)
def test_a_kind_has_its_tables_and_its_message(kind: RecordKind) -> None:
    name = kind.table.name
    assert RAW[name] is kind.table
    assert (TABLES[name].columns, TABLES[name].row) == (kind.table.columns, kind.kept)
    assert {*kind.order, *kind.personal, *kind.frames.values()} <= {*kind.table.names}
    if kind.has_content:
        assert {"sha256", "size"} <= {*kind.table.names} and not kind.by_realm
    if not kind.message:
        return
    assert KINDS[kind.message].record is kind
    assert KINDS[kind.message].senders == ((REALM,) if kind.by_realm else (PARENT_PROCESS,))
    assert constants()["message"][kind.message.upper()] == kind.message
    assert (kind.message in constants()["ofRealms"]) == kind.by_realm


def test_a_list_of_rows_has_frames_and_what_was_cut() -> None:
    kept = Kept()
    records = Records(kept, 2, 7, 1, Limits())  # type: ignore[arg-type]
    records.tab = 5
    rows = [{"location": "http://a.com/", "data": "x", "sender": sender} for sender in (0, -1, 12)]
    head = {"type": MESSAGES.message, "tab": 5, "frame": 3, "parent": 0, "top": "http://a.com/"}
    records.handle({**head, "messages": rows, "cut": 4}, 100)
    names = MESSAGES.table.names
    found = [dict(zip(names, row, strict=True)) for table, row in kept.rows if table == "messages"]
    assert [row["sender_frame_id"] for row in found] == [0, None, 2]
    assert {(row["frame_id"], row["parent_frame_id"], row["visit_id"]) for row in found} == {(1, 0, 7)}
    assert records.gaps == {"messages over the limit of a document": 4}
    records.handle({**head, "messages": rows}, 100)  # says nothing of what was cut
    assert records.gaps["malformed message"] == 1


def test_columns_that_rows_share_and_bytes_as_base64() -> None:
    kept = Kept()
    records = Records(kept, 2, 7, 1, Limits(text=4))  # type: ignore[arg-type]
    head = {"type": WEBSOCKET_MESSAGES.message, "tab": 1, "frame": 0, "parent": -1, "top": ""}
    rows = [
        {"url": "own", "bytes": "AP8="},
        {"bytes": "AAECAwQF"},
        {"bytes": ""},
        {"data": "text", "bytes": None},
    ]
    records.handle({**head, "request_id": "3", "url": "ws:", "messages": rows, "cut": 0}, 100)
    names = WEBSOCKET_MESSAGES.table.names
    found = [dict(zip(names, row, strict=True)) for _, row in kept.rows]
    assert [row["bytes"] for row in found] == [b"\x00\xff", b"\x00\x01\x02\x03", b"", None]
    assert {(row["request_id"], row["url"]) for row in found} == {("3", "ws:")}
    assert not records.gaps
    for wrong in ("AP8", "?", 3):
        records.handle({**head, "request_id": "3", "url": "", "messages": [{"bytes": wrong}], "cut": 0}, 100)
    records.handle({**head, "url": "", "messages": [], "cut": 0}, 100)  # names no request
    assert records.gaps == {"malformed message": 4} and len(kept.rows) == 4
