"""A call's arguments, from the JSON object in text to the study's ten columns."""

import json
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

from overscripted.text import clean


@lru_cache(1)
def _decoder() -> json.JSONDecoder:
    """A decoder that keeps numbers as they are written. Made on first use: Spark cannot pickle one."""
    return json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


N = 9  # argument_0 … argument_8, as the study published them
_KEYS = [str(i) for i in range(N)]

# Most calls have no arguments, or one to three strings without an escape. The engine splits those at the
# quotes; Python reads the others only. JSON strings hold no control characters.
_STRING = r'"[^"\\\x00-\x1f]*"'
_PLAIN = rf'^\{{"0":{_STRING}(,"1":{_STRING}(,"2":{_STRING})?)?\}}\z'
_N_PLAIN = 3


@ibis.udf.scalar.python(signature=(("string",), "array<string>"))
def _split(arguments):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return split(arguments)


def split(arguments: str | None) -> list[str]:
    """The number of arguments, then the first nine as text: ``["2", "a", "1", "", …]``.

    Strings and numbers are as in the JSON, objects and lists are JSON, ``True``, ``False`` and ``None`` are
    in the study's spelling. Text that is no JSON object or list has no arguments.
    """
    no_arguments = ["0"] + [""] * N
    if not arguments:
        return no_arguments
    try:
        found = _decoder().decode(arguments)
        if isinstance(found, list):
            found = {str(i): value for i, value in enumerate(found)}
        if not isinstance(found, dict):
            return no_arguments
        parts = [_text(found.get(_KEYS[i], ""), arguments, i) for i in range(N)]
    except (ValueError, RecursionError):
        return no_arguments
    return [str(len(found)), *parts]


def _text(value: Any, arguments: str, i: int) -> str:
    if isinstance(value, str):
        return clean(value) if value else value
    if isinstance(value, dict | list):  # decoded again, with numbers as numbers
        whole = json.loads(arguments)
        part = whole[i] if isinstance(whole, list) else whole[str(i)]
        return clean(json.dumps(part, ensure_ascii=False, separators=(",", ":")))
    return str(value)


def _kind(calls: ir.Table) -> ir.IntegerValue:
    """0: no arguments; 1: plain ones, which the engine splits; 2: others, which Python reads."""
    given = calls.arguments.fill_null("")
    return ibis.cases((given.isin(["", "{}"]), 0), (given.re_search(_PLAIN), 1), else_=2)


def argument_columns(calls: ir.Table) -> ir.Table:
    """Calls with ``argument_0`` … ``argument_8`` and ``arguments_n_keys``; an absent argument is ``''``."""
    rows = calls.mutate(_kind=_kind(calls))
    nothing = ibis.null("string")
    # {"0":"a"} has 5 pieces; the texts are at 3, 7 and 11. Eight more quotes make at least 13 pieces.
    plain = ibis.ifelse(rows._kind == 1, rows.arguments + '"' * 8, nothing)
    rows = rows.mutate(_pieces=plain.split('"'))
    rows = rows.mutate(_split=_split(ibis.ifelse(rows._kind == 2, rows.arguments, nothing)))
    columns = {}
    for i in range(N):
        cut = rows._pieces[4 * i + 3] if i < _N_PLAIN else ""
        columns[f"argument_{i}"] = ibis.cases(
            (rows._kind == 0, ""), (rows._kind == 1, cut), else_=rows._split[i + 1]
        )
    length = rows._pieces.length()
    n_cut = ibis.cases((length == 13, 1), (length == 17, 2), else_=3)
    n_read = rows._split[0].cast("int64")
    n_keys = ibis.cases((rows._kind == 0, 0), (rows._kind == 1, n_cut), else_=n_read)
    return rows.mutate(
        **columns,
        arguments_n_keys=n_keys.cast("int64"),
        arguments=rows.arguments.nullif("").fill_null("{}"),
    ).drop("_kind", "_pieces", "_split")
