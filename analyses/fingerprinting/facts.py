"""What the rules ask of a script: counts and sizes, of one visit, and of one canvas.

From the roll-ups: of a script on one canvas, of a script in a visit, of a script in the whole run. Counts are
0 where nothing was seen; sizes are then NULL.
"""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from overscripted.analyses.fingerprinting import symbols as s

SCRIPT = ["crawl_id", "visit_id", "script_url"]
# The symbols whose calls are counted. Those of `symbol_arguments` are among them, so that each script that
# has arguments has a row of counts.
COUNTED = (
    *(*s.TEXTS, *s.STYLES, *s.FONTS, *s.MEASURES, *s.SAVES, *s.LISTENERS, *s.DATA_URLS, *s.IMAGES),
    *(*s.OTHER_READS, *s.PARAMETERS, *s.EXTENSIONS, *s.PIXELS, *s.FAMILIES, *s.WIDTHS),
    *(s.CHANNEL, s.OFFER, s.CANDIDATE, s.DESCRIPTION, *s.CANDIDATE_READ, *s.PEERS),
    *(*s.OSCILLATORS, *s.COMPRESSORS, *s.OUTPUTS, *s.RENDERINGS, *s.COMPLETIONS),
    *(*s.ANALYSERS, *s.SAMPLES, *s.PROCESSORS, *s.BATTERY),
)
CANVAS = [*SCRIPT, "location", "object"]

# A font as canvas takes it: style and weight, a size with its unit, families. By the grammar of
# https://www.w3.org/TR/css-fonts-4/#font-prop. Whatever else is set leaves the canvas's font as it was.
_SIZE = r"((\d+\.?\d*|\.\d+)(px|pt|pc|em|rem|ex|ch|q|in|cm|mm|%|vw|vh|vmin|vmax)|(xx?-)?(small|large)|medium)"
FONT = rf"(?i)^\s*([a-z0-9-]+\s+)*{_SIZE}(\s*/\s*[^\s/]+)?\s+[^\s;{{}}][^;{{}}]*$"


def of_canvases(arguments: ir.Table) -> ir.Table:
    """Facts of each script on each canvas, from ``symbol_arguments``.

    Where the data does not tell canvases apart, all those of a document are one.
    """
    drawn = (*s.TEXTS, *s.STYLES, *s.SAVES, *s.LISTENERS, *s.SIDES)
    rows = arguments.filter(arguments.symbol.isin((*drawn, *s.DATA_URLS, *s.IMAGES, *s.OTHER_READS)))
    return _of_rows(rows, CANVAS)


def of_urls(arguments: ir.Table) -> ir.Table:
    """Facts of each script in all its visits together, from ``symbol_arguments``."""
    return _of_rows(arguments, ["script_url"])


def of_scripts(arguments: ir.Table, counts: ir.Table) -> ir.Table:
    """Facts of each script in each visit, from ``symbol_arguments`` and ``symbol_counts``."""
    used = _used(counts)
    told = _of_rows(arguments, SCRIPT)
    measured = _most_measured(arguments)
    facts = used.left_join(told, SCRIPT).drop(*(f"{name}_right" for name in SCRIPT))
    facts = facts.left_join(measured, SCRIPT).drop(*(f"{name}_right" for name in SCRIPT))
    zero = [name for name, kind in facts.schema().items() if kind.is_integer() and name not in _NO_ZEROS]
    return facts.mutate(**{name: facts[name].fill_null(0) for name in zero})


_SIZES = ("read_side", "canvas_side", "set_side")
_NO_ZEROS = {*SCRIPT, *_SIZES}


