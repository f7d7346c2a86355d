"""The reference of Firefox's messages, ``docs/reference/protocol.md``, and their types for JavaScript.

python -m scripts.docs.protocol > docs/reference/protocol.md
python -m scripts.docs.protocol types > scripts/js/protocol.d.ts
"""

import json
import sys
from collections.abc import Collection, Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, get_args, get_origin, get_type_hints

from overscripted.crawl.instrument.protocol import (
    KINDS,
    Call,
    Gap,
    Item,
    Kind,
    Operation,
    Realm,
    Settings,
    Total,
    constants,
)
from overscripted.schemas import BOOL, BYTES, STR, Column, Table


def types() -> str:
    """The types of all this for the type check of JavaScript, as TypeScript writes them."""
    known = constants()
    lines = [
        "// Generated from crawl/instrument/protocol.py by `make docs`; a test keeps it current.",
        "",
    ]
    for name in ("operation", "gap", "message"):
        lines += [f"interface Protocol_{name} {{"]
        lines += [f"  readonly {key}: {json.dumps(value)};" for key, value in known[name].items()]
        lines += ["}", ""]
    lines += [
        "declare const PROTOCOL: {",
        *(f"  readonly {name}: Protocol_{name};" for name in ("operation", "gap", "message")),
        "  readonly labels: readonly string[];",
        "  readonly ofRealms: readonly string[];",
        "};",
        "",
        "/** The options of `crawl --save` that are on, each with its arguments. */",
        "declare const SAVED: { readonly [option: string]: readonly string[] };",
        "/** Caps of bodies in bytes, of a crawl with --record; else null. */",
        "declare const ARCHIVE: { readonly [cap: string]: number } | null;",
        "",
        "/** Caps that replace those of our scripts, by their names. */",
        "declare const CAPS: { readonly [name: string]: number };",
        "",
        "declare namespace Protocol {",
        "  /** A message as a realm sends it. Firefox's parent process adds the visit and frame. */",
        '  type FromRealm<T> = Omit<T, keyof Realm | "type">;',
        "",
        *_interface("Realm", Realm),
        *(line for part in (Call, Total, Item, Settings) for line in _interface(part.__name__, part)),
        *(line for name, kind in KINDS.items() for line in _interfaces(name, kind)),
        "}",
    ]
    return "\n".join([*lines, ""])


def _interfaces(name: str, kind: Kind) -> Iterator[str]:
    """Of a message, and of a row where it has a list of them."""
    if (record := kind.record) is None:
        yield from _interface(
            kind.members.__name__, kind.members, [f'type: "{name}"', *_column_types(kind.columns)]
        )
        return
    title = name.title().replace("_", "")
    content = ["file?: string"] if record.has_content else []
    row = (
        content
        + [f"{member}: number" for member in record.frames]
        + _column_types(record.table, {*record.frames.values(), *record.shared})
    )
    if record.rows:
        yield from _interface(f"{title}Row", None, row)
        once = {*record.table.names} - {*record.shared}
        row = [f"{record.rows}: {title}Row[]", "cut: number", *_column_types(record.table, once)]
    yield from _interface(title, kind.members, [f'type: "{name}"', *row])


def _interface(title: str, members: Any, more: Iterable[str] = ()) -> Iterator[str]:
    yield f"  interface {title} {{"
    for name, hint in get_type_hints(members).items() if members else ():
        optional = "" if name in members.__required_keys__ else "?"
        yield f"    {name}{optional}: {_typescript(hint)};"
    yield from (f"    {member};" for member in more)
    yield "  }"
    yield ""


def _column_types(table: Table | None, without: Collection[str] = ()) -> list[str]:
    return [
        f"{column.name}?: {_TYPESCRIPT_COLUMN.get(column.type, 'number')} | null"
        for column in _columns(table)
        if column.name not in without
    ]


_TYPESCRIPT = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}
_TYPESCRIPT_COLUMN = {STR: "string", BOOL: "boolean", BYTES: "string"}  # bytes as base64


def _typescript(hint: Any) -> str:
    if isinstance(hint, UnionType):
        return " | ".join(map(_typescript, get_args(hint)))
    if get_origin(hint) is list:
        return f"({_typescript(get_args(hint)[0])})[]"
    if get_origin(hint) is dict:
        return f"{{ [name: string]: {_typescript(get_args(hint)[1])} }}"
    return _TYPESCRIPT.get(hint) or str(hint.__name__)


def _columns(table: Table | None) -> list[Column]:
    """The columns of a table that are a message's members: not those that say which visit and frame."""
    if table is None:
        return []
    known = {"crawl_id", "visit_id", "attempt", "frame_id", "parent_frame_id", "top_level_url"}
    return [column for column in table.columns if column.name not in known]


# -- the reference page -----------------------------------------------------------------------------

