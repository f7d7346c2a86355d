"""Calls from the lines of a VisibleV8 log, which say who acts by what came before them.

An isolate has scripts, a document and a running script of its own. A line of its own names each that
changes; the lines after it are about it.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from overscripted.etl.importers import visiblev8_records as records
from overscripted.etl.importers import visiblev8_scripts as scripts
from overscripted.etl.importers import visiblev8_symbols as symbols
from overscripted.etl.importers.visiblev8_records import Record, Wrong
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.text import clean, decoded

Row = dict[str, Any]
# The place of a get or call: its script, offset, object and member.
_Place = tuple[int | None, int, str, str]

_INDEX = "an element of a list by its index, which is no member"
_NAMELESS = "a member whose name VisibleV8 did not write"
_LOOKED_UP = "the look-up of a function that was then called"
_ACCESSOR = "the call of the function behind a member that was then read or written"
_OF_SCRIPT = "a function of a script, not of the browser"
_NO_CLASS = "a call on a value that is no object"
_TOO_MANY_SCRIPTS = "a script beyond the number that one log may have"
_MOST_SCRIPTS = 200_000
_MOST_TEXTS = 10_000  # whose makers are remembered; what they make usually runs at once


@dataclass
class _Isolate:
    """A name space of script numbers. ``running`` is the number of the script that runs; None: not known."""

    known: dict[int, scripts.Script] = field(default_factory=dict)
    document: str | None = None
    running: int | None = None
    # Hash of the text of code -> the script and the offset of the last call that made code from it.
    made: "OrderedDict[bytes, tuple[int | None, int]]" = field(default_factory=OrderedDict)


class Calls:
    """The calls of a thread's log, and the bodies of its scripts.

    ``bodies`` has rows of the table scripts that are new, of ``body_bytes`` together; `settle` empties it.
    """

    def __init__(self, ledger: Ledger, known: set[str]) -> None:
        """``known`` are hashes of the bodies that the import has already; new ones are added."""
        self.bodies: list[Row] = []
        self.body_bytes = 0
        self.first_document: str | None = None  # with a network address
        self.at = "", 0  # file and number of the line that is read
        self._ledger, self._known = ledger, known
        self._isolates: dict[str, _Isolate] = {}
        self._isolate = _Isolate()  # of lines before the first that names one
        self._looked_up: dict[_Place, Row] = {}
        self._n_scripts = 0

    def rows(self, lines: Iterator[bytes]) -> Iterator[Row]:
        """The columns of ``calls`` that a line gives. A row with ``dropped`` may become so until `settle`."""
        for data in lines:
            if not data:
                continue
            self._ledger.read["lines"] += 1
            try:
                row = self._row(records.record(decoded(data)))
            except Wrong as error:
                self._ledger.leave_out("lines", str(error), place=self._where())
                continue
            if row:
                yield row

    def leave_out(self, reason: str) -> None:
        """Count a line that could not be read."""
        self._ledger.read["lines"] += 1
        self._ledger.leave_out("lines", reason, place=self._where())

    def _where(self) -> str:
        return f"{self.at[0]}, line {self.at[1]:,}"

    def settle(self, later: list[Row]) -> list[Row]:
        """Forget look-ups that wait for a call, but those in ``later``; rows of bodies so far."""
        open_rows = set(map(id, later))
        self._looked_up = {place: row for place, row in self._looked_up.items() if id(row) in open_rows}
        bodies, self.bodies, self.body_bytes = self.bodies, [], 0
        return bodies

    def _row(self, line: Record) -> Row | None:
        if line.kind == records.ISOLATE:
            self._isolate = self._isolates.setdefault(line.fields[0][:100], _Isolate())
            self._isolate.running = None
        elif line.kind == records.ORIGIN:
            self._document(records.quoted(line.fields[0]))
        elif line.kind == records.SCRIPT:
            self._script(line)
        elif line.kind == records.SWITCH:
            self._switch(line.fields[0])
        else:
            return self._used(line)
        return None

    def _document(self, url: str | None) -> None:
        """``url`` is the document's, or only its origin in versions until 2022."""
        self._isolate.document = clean(url) if url else None
        if url and not self.first_document and url.startswith(("http://", "https://")):
            self.first_document = clean(url)

    def _script(self, line: Record) -> None:
        _, origin, source = line.fields
        self._n_scripts += 1
        if self._n_scripts > _MOST_SCRIPTS:
            raise Wrong(_TOO_MANY_SCRIPTS)
        isolate = self._isolate
        if origin.isascii() and origin.isdigit():
            parent = int(origin[:20])
            by, offset = isolate.made.get(_hash(source), (None, -1))
            known = isolate.known.get(parent)
            place = known.place(offset) if known and by == parent else None
            script = scripts.made(known, source, place and place[0])
        elif origin == "#?":
            script = scripts.made(None, source, None)
        else:
            script = scripts.loaded(clean(records.quoted(origin) or ""), source)
        isolate.known[line.number] = script
        self._body(source)

    def _body(self, source: str) -> None:
        content = clean(source).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 not in self._known:
            self._known.add(sha256)
            kept = content if len(content) <= IMPORT_BODY_BYTES else None
            self.bodies.append({"sha256": sha256, "size": len(content), "content": kept})
            self.body_bytes += len(content)

    def _switch(self, number: str) -> None:
        self._isolate.running = None
        if number == "?":
            return
        running = int(number) if number.isascii() and number.isdigit() and len(number) <= 20 else None
        if running is None or running not in self._isolate.known:
            raise Wrong("a change to a script that the log does not have")
        self._isolate.running = running

    def _used(self, line: Record) -> Row | None:
        if line.kind == records.CONSTRUCT:
            return self._constructed(line)
        if line.kind == records.CALL:
            return self._called(line)
        owner, member = records.class_of(line.fields[1]), records.quoted(line.fields[2])
        if owner is None:
            raise Wrong(_NO_CLASS)
        if member is None:
            raise Wrong(_INDEX if line.fields[2].isdigit() else _NAMELESS)
        row = self._at(line) | {
            "symbol": symbols.symbol(clean(owner), clean(member)),
            "operation": "get" if line.kind == records.GET else "set",
            "value": records.value_text(line.fields[3]) if line.kind == records.SET else None,
        }
        self._looked_up[self._place(line, line.fields[1], member)] = row
        return row

    def _called(self, line: Record) -> Row | None:
        _, function, receiver, *given = line.fields
        name = self._name(function)
        self._note_code(name, line, given)
        accessor, _, member = name.partition(" ")
        if accessor in ("get", "set") and member:
            if self._looked_up.pop(self._place(line, receiver, member), None):
                raise Wrong(_ACCESSOR)
            value = records.value_text(given[0]) if accessor == "set" and given else None
            kind: Row = {"operation": accessor, "value": value}
        else:
            member, kind = name, {"operation": "call", "arguments": _arguments(given)}
            if looked_up := self._looked_up.pop(self._place(line, receiver, name), None):
                looked_up["dropped"] = True
                self._ledger.leave_out("lines", _LOOKED_UP)
        return self._at(line) | kind | {"symbol": symbols.symbol(_owner(receiver), clean(member))}

    def _constructed(self, line: Record) -> Row:
        _, function, *given = line.fields
        name = self._name(function)
        self._note_code(name, line, given)
        kind = {"symbol": symbols.construction(clean(name)), "operation": "call"}
        return self._at(line) | kind | {"arguments": _arguments(given)}

    def _note_code(self, function: str, line: Record, given: list[str]) -> None:
        text = scripts.text_made(function, [records.value(field) for field in given])
        if text is not None:
            self._isolate.made[_hash(text)] = self._isolate.running, line.number
            if len(self._isolate.made) > _MOST_TEXTS:
                self._isolate.made.popitem(last=False)

    def _name(self, function: str) -> str:
        name = records.native(function)
        if name is None:
            raise Wrong(_OF_SCRIPT)
        if name in ("", "<anonymous>"):
            raise Wrong(_NAMELESS)
        return name

    def _place(self, line: Record, receiver: str, member: str) -> _Place:
        return self._isolate.running, line.number, receiver, member

    def _at(self, line: Record) -> Row:
        """Where a line's script and document are."""
        isolate = self._isolate
        script = None if isolate.running is None else isolate.known[isolate.running]
        place = script.place(line.number) if script else None
        return {
            "location": isolate.document,
            "script_url": script.url if script else None,
            "script_loc_eval": script.levels if script else None,
            "script_line": str(place[0]) if place else None,
            "script_col": str(place[1]) if place else None,
        }


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _owner(receiver: str) -> str:
    """The class that has the called function: the object's, or that of which it is a static function."""
    owner = records.class_of(receiver) or records.native(receiver)
    if owner is None and receiver in ("#U", "#N"):
        return "Window"
    if owner is None:
        raise Wrong(_NO_CLASS)
    return clean(owner)


def _arguments(given: list[str]) -> str | None:
    """Arguments as a JSON object; None without one."""
    values = {str(at): records.value(field) for at, field in enumerate(given)}
    return clean(json.dumps(values, ensure_ascii=False)) if values else None
