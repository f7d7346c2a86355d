"""Texts as literals of SQL."""


def quoted(text: str) -> str:
    """The text as an SQL literal. A quote in it, such as in a folder's name, is doubled."""
    return "'" + text.replace("'", "''") + "'"
