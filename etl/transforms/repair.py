"""Repairs rows that OpenWPM's parser malformed, from their stack.

That parser splits a frame ``FUNC@URL:LINE:COL`` at every ``@`` and keeps the second piece. For a URL with an
``@`` it puts ``https`` in ``script_line``, ``//host/path`` in ``script_col`` and nothing in ``script_url``.
Where the call's stack was recorded, its first line is the whole frame. `overscripted.stacks` parses it from
the right. The study's rows with a kind of frame that this grammar did not know at first stay unchanged.
"""

import ibis
import ibis.expr.types as ir

from overscripted.etl.settings import POSITION_DIGITS, REPAIR_FRAME_CHARS
from overscripted.etl.transforms.rules import by_browser
from overscripted.run import STUDY_CRAWL_ID
from overscripted.stacks import parse_frame

# The parts of a frame in the order in which `parse` gives them; also the columns that they replace.
PARTS = ("func_name", "script_url", "script_line", "script_col", "script_loc_eval")


@ibis.udf.scalar.python(signature=(("string",), "array<string>"))
def frame_parts(frame):  # type: ignore[no-untyped-def]  # annotations would be read as Ibis types
    """`parse` as an expression."""
    return parse(frame)


def parse(frame: str | None) -> list[str]:
    """A frame's parts in the order of `PARTS`; all empty where they give no script and line."""
    if not frame or frame.startswith("undefined"):
        return [""] * len(PARTS)
    found = parse_frame(frame)
    digits = found.script_line.isdigit() and found.script_line.isascii()
    if not (digits and len(found.script_line) <= POSITION_DIGITS and found.script_url):
        return [""] * len(PARTS)
    return [str(getattr(found, part)) for part in PARTS]


def repair(calls: ir.Table) -> ir.Table:
    """Raw calls with the script's position repaired where it can be; ``repaired`` tells where."""
    whole = ibis.ifelse(_malformed(calls), first_line(calls.call_stack), ibis.null("string"))
    rows = calls.mutate(_parts=frame_parts(whole))
    repaired = rows._parts[PARTS.index("script_url")].fill_null("") != ""
    return rows.mutate(
        repaired=repaired,
        **{name: ibis.ifelse(repaired, rows._parts[i], rows[name]) for i, name in enumerate(PARTS)},
    ).drop("_parts")


def _malformed(calls: ir.Table) -> ir.BooleanValue:
    """Whether a script called, its URL or line is missing, and there is a stack that may have them."""
    no_line = ~calls.script_line.fill_null("").substr(0, 1).isin(tuple("0123456789-"))
    no_script = calls.script_url.fill_null("") == ""
    stack = calls.call_stack.fill_null("")
    known = (calls.crawl_id != STUDY_CRAWL_ID) | ~_of_later_kind(stack)
    return (no_line | no_script) & (stack != "") & known & ~by_browser(calls)


def _of_later_kind(stack: ir.StringValue) -> ir.BooleanValue:
    first = first_line(stack).fill_null("")
    return (
        first.contains(":wasm-function[")
        | first.contains(" > inlineScript")
        | first.contains(" > WebAssembly.")
    )


def first_line(stack: ir.StringValue) -> ir.StringValue:
    """The first line of a stack; NULL if it is too long to be parsed."""
    end = stack.find("\n")
    first = ibis.ifelse(end >= 0, stack.substr(0, end), stack)
    return ibis.ifelse(first.length() <= REPAIR_FRAME_CHARS, first, ibis.null("string"))
