"""SQL's own way to write a text within a statement."""


def quoted(text: str) -> str:
    """The text as a literal: a quote in it, such as one of a folder's name, ends nothing."""
    return "'" + text.replace("'", "''") + "'"
