"""A call's arguments, from the JSON object in text to the study's ten columns."""

import json
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

from overscripted.text import clean


@lru_cache(1)
def _exact() -> json.JSONDecoder:
    """Numbers stay as they are written. Made on first use: Spark cannot send one to its workers."""
    return json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


N = 9  # argument_0 … argument_8, as the study published them
_KEYS = [str(i) for i in range(N)]


@ibis.udf.scalar.python(signature=(("string",), "array<string>"))
def _split(arguments):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return split(arguments)


def split(arguments: str | None) -> list[str]:
    """The number of arguments, then the first nine as text: ``["2", "a", "1", "", …]``.

    Strings as they are, numbers as JSON wrote them, ``True``, ``False`` and ``None`` as the study,
    objects and lists as JSON. Text that is no JSON object or list has no arguments.
    """
    nothing = ["0"] + [""] * N
    if not arguments:
        return nothing
    try:
        found = _exact().decode(arguments)
        if isinstance(found, list):
            found = {str(i): value for i, value in enumerate(found)}
        if not isinstance(found, dict):
            return nothing
        parts = [_text(found.get(_KEYS[i], ""), arguments, i) for i in range(N)]
    except (ValueError, RecursionError):
        return nothing
    return [str(len(found)), *parts]


def _text(value: Any, arguments: str, i: int) -> str:
    if isinstance(value, str):
        return clean(value) if value else value
    if isinstance(value, dict | list):  # again, its numbers as numbers
        whole = json.loads(arguments)
        part = whole[i] if isinstance(whole, list) else whole[str(i)]
        return clean(json.dumps(part, ensure_ascii=False, separators=(",", ":")))
    return str(value)


def argument_columns(calls: ir.Table) -> ir.Table:
    """Calls with ``argument_0`` … ``argument_8``, ``arguments_n_keys``; absent ones are ``''``."""
    given = calls.arguments.nullif("").nullif("{}")
    rows = calls.mutate(_split=_split(given))
    columns = {f"argument_{i}": rows._split[i + 1].fill_null("") for i in range(N)}
    return rows.mutate(
        **columns,
        arguments_n_keys=rows._split[0].cast("int64").fill_null(0),
        arguments=rows.arguments.nullif("").fill_null("{}"),
    ).drop("_split")
