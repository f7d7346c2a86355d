"""What Firefox says is what the protocol describes; so are the constants of the JavaScript and the page."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints

import pytest

from overscripted.crawl.instrument.protocol import KINDS, Gap, Message, MessageType, Operation, constants
from overscripted.record_kinds import RECORD_KINDS
from overscripted.schemas import BOOL, BYTES, STR
from scripts.docs import protocol
from tests.crawl.instrument import sockets
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.hosts import Secure
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).parents[3]
SCRIPTS = {path: path.read_text() for path in sorted((ROOT / "crawl" / "instrument").rglob("*.js"))}
PYTHON = [path.read_text() for path in (ROOT / "crawl").rglob("*.py") if path.name != "protocol.py"]
PAGE = read_page("every_message.html")
ON_REQUEST = {name for name, kind in KINDS.items() if kind.record and kind.record.option}


def problems(message: Message) -> list[str]:
    """In what a message differs from what is written of its type."""
    kind = KINDS.get(message["type"])
    if kind is None:
        return [f"{message['type']}: no such type"]
    types = {STR: str, BOOL: bool, BYTES: str}  # bytes as base64
    columns = {
        c.name: types.get(c.type, float) | None for c in (kind.columns.columns if kind.columns else ())
    }
    if kind.record and kind.record.has_content:
        columns["file"] = str
    members = {name: value for name, value in message.items() if name not in ("type", "content")}
    found: list[str] = []
    if kind.record and kind.record.has_content:
        columns["file"] = str
    if kind.record and kind.record.rows:
        columns |= dict.fromkeys(kind.record.frames, int)
        for row in members.pop(kind.record.rows):
            found += _differences("row", row, _Row, columns)
        columns = {"cut": int} | {name: columns[name] for name in kind.record.shared}
    elif kind.record:
        columns |= dict.fromkeys(kind.record.frames, int)
    return found + list(_differences(str(message["type"]), members, kind.members, columns))


class _Row(TypedDict):
    pass


def _differences(where: str, value: Any, hint: Any, columns: dict[str, Any]) -> Iterator[str]:
    if hasattr(hint, "__required_keys__"):
        known = columns | get_type_hints(hint)
        yield from (f"{where}.{name} is missing" for name in sorted(hint.__required_keys__ - set(value)))
        for name, member in value.items():
            if name not in known:
                yield f"{where}.{name} is not known"
            else:
                yield from _differences(f"{where}.{name}", member, known[name], {})
    elif get_origin(hint) is list:
        for member in value:
            yield from _differences(where, member, get_args(hint)[0], {})
    else:
        allowed = set(get_args(hint)) if isinstance(hint, UnionType) else {hint}
        allowed |= {int} if float in allowed else set()
        if type(value) not in allowed and not (value is None and NoneType in allowed):
            yield f"{where} is {value!r:.60}"


async def seen(browser: Instrumented, web: Web) -> Visit:
    """A visit of a page that makes messages of every kind."""
    web.add("/kinds.js", "navigator.userAgent;throw new Error('nobody catches')", "text/javascript")
    web.add("/kinds.txt", "text", "text/plain", Set_Cookie="http=1")
    web.add("/kinds-worker.js", "navigator.platform;postMessage(1)", "text/javascript")
    web.add("/kinds-worklet.js", "1", "text/javascript")
    web.handlers |= {"/kinds-socket": sockets.socket, "/kinds-events": sockets.events}
    return await browser.visit(web.base + web.add("/kinds", PAGE), "window.D", end=True)


async def seen_securely(secure: Secure) -> Visit:
    """A visit of a page by HTTPS that makes the messages that no other page makes."""
    secure.hosts.add("/kinds", "<script src='http://other.example/kinds.js'></script>")
    return await secure.browser.visit("https://kinds.example/kinds")


async def test_each_message_is_as_described(browser: Instrumented, web: Web, secure: Secure) -> None:
    visit = await seen(browser, web)
    messages = visit.messages + (await seen_securely(secure)).messages
    on_request = {kind.message for kind in RECORD_KINDS if kind.option} | {MessageType.ARCHIVE_BODY}
    absent = {MessageType.LOST, MessageType.FLUSHED} | on_request
    assert {m["type"] for m in messages} == set(KINDS) - absent
    assert [line for message in messages for line in problems(message)] == []
    members = {name for call in visit.of("calls") for one in call["calls"] for name in one}
    assert members >= {"arguments", "value_len", "by_browser"} and visit.totals
    other = await browser.open()
    flushed = await browser._realms.flush(other.container_id)
    await browser.close(other)
    assert (flushed["type"], problems(flushed)) == (MessageType.FLUSHED, [])


async def test_what_is_not_as_described_is_found(browser: Instrumented, web: Web) -> None:
    visit = await seen(browser, web)
    [frame, *_] = visit.of("frame")
    [calls, *_] = visit.of("calls")
    [request, *_] = visit.of("request")
    assert problems({**frame, "url": None}) == ["frame.url is None"]
    assert problems({**frame, "unread": 1}) == ["frame.unread is not known"]
    assert problems({n: v for n, v in frame.items() if n != "kind"}) == ["frame.kind is missing"]
    assert problems({**request, "hop": "1"}) == ["request.hop is '1'"]
    call = {n: v for n, v in calls["calls"][0].items() if n != "caller"}
    assert problems({**calls, "calls": [call | {"s": "x"}]}) == [
        "calls.calls.caller is missing",
        "calls.calls.s is not known",
    ]
    assert problems({**frame, "type": "frames"}) == ["frames: no such type"]


async def test_scripts_name_gaps_and_types_by_their_constants() -> None:
    known = constants()
    used = {name for text in SCRIPTS.values() for name in re.findall(r"\b(?:gap|GAP)\.([A-Z_]+)", text)}
    used |= {"WORKER_FROM_URL", "WORKER_FROM_BLOB", "WORKER_FROM_DATA"}  # taken out of it together
    assert used <= set(known["gap"]) and len(used) > 12
    told = {name for text in PYTHON for name in re.findall(r"\bGap\.([A-Z_]+)", text)}
    assert used | told == set(known["gap"])  # each is counted by somebody
    spelled = re.compile(rf"""["'`](?:{"|".join(map(re.escape, Gap))})["'`:]""")
    types = "|".join(
        set(KINDS) - {MessageType.FLUSHED}
    )  # processes have a word of that name among themselves
    typed = re.compile(rf"""(?:type: |post\(|add\(this, |say\([\w.]+, )["'`](?:{types})["'`]""")
    for path, text in SCRIPTS.items():
        assert not spelled.findall(text) and not typed.findall(text), path


async def test_javascript_has_the_same_numbers_and_names() -> None:
    known = constants()
    assert [known["labels"][operation] for operation in Operation] == [
        operation.label for operation in Operation
    ]
    assert known["message"] == {kind.upper(): kind for kind in KINDS}
    assert set(known["ofRealms"]) == {
        "calls",
        "console",
        "frame",
        "gap",
        "messages",
        "mixed_content",
        "script_insertions",
    }


async def test_the_types_for_javascript_are_those_of_the_code() -> None:
    assert (ROOT / "scripts/js/protocol.d.ts").read_text() == protocol.types(), "run: make docs"
