"""Texts as literals and names of SQL."""


def quoted(text: str) -> str:
    """The text as an SQL literal. A quote in it, such as in a folder's name, is doubled."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name of a table or column in the SQL of DuckDB and the standard, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'
