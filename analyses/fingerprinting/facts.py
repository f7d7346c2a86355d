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
    facts = _of_rows(rows.mutate(object=rows.object.fill_null(_NO_OBJECT)), CANVAS)
    return facts.mutate(object=facts.object.nullif(_NO_OBJECT))


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
_NO_OBJECT = -1  # joins find no NULL


def _of_rows(rows: ir.Table, key: list[str]) -> ir.Table:
    def calls(symbols: Iterable[str], *operations: str) -> ir.IntegerValue:
        those = rows.symbol.isin(list(symbols)) & rows.operation.isin(list(operations))
        return rows.n_calls.sum(where=those).fill_null(0)

    text = rows.symbol.isin(s.TEXTS)
    image = rows.symbol.isin(s.IMAGES)
    side = (rows.symbol.isin(s.SIDES)) & (rows.operation == "set")
    facts = rows.group_by(key).agg(
        texts=calls(s.TEXTS, "call"),
        text_characters=rows.n_characters.max(where=text).fill_null(0),
        text_ascii=rows.ascii_length.max(where=text).fill_null(0),
        saves=calls(s.SAVES, "call"),
        listeners=calls(s.LISTENERS, "call"),
        data_urls=calls(s.DATA_URLS, "call"),
        other_reads=calls(s.OTHER_READS, "call"),
        pixel_reads=calls(s.PIXELS, "call"),
        read_side=ibis.least(rows.area_width, rows.area_height).max(where=image),
        canvas_side=ibis.least(rows.canvas_width, rows.canvas_height).min(),
        set_side=rows.argument.try_cast("int64").min(where=side),
        measures=calls(s.MEASURES, "call"),
    )
    values = _distinct_arguments(rows, key)
    facts = facts.left_join(values, key).drop(*(f"{name}_right" for name in key))
    return facts.mutate(**{name: facts[name].fill_null(0) for name in values.columns if name not in key})


def _distinct_arguments(rows: ir.Table, key: list[str]) -> ir.Table:
    """How many different arguments there are of each kind.

    Distinct rows are counted, as DuckDB takes six times as long for distinct counts within each group.
    """

    def those(symbols: Iterable[str], operation: str) -> ir.BooleanValue:
        return rows.symbol.isin(list(symbols)) & (rows.operation == operation)

    kind = ibis.cases(
        (those(s.STYLES, "set"), "colour"),
        (those(s.FONTS, "set"), "font"),
        (those(s.FAMILIES, "set"), "family set"),
        (those(s.FAMILIES, "call"), "family asked for"),
        (those(s.PARAMETERS, "call"), "parameter"),
        else_="",
    )
    each = rows.select(*key, "argument", kind=kind)
    each = each.filter(each.kind != "", each.argument.notnull()).distinct()
    font, parameter = each.kind == "font", each.kind == "parameter"
    return each.group_by(key).agg(
        colours=(each.kind == "colour").sum(),
        fonts=(font & each.argument.re_search(FONT)).sum(),
        fonts_set=font.sum(),
        families=each.kind.startswith("family").sum(),
        unmasked=(parameter & each.argument.isin(s.UNMASKED)).sum(),
        parameters=parameter.sum(),
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

    def used(*symbols: str) -> ir.IntegerValue:
        return counts.symbol.isin(symbols).any().cast("int64")

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
        battery=sum((used(symbol) for symbol in s.BATTERY), start=ibis.literal(0, "int64")),
        rare_kinds=sum((used(*kind) for kind in s.RARE.values()), start=ibis.literal(0, "int64")),
    )
