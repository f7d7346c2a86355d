"""Rows that the original parser malformed, read again from their stack.

OpenWPM's parser splits a frame ``FUNC@URL:LINE:COL`` at every ``@`` and keeps the second piece: for a URL
with an ``@`` it puts ``https`` in ``script_line``, ``//host/path`` in ``script_col`` and nothing in
``script_url``. Where the call's stack was recorded, its first line is that frame, whole; it is parsed
from the right, by the grammar of `overscripted.stacks`.
"""

import ibis
import ibis.expr.types as ir

from etl.settings import POSITION_DIGITS, REPAIR_FRAME_CHARS

_NUMBER = rf"^[0-9]{{1,{POSITION_DIGITS}}}\z"


def repair(calls: ir.Table) -> ir.Table:
    """Raw calls with the script's position mended where it can be, and ``repaired`` saying so."""
    split = calls.mutate(
        _frame=ibis.ifelse(_malformed(calls), _first_line(calls.call_stack), ibis.literal(""))
    )
    at = split._frame.find("@")
    split = split.mutate(
        _func=ibis.ifelse(at > 0, split._frame.substr(0, at), ""),
        _rest=split._frame.substr(at + 1),
    )
    split = split.mutate(_position=split._rest.re_extract(r"(:[0-9]+(:[0-9]+)?)\z", 1))
    split = split.mutate(_body=_without_end(split._rest, split._position))
    split = split.mutate(_eval=split._body.re_extract(r"(( line [0-9]+ > [A-Za-z]+)+)\z", 1))
    split = split.mutate(_url=_without_end(split._body, split._eval))
    split = split.mutate(
        _line=split._position.re_extract(r"^:([0-9]+)", 1),
        _col=split._position.re_extract(r"^:[0-9]+:([0-9]+)", 1),
    )
    mended = (split._line != "") & (split._url != "") & ~split._frame.startswith("undefined")
    return split.mutate(
        repaired=mended,
        script_url=ibis.ifelse(mended, split._url, split.script_url),
        script_line=ibis.ifelse(mended, split._line, split.script_line),
        script_col=ibis.ifelse(mended, split._col, split.script_col),
        func_name=ibis.ifelse(mended, split._func, split.func_name),
        script_loc_eval=ibis.ifelse(mended, split._eval.strip(), split.script_loc_eval),
    ).drop("_frame", "_func", "_rest", "_position", "_body", "_eval", "_url", "_line", "_col")


def _malformed(calls: ir.Table) -> ir.BooleanValue:
    line = calls.script_line.fill_null("")
    return (
        ((calls.script_url.fill_null("") == "") | ~line.re_search(_NUMBER))
        & (calls.call_stack.fill_null("") != "")
        & ~line.re_search(r"^-?[0-9]")
    )


def _first_line(stack: ir.StringValue) -> ir.StringValue:
    first = stack.fill_null("").re_extract(r"^[^\n]*", 0)
    return ibis.ifelse(first.length() <= REPAIR_FRAME_CHARS, first, "")


def _without_end(text: ir.StringValue, end: ir.StringValue) -> ir.StringValue:
    return text.substr(0, text.length() - end.length())
