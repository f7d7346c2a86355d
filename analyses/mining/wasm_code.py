"""Reads what a module of WebAssembly consists of: the instructions of each function, counted, and constants.

Modules are hostile. Two libraries tell the instructions of one, and neither fits (tried in 2026). wasm-tob
1.0.1 raises on vectors and on a module that is cut off. pywasm 2.2.3 raises on the instructions of threads,
on nested blocks (RecursionError) and on a module that is cut off, and takes ten times as long. wasmtime runs
modules, but does not tell their instructions. So this reader knows the format just enough to step over each
instruction (WebAssembly Core Specification 2.0, chapter 5, with threads, tail calls and exceptions):

- It never fails. A section or function that it cannot read counts as ``unread``, and the next one is read.
- Its time is linear in the bytes, of which `MAX_CODE` are read. Patterns are possessive: they never go back.
- It runs nothing, and does not check types.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

MAX_CODE = 4 * 2**20  # bytes of functions that are read; a game or a codec has as many
MAX_FUNCTIONS = 20_000
MAX_SECTIONS = 1_000  # a module has some fifteen
MAX_CONSTANTS = 100_000  # distinct ones that are kept
MAX_NAMES = 20_000
MAGIC = b"\0asm\1\0\0\0"

_LEB = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"  # a number: of its bytes all but the last have the highest bit
_MEMORY = rb"(?:[\x00-\x3f]%b|[\x40-\x7f]%b%b)" % (_LEB, _LEB, _LEB)  # alignment, memory (if bit 6), offset
_SUB = rb"(?:[\x80-\xff][\x00-\x03]|[\x00-\x7f])"  # the number of a vector instruction
_INSTRUCTION = b"|".join(
    (
        rb"[\x00\x01\x05\x0a\x0b\x0f\x19-\x1b\x45-\xc4\xd1\xd3\xd4]",  # without operands
        rb"[\x0c\x0d\x06-\x09\x10\x12\x14\x15\x18\x20-\x26\x3f-\x42\xd0\xd2\xd5\xd6]%b" % _LEB,
        rb"[\x02-\x04](?:[\x63\x64]%b|%b)" % (_LEB, _LEB),  # block, loop, if: with a type
        rb"[\x11\x13]%b%b" % (_LEB, _LEB),  # calls through tables
        rb"[\x28-\x3e]%b" % _MEMORY,  # loads and stores
        rb"(?s:\x43.{4}|\x44.{8})",  # constants of floating-point numbers
        rb"\x1c\x01%b" % _LEB,  # select with a type
        rb"\xfc(?:[\x00-\x07\x13-\x16]|[\x09\x0b\x0d\x0f-\x11]%b|[\x08\x0a\x0c\x0e]%b%b)"
        % (_LEB, _LEB, _LEB),
        rb"\xfd(?:[\x00-\x0b\x5c\x5d]%b|(?s:[\x0c\x0d].{16}|[\x15-\x22].)|[\x54-\x5b]%b(?s:.)|%b)"
        % (_MEMORY, _MEMORY, _SUB),
        rb"\xfe(?:\x03\x00|[\x00-\x02\x10-\x4e]%b)" % _MEMORY,  # atomic ones
    )
)
_TOKEN = re.compile(_INSTRUCTION)
_RUN = re.compile(rb"(?:%b)*+" % _INSTRUCTION)
_LOCAL = re.compile(rb"%b(?:[\x63\x64]%b|[\x00-\x7f])" % (_LEB, _LEB))
_NUMBER = re.compile(_LEB)
_BR_TABLE, _I32_CONST, _I64_CONST, _VECTOR = 0x0E, 0x41, 0x42, 0xFD
_SHORTEST_CONSTANT = 4  # bytes of its instruction: 16 bits or more; smaller numbers are in every module
# Vector instructions -> what they do, as the number of the instruction on 32-bit numbers.
_ON_VECTORS = {
    b"\xfd\x51": 0x73,  # v128.xor
    **dict.fromkeys((b"\xfd\xab\x01", b"\xfd\xcb\x01"), 0x74),  # shl of i32x4, i64x2
    **dict.fromkeys((b"\xfd\xad\x01", b"\xfd\xcd\x01"), 0x76),  # shr_u
}


@dataclass(frozen=True)
class Function:
    """How often a function has each instruction, by its first byte; of vectors' see `_ON_VECTORS`."""

    counts: Counter[int]


@dataclass
class Module:
    """What was read of a module.

    ``constants`` are those of 16 bits or more, without sign, of i32 and i64. ``data`` is its section of data.
    ``names`` are those of its imports, exports and functions. ``unread`` counts sections and functions, or
    parts of them, that are damaged, in a format that is not known, or over a limit. ``code`` is the length of
    the functions in bytes.
    """

    functions: list[Function] = field(default_factory=list)
    constants: set[int] = field(default_factory=set)
    data: list[bytes] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    code: int = 0
    unread: int = 0


class _Damaged(Exception):
    """The bytes end too early, or no number is where one must be."""