def _of_rows(rows: ir.Table, key: list[str]) -> ir.Table:
    def calls(symbols: Iterable[str], *operations: str) -> ir.IntegerValue:
        those = rows.symbol.isin(list(symbols)) & rows.operation.isin(list(operations))
        return rows.n_calls.sum(where=those).fill_null(0)

    def distinct(symbols: Iterable[str], operation: str, *conditions: ir.BooleanValue) -> ir.IntegerValue:
        those = rows.symbol.isin(list(symbols)) & (rows.operation == operation)
        return rows.argument.nunique(where=ibis.and_(those, *conditions))

    text = rows.symbol.isin(s.TEXTS)
    image = rows.symbol.isin(s.IMAGES)
    side = (rows.symbol.isin(s.SIDES)) & (rows.operation == "set")
    return rows.group_by(key).agg(
        texts=calls(s.TEXTS, "call"),
        text_characters=rows.n_characters.max(where=text).fill_null(0),
        text_ascii=rows.ascii_length.max(where=text).fill_null(0),
        colours=distinct(s.STYLES, "set"),
        saves=calls(s.SAVES, "call"),
        listeners=calls(s.LISTENERS, "call"),
        data_urls=calls(s.DATA_URLS, "call"),
        other_reads=calls(s.OTHER_READS, "call"),
        pixel_reads=calls(s.PIXELS, "call"),
        read_side=ibis.least(rows.area_width, rows.area_height).max(where=image),
        canvas_side=ibis.least(rows.canvas_width, rows.canvas_height).min(),
        set_side=rows.argument.try_cast("int64").min(where=side),
        fonts=distinct(s.FONTS, "set", rows.argument.re_search(FONT)),
        fonts_set=distinct(s.FONTS, "set"),
        measures=calls(s.MEASURES, "call"),
        families=distinct(s.FAMILIES, "set") + distinct(s.FAMILIES, "call"),
        unmasked=distinct(s.PARAMETERS, "call", rows.argument.isin(s.UNMASKED)),
        parameters=distinct(s.PARAMETERS, "call"),
    )


def _most_measured(arguments: ir.Table) -> ir.Table:
    """How often each script measured the text that it measured most often in a visit."""
    rows = arguments.filter(arguments.symbol.isin(s.MEASURES), arguments.operation == "call")
    each = rows.group_by([*SCRIPT, "argument"]).agg(n=rows.n_calls.sum())
    return each.group_by(SCRIPT).agg(measures_of_one_text=each.n.max())


def _used(counts: ir.Table) -> ir.Table:
    """Which of the symbols each script used, by kind: the number of calls of each kind."""

    def calls(*symbols: str, operation: str = "") -> ir.IntegerValue:
        those = counts.symbol.isin(symbols)
        if operation:
            those &= counts.operation == operation
        return counts.n_calls.sum(where=those).fill_null(0)

    rare = {name: counts.symbol.isin(members) for name, members in s.RARE.items()}
    kind = ibis.cases(*((those, name) for name, those in rare.items()), else_=ibis.null("string"))
    return counts.group_by(SCRIPT).agg(
        location=counts.location.min(),
        script_domain=counts.script_domain.max(),
        is_third_party=counts.is_third_party.any(),
        widths=calls(*s.WIDTHS),
        channels=calls(s.CHANNEL),
        offers=calls(s.OFFER),
        candidates=calls(s.CANDIDATE),
        candidates_set=calls(s.CANDIDATE, operation="set"),
        descriptions=calls(s.DESCRIPTION),
        candidates_read=calls(*s.CANDIDATE_READ),
        peers=calls(*s.PEERS),
        oscillators=calls(*s.OSCILLATORS),
        compressors=calls(*s.COMPRESSORS),
        outputs=calls(*s.OUTPUTS),
        renderings=calls(*s.RENDERINGS),
        completions=calls(*s.COMPLETIONS),
        sound_reads=calls(*s.ANALYSERS, *s.SAMPLES, *s.PROCESSORS),
        extensions=calls(*s.EXTENSIONS),
        battery=counts.symbol.nunique(where=counts.symbol.isin(s.BATTERY)),
        rare_kinds=kind.nunique(),
    )
