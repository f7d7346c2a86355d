"""Stack frames that OpenWPM's parser cut in the wrong place: joined and parsed again."""

from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.values import text
from overscripted.stacks import parse_frame

# Columns of a row that hold the call's frame, named as the parts of `overscripted.stacks.Frame`.
_PARTS = ("func_name", "script_url", "script_line", "script_col", "script_loc_eval")


def whole_frame(row: Row) -> Row:
    """Columns that replace those of a row; empty for most frames.

    There are two kinds of wrong frames: those of WebAssembly, and those of a script element whose document
    was loaded while another script waited (``line N > inlineScript``).
    """
    func, url, line, column, levels = (text(row.get(name)) or "" for name in _PARTS)
    if not line.startswith("wasm-function[") and "inlineScript" not in levels:
        return {}
    frame = parse_frame(f"@{url}{levels and ' '}{levels}:{line}:{column}")
    return {name: getattr(frame, name) for name in _PARTS} | {"func_name": func or frame.func_name}
