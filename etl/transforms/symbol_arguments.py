"""``symbol_arguments``: with which arguments scripts used the symbols whose meaning depends on them.

A rule of fingerprinting asks for texts, colours, fonts and sizes, one canvas at a time. This roll-up has
them, so that no analysis reads the calls. A batch's rows follow from its calls alone and add up.
"""

import ibis
import ibis.expr.types as ir

from overscripted.schemas import TABLES

LONGEST = 1000  # characters kept of an argument
_CONTEXTS = ("CanvasRenderingContext2D", "OffscreenCanvasRenderingContext2D")
_WEBGL = ("WebGLRenderingContext", "WebGL2RenderingContext")


def _of(objects: tuple[str, ...], *members: str) -> list[str]:
    return [f"{name}.{member}" for name in objects for member in members]


# Symbols whose first argument is kept, and for sets of attributes the value.
_FIRST = [
    *_of(_CONTEXTS, "fillText", "strokeText", "measureText", "font", "fillStyle", "strokeStyle"),
    *_of(("HTMLCanvasElement", "OffscreenCanvas"), "width", "height", "getContext", "addEventListener"),
    *_of(("HTMLCanvasElement",), "toDataURL", "toBlob"),
    *_of(_WEBGL, "getParameter", "getExtension"),
    *_of(("CSSStyleDeclaration",), "fontFamily", "font", "font-family"),
    *("FontFaceSet.check", "window.matchMedia", "EventTarget.addEventListener", "Permissions.query"),
]
# Symbols whose second argument is kept: setProperty(name, value), getShaderPrecisionFormat(shader, number),
# observe(node, options).
_SECOND = [
    "CSSStyleDeclaration.setProperty",
    *_of(_WEBGL, "getShaderPrecisionFormat"),
    *_of(("MutationObserver",), "observe"),
]
# Symbols of which only the use on an object counts.
_NONE = [
    *_of(_CONTEXTS, "save", "restore", "getImageData", "isPointInPath"),
    *_of(("OffscreenCanvas",), "convertToBlob", "transferToImageBitmap"),
    *_of(_WEBGL, "readPixels", "getSupportedExtensions", "getContextAttributes"),
]
# What reads an area that its third and fourth arguments give: x, y, width, height.
_AREAS = [*_of(_CONTEXTS, "getImageData"), *_of(_WEBGL, "readPixels")]
SYMBOLS = (*_FIRST, *_SECOND, *_NONE)
KEY = [
    "crawl_id",
    "visit_id",
    "location",
    "script_url",
    "realm",
    "symbol",
    "operation",
    "object",
    "argument",
    "canvas_width",
    "canvas_height",
    "area_width",
    "area_height",
]


def of_calls(calls: ir.Table) -> ir.Table:
    """Rows of the table, from valid calls. DuckDB makes every batch, so only its functions are needed."""
    rows = calls.filter(calls.symbol.isin(SYMBOLS))
    of_set = rows.operation.startswith("set")
    text = ibis.cases(
        (rows.symbol.isin(_NONE), ""),
        (of_set, rows.value_1000),
        (rows.symbol.isin(_SECOND), rows.argument_1),
        (rows.operation == "call", rows.argument_0),
        else_="",
    )
    reads_area = rows.symbol.isin(_AREAS) & (rows.operation == "call")
    rows = rows.mutate(
        location=rows.context_url,
        object=ibis.coalesce(rows.receiver_owner, rows.receiver),
        argument=text.fill_null("").substr(0, LONGEST),
        area_width=_size(reads_area, rows.argument_2),
        area_height=_size(reads_area, rows.argument_3),
    )
    rolled = rows.group_by(KEY).agg(
        n_calls=rows.count(),
        first_ordinal=rows.ordinal.min(),
        first_time=rows.time_stamp.min(),
    )
    ascii_only = rolled.argument.re_replace(r"[^\x00-\x7f]", "")
    rolled = rolled.mutate(
        n_characters=rolled.argument.split("").unique().length().cast("int64"),
        ascii_length=ascii_only.length().cast("int64"),
    )
    return rolled.select(*TABLES["symbol_arguments"].names)


def _size(reads_area: ir.BooleanValue, argument: ir.StringValue) -> ir.IntegerValue:
    """A side in whole pixels; NULL where none is given, or what is given is no number of an integer."""
    number = ibis.ifelse(reads_area, argument, ibis.null("string")).try_cast("float64").abs()
    whole = ibis.ifelse(number < 2**31, number, ibis.null("float64"))  # neither NaN nor an endless number
    return whole.floor().cast("int64")