def read(content: bytes) -> Module:
    """What a module consists of; an empty module for bytes that are none."""
    module = Module()
    if content[:8] != MAGIC:
        module.unread = 1
        return module
    readers = {0: _custom, 2: _imports, 7: _exports, 10: _code, 11: _data}
    try:
        for kind, body in islice(_sections(content), MAX_SECTIONS):
            if reader := readers.get(kind):
                try:
                    reader(module, body)
                except _Damaged:
                    module.unread += 1
    except _Damaged:
        module.unread += 1
    return module


def _sections(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(MAGIC)
    while at < len(content):
        kind = content[at]
        size, at = _number(content, at + 1)
        if at + size > len(content):
            yield kind, content[at:]
            raise _Damaged
        yield kind, content[at : at + size]
        at += size


def _number(body: bytes, at: int) -> tuple[int, int]:
    """An unsigned number at a place, and the place behind it."""
    found = _NUMBER.match(body, at)
    if found is None:
        raise _Damaged
    return _value(found[0]), found.end()


def _value(digits: bytes) -> int:
    value = 0
    for place, digit in enumerate(digits):
        value |= (digit & 0x7F) << 7 * place
    return value


def _text(body: bytes, at: int) -> tuple[str, int]:
    size, at = _number(body, at)
    if at + size > len(body):
        raise _Damaged
    return body[at : at + size].decode("utf-8", "replace"), at + size


def _keep(module: Module, name: str) -> None:
    if name and len(module.names) < MAX_NAMES:
        module.names.append(name)


def _imports(module: Module, body: bytes) -> None:
    """Names of the imported functions, up to the first import of another kind."""
    n, at = _number(body, 0)
    for _ in range(min(n, MAX_NAMES)):
        _module, at = _text(body, at)
        name, at = _text(body, at)
        if body[at : at + 1] != b"\0":
            return
        _type, at = _number(body, at + 1)
        _keep(module, name)


def _exports(module: Module, body: bytes) -> None:
    n, at = _number(body, 0)
    for _ in range(min(n, MAX_NAMES)):
        name, at = _text(body, at)
        _keep(module, name)
        _index, at = _number(body, at + 1)


def _custom(module: Module, body: bytes) -> None:
    """The names of functions, which the custom section ``name`` has for debuggers."""
    section, at = _text(body, 0)
    for _ in range(MAX_SECTIONS if section == "name" else 0):
        if at >= len(body):
            return
        kind = body[at]
        size, at = _number(body, at + 1)
        if kind == 1:
            part, place = body[at : at + size], 0
            n, place = _number(part, place)
            for _ in range(min(n, MAX_NAMES)):
                _index, place = _number(part, place)
                name, place = _text(part, place)
                _keep(module, name)
        at += size


def _data(module: Module, body: bytes) -> None:
    """The section as a whole: what is sought in it is longer than what stands between two segments."""
    module.data.append(body)


def _code(module: Module, body: bytes) -> None:
    n, at = _number(body, 0)
    for _ in range(n):
        size, at = _number(body, at)
        module.code += size
        over = module.code > MAX_CODE or len(module.functions) >= MAX_FUNCTIONS
        if over or at + size > len(body):
            raise _Damaged
        _function(module, body[at : at + size])
        at += size


def _function(module: Module, body: bytes) -> None:
    counts: Counter[int] = Counter()
    try:
        at = _behind_locals(body)
        while at < len(body):
            end = _RUN.match(body, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            _count(module, counts, _TOKEN.findall(body, at, end))
            at = _behind_table(body, end) if end < len(body) else end
    except _Damaged:
        module.unread += 1
    module.functions.append(Function(counts))


def _count(module: Module, counts: Counter[int], tokens: list[bytes]) -> None:
    counts.update(map(itemgetter(0), tokens))
    for token in set(tokens):
        large = token[0] in (_I32_CONST, _I64_CONST) and len(token) >= _SHORTEST_CONSTANT
        if large and len(module.constants) < MAX_CONSTANTS:
            module.constants.add(_constant(token))
    if counts[_VECTOR]:
        for token in tokens:
            if operation := _ON_VECTORS.get(token):
                counts[operation] += 1


def _constant(token: bytes) -> int:
    """A constant without its sign, as so many bits as its type has."""
    bits = 32 if token[0] == _I32_CONST else 64
    value = _value(token[1:])
    if token[-1] & 0x40:
        value -= 1 << 7 * (len(token) - 1)
    return value & ((1 << bits) - 1)


def _behind_locals(body: bytes) -> int:
    n, at = _number(body, 0)
    for _ in range(n):
        found = _LOCAL.match(body, at)
        if found is None:
            raise _Damaged
        at = found.end()
    return at


def _behind_table(body: bytes, at: int) -> int:
    """Behind a jump by a table, the one instruction with as many operands as it says."""
    if body[at] != _BR_TABLE:
        raise _Damaged
    n, at = _number(body, at + 1)
    for found in islice(_NUMBER.finditer(body, at), n + 1):
        at = found.end()
    return at
