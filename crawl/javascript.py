"""Our JavaScript as text. The files of ``crawl/instrument`` are joined to what runs in one global.

The folder of a file below `crawl/instrument/js` names the process in which it runs. A joined script is strict
from its first line.
"""

import json
from importlib import resources
from typing import Any

_FOLDER = resources.files("overscripted.crawl") / "instrument"


def read(name: str) -> str:
    """A file of the folder, by its path in it."""
    return (_FOLDER / name).read_text("utf-8")


def folder(name: str) -> list[str]:
    """The files of a folder, by their paths, in the order of their names."""
    return sorted(f"{name}/{file.name}" for file in (_FOLDER / name).iterdir() if file.name.endswith(".js"))


def script(files: tuple[str, ...], **constants: Any) -> str:
    """A script: constants, of what JSON can say and frozen, then the files. Its value is the last file's."""
    known = [f"const {name} = {_frozen(value)};" for name, value in constants.items()]
    return "\n".join(['"use strict";', *known, *map(read, files)])


def function(name: str, *files: str, **constants: Any) -> str:
    """A function for Firefox's parent process: the one of this name, which one of the files declares."""
    return f"function () {{\n{script(files, **constants)}\nreturn {name}(...arguments);\n}}"


def _frozen(value: Any) -> str:
    if isinstance(value, dict):
        members = ", ".join(f"{json.dumps(name)}: {_frozen(member)}" for name, member in value.items())
        return f"Object.freeze({{{members}}})"
    if isinstance(value, list):
        return f"Object.freeze([{', '.join(map(_frozen, value))}])"
    return json.dumps(value)