_HEAD = """# Protocol: from Firefox to the worker

Generated by `python -m scripts.docs.protocol` from `crawl/instrument/protocol.py`.

A Firefox that the crawl drives has scripts of ours in each of its processes (below `crawl/instrument/js/`):

- A script in each **content process** puts a recorder beside each window of a visit, in a sandbox
  (`document/`), and has Firefox's debugger watch each worker (`worker/`). A window or worker is a **realm**.
- What a realm records, its content process sends to the script in **Firefox's parent process**. That adds
  which visit and frame the realm belongs to. It records requests, cookies and bodies of scripts itself.
- The parent process sends all of it to the **worker** over the session of WebDriver BiDi that drives the
  browser. No port listens for it.

Each message is one JSON object in text, with `type`; the parent process sends several at once, one per line.
Times are milliseconds since 1970. Text from pages may hold lone surrogates: the worker replaces them.

## Which visit

Each visit has a container (user context) of its own. Every tab, frame, pop-up and worker in it belongs to
the visit. The worker makes the container and a tab, and asks the parent process for their numbers. Only then
does it open the seed's page. A content process names the container of each message. Firefox made the process
for one container, and the parent process accepts no message for another. The worker drops messages of a
container without a visit, and of a visit that has ended.

One thing is shared by visits: which members a kind of window has, the *plan* of what is wrapped in it. The
first content process that finds it out tells all others. A page that has taken its process over could bend
that plan, and nothing else, for other visits.

`frame` and `tab` are Firefox's numbers. In the tables the frames of pop-ups have numbers of their own, so
that the visited page's top document alone is frame 0.

## When messages are sent

A realm sends what it has after 100 ms, when 256 KB wait, and when its page is hidden or left; a worker sends
its first 64 messages at once. The parent process waits 200 ms or for 256 KB. On a *flush* every content
process of the visit sends what its realms have, after what its pages' timers have due by then; then the
parent process sends what it has, and `flushed`. Busy workers are not waited for. Last, the parent process is
asked for requests that have no answer yet; it sends them once, without `ended`.

## The reference instrument

With `--instrument openwpm` OpenWPM's content script records the calls in documents. The background page of
our extension makes `calls` of what that script sends, and Firefox's parent process passes them on. Workers
are counted as gaps.
"""


def document() -> str:
    """The whole of ``docs/reference/protocol.md``."""
    return "\n".join([_HEAD, *_kinds(), *_parts(), *_enums()])


def _kinds() -> Iterator[str]:
    yield "## Messages\n\n| type | from | what it says |\n| --- | --- | --- |"
    for name, kind in KINDS.items():
        says = _says(kind).partition(". ")[0].rstrip(".")
        yield f"| [`{name}`](#{name}) | {', '.join(kind.senders)} | {says} |"
    yield ""
    for name, kind in KINDS.items():
        yield f"### {name}\n\n{_says(kind)}\n"
        yield from _members(kind.members)
        if kind.columns:
            yield f"{_besides(kind)}\n"


def _says(kind: Kind) -> str:
    if kind.record:
        says = f"{'Several: ' if kind.record.rows else ''}{kind.record.table.row}."
        return says[0].upper() + says[1:]
    return _doc(kind.members)


_FILE = (
    " `file` names a file in the folder for bodies, which the worker deletes. From its bytes the worker "
    "fills `sha256` and, where it is absent, `size`."
)


def _besides(kind: Kind) -> str:
    """What a message has of a table's columns."""
    frames = kind.record.frames if kind.record else {}
    once = kind.record.shared if kind.record else ()
    without = {*frames.values(), *once}
    columns = [column.name for column in _columns(kind.columns) if column.name not in without]
    names = ", ".join(f"`{name}`" for name in columns)
    where = f"columns of [raw/{kind.columns.name if kind.columns else ''}](tables.md) by their names: {names}"
    numbers = "".join(
        f"; `{member}`, a frame's number for `{column}`, -1: none" for member, column in frames.items()
    )
    if kind.record and kind.record.rows:
        more = f"And `{kind.record.rows}`, a list of rows, and `cut`, how many more there were."
        if once:
            more += f" For all its rows it has {', '.join(f'`{name}`' for name in once)}."
        return f"{more} A row has {where}{numbers}.{_FILE if kind.record.has_content else ''}"
    return f"And {where}{numbers}.{_FILE if kind.record and kind.record.has_content else ''}"


def _parts() -> Iterator[str]:
    titles = {
        Call: "A call",
        Total: "A total",
        Settings: "Settings",
        Item: "An item",
    }
    for part, title in titles.items():
        yield f"## {title}\n\n{_doc(part)}\n"
        yield from _members(part)


def _members(members: Any) -> Iterator[str]:
    hints = get_type_hints(members, include_extras=True)
    if hints:
        yield "| member | type | meaning |\n| --- | --- | --- |"
    for name, hint in hints.items():
        meaning = ""
        if get_origin(hint) is NotRequired:
            (hint,) = get_args(hint)
        if get_origin(hint) is Annotated:
            hint, meaning = get_args(hint)
        optional = "" if name in members.__required_keys__ else ", may be absent"
        yield f"| `{name}` | {_typescript(hint).replace('|', 'or')}{optional} | {meaning} |"
    yield ""


def _enums() -> Iterator[str]:
    yield "## Operations\n\n| number | label |\n| --- | --- |"
    yield from (f"| {int(operation)} | {operation.label} |" for operation in Operation)
    yield "\n## Gaps\n\nAt the beginning of a name, `…` stands for the name of a table.\n"
    yield "| name in `known_gaps` | what could not be recorded |\n| --- | --- |"
    yield from (f"| {gap} | {gap.meaning} |" for gap in Gap)
    yield f"| {Gap.late('…')} | rows of that table took too long to find at the end of the visit |"
    yield f"| {Gap.shortened('…')} | the end of a content that a row of that table names |"
    yield f"| {Gap.rows('…')} | rows of that table beyond those of a visit |"
    yield f"| {Gap.cut('…')} | rows of that table beyond those of a document, WebSocket or visit |\n"


def _doc(members: Any) -> str:
    return " ".join((members.__doc__ or "").split())


if __name__ == "__main__":
    print(types() if sys.argv[1:] == ["types"] else document(), end="")
