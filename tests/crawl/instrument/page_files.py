"""Code of test pages, kept as files in ``pages/``."""

import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "pages"


def read_page(name: str, **values: Any) -> str:
    """The text of a page or script, each marker ``{NAME}`` replaced by its value.

    ``{BASE}`` and ``{OTHER}``, the test web's two origins, and ``{READ}`` are left to who serves the page.
    Raises ValueError where a marker has no value, or a value no marker.
    """
    text = (FOLDER / name).read_text("utf-8").removesuffix("\n")
    markers = set(re.findall(r"\{([A-Z][A-Z_]+)\}", text)) - {"BASE", "OTHER", "READ"}
    if markers != set(values):
        raise ValueError(f"{name} has the markers {sorted(markers)}, given are {sorted(values)}")
    return re.sub(r"\{([A-Z][A-Z_]+)\}", lambda found: str(values.get(found[1], found[0])), text)


def read_cases(name: str, **values: Any) -> dict[str, str]:
    """Name -> code, of a file where each case begins with the line ``// case: NAME``.

    The code is without its last semicolon.
    """
    _, *parts = re.split(r"^// case: (.+)\n", read_page(name, **values), flags=re.MULTILINE)
    names, codes = parts[::2], [code.strip().removesuffix(";") for code in parts[1::2]]
    return dict(zip(names, codes, strict=True))


def read_lines(name: str, **values: Any) -> list[str]:
    """The blocks of a file, which empty lines part, each as one line.

    So a call's line is the number of its block. A block has no comments.
    """
    return [one_line(block) for block in read_page(name, **values).split("\n\n")]


def one_line(code: str) -> str:
    """Code without comments, in one line."""
    return " ".join(line.strip() for line in code.splitlines())
