"""What the SQL box accepts: one query of the run's tables, without functions that look outside them.

DuckDB parses the statement; its tree says what it names. This is the first of two walls: DuckDB itself is
closed, too (`overscripted.explore.sql.process`). It also gives the clearer sentences.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

# Functions that make rows from their arguments alone. All others read files, settings, secrets or addresses
# in memory, run SQL that is given as text, or change the process.
TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
# Functions of values that tell of the machine, the process or its settings, or run SQL that is given as text.
_DENIED = frozenset({"current_setting", "getenv", "getvariable", "json_serialize_plan", "write_log"})
# Parts of a tree that only read. The others insert, update, delete or copy: a WITH may hold any of them.
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_NOWHERE = 2**64 - 1  # DuckDB's location of what the text does not say
_KINDS = {
    "ATTACH": "ATTACH opens other databases",
    "COPY": "COPY writes files",
    "EXPORT": "EXPORT writes files",
    "LOAD": "INSTALL and LOAD bring programs",
    "PRAGMA": "PRAGMA changes settings",
    "SET": "SET changes settings",
    "VARIABLE_SET": "SET changes settings",
}


class Refused(Exception):
    """The box does not run this statement. The message says why, and where if a part of it is the reason."""


def tables_of(sql: str, known: Collection[str]) -> list[str]:
    """The tables among ``known`` that a statement reads.

    Raises Refused for what the box does not run, and duckdb.Error for what is no SQL.
    """
    statements = duckdb.extract_statements(sql)
    if not statements:
        raise Refused("There is no SQL to run. Write a query, such as FROM visits.")
    if len(statements) > 1:
        raise Refused(f"There are {len(statements)} statements, and the box runs one. Delete the others.")
    kind = statements[0].type.name
    if kind == "MULTI":
        raise Refused("A PIVOT needs its values here: FROM (PIVOT t ON column IN (value, …) USING …).")
    if kind != "SELECT":
        why = _KINDS.get(kind, f"{kind.replace('_', ' ')} is another kind of statement")
        raise Refused(f"The box runs one SELECT (also WITH, FROM, VALUES, DESCRIBE, SUMMARIZE): {why}.")
    return _names(sql, known)


def _names(sql: str, known: Collection[str]) -> list[str]:
    nodes = list(_nodes(_tree(sql)))
    made = {entry["key"].lower() for node in nodes for entry in _made(node)}
    spelled = {name.lower(): name for name in known}
    found: dict[str, None] = {}
    for node in nodes:
        kind = str(node.get("type", ""))
        if kind.endswith("_NODE") and kind not in _QUERIES:
            word = kind.partition("_")[0]
            raise Refused(f"The box only reads: a WITH that holds {word} is no query. Delete it.")
        if kind == "BASE_TABLE":
            name = ".".join(node["qualified_name"]["path"])
            if name.lower() in spelled:
                found[spelled[name.lower()]] = None
            elif name.lower() not in made:
                raise _refused(f"This run has no table {name!r}. The box lists its tables.", sql, node)
        elif kind == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name", "")).lower()
            if name not in TABLE_FUNCTIONS:
                allowed = ", ".join(sorted(TABLE_FUNCTIONS))
                raise _refused(f"The box has no table function {name!r}, only {allowed}.", sql, node)
        elif kind == "SHOW_REF" and not node.get("query"):
            raise Refused("The box has no SHOW. It lists the tables; DESCRIBE shows one.")
        elif node.get("class") == "FUNCTION" and str(node.get("function_name", "")).lower() in _DENIED:
            name = node["function_name"]
            raise _refused(f"The box has no function {name}: it tells of the machine.", sql, node)
        elif node.get("class") == "PARAMETER":
            raise _refused("A parameter has no value here. Write the value in its place.", sql, node)
    return list(found)


def _tree(sql: str) -> Any:
    with duckdb.connect(":memory:") as parser:
        ((text,),) = parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(text)
    if tree.get("error"):
        raise Refused(f"DuckDB cannot read this statement: {tree.get('error_message', 'no reason')}.")
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree; without recursion, however deep the statement is."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _made(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables that a WITH of this node makes."""
    made = node.get("cte_map")
    return list(made.get("map", ())) if isinstance(made, dict) else []


def _refused(sentence: str, sql: str, node: dict[str, Any]) -> Refused:
    """The refusal with the line of a node and a mark below it, as in DuckDB's own messages."""
    place = node.get("query_location", _NOWHERE)
    if place == _NOWHERE:
        return Refused(sentence)
    before = sql.encode()[:place].decode(errors="ignore")  # DuckDB counts bytes
    number, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    shown = f"LINE {number}: "
    line = sql.splitlines()[number - 1] if sql.splitlines()[number - 1 :] else ""
    return Refused(f"{sentence}\n\n{shown}{line}\n{' ' * (len(shown) + column)}^")
