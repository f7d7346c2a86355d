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


def script(files: tuple[str, ...], **constants: Any) -> str:
    """A script: constants, given as what JSON can say, then the files. Its value is the last file's."""
    known = [f"const {name} = {json.dumps(value)};" for name, value in constants.items()]
    return "\n".join(['"use strict";', *known, *map(read, files)])


def function(name: str, *files: str, **constants: Any) -> str:
    """A function for Firefox's parent process: the one of this name, which one of the files declares."""
    return f"function () {{\n{script(files, **constants)}\nreturn {name}(...arguments);\n}}"
