"""The cleaning rules by name: what makes a raw call valid (docs/reference/rules.md)."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from overscripted.etl.settings import POSITION_DIGITS
from overscripted.etl.symbols import study_symbols
from overscripted.etl.transforms.context import of_browser, on_network
from overscripted.run import STUDY_CRAWL_ID

# Kinds of dynamic code in script_loc_eval. The study's Firefox 52 wrote the first two only.
EVAL_KINDS = (
    "eval",
    "Function",
    "GeneratorFunction",
    "AsyncFunction",
    "AsyncGeneratorFunction",
    "injectedScript",
)
EVAL_LEVEL = rf"line [0-9]* > ({'|'.join(EVAL_KINDS)})[ ]?"

# The study's four operations. Later instruments of OpenWPM write two more, which are invalid in its data.
OPERATIONS = ("get", "set", "call", "set (failed)")
LATER_OPERATIONS = ("get (failed)", "set (prevented)")

_NUMBER = rf"^[0-9]{{1,{POSITION_DIGITS}}}\z"
_TIME = (
    r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3})?(Z|\+0000)\z"
)


def _text(column: ir.StringValue) -> ir.StringValue:
    return column.fill_null("")


def _not_recorded(t: ir.Table, column: ir.StringValue) -> ir.BooleanValue:
    """Whether the tool of an import does not record a field at all: then it is NULL, and not empty."""
    return column.isnull() & (t.crawl_id != STUDY_CRAWL_ID)


def _location(t: ir.Table) -> ir.BooleanValue:
    any_page = (_text(t.location) != "") & ~of_browser(t.location)
    return ibis.ifelse(t.crawl_id == STUDY_CRAWL_ID, on_network(t.location), any_page)


def _operation(t: ir.Table) -> ir.BooleanValue:
    operation = _text(t.operation)
    return operation.isin(OPERATIONS) | ((t.crawl_id != STUDY_CRAWL_ID) & operation.isin(LATER_OPERATIONS))


def _script_line(t: ir.Table) -> ir.BooleanValue:
    line = _text(t.script_line)
    return line.re_search(_NUMBER) | ((line == "") & by_browser(t)) | _not_recorded(t, t.script_line)


def _script_col(t: ir.Table) -> ir.BooleanValue:
    column = _text(t.script_col)
    return (column == "") | column.re_search(_NUMBER)


def _script_loc_eval(t: ir.Table) -> ir.BooleanValue:
    # Removing every level must leave nothing: the same as ^(level)*$ without a repeated group.
    levels = _text(t.script_loc_eval)
    return (levels == "") | (levels.re_replace(EVAL_LEVEL, "") == "")


def _script_url(t: ir.Table) -> ir.BooleanValue:
    return _text(t.script_url) != ""


def _call_stack(t: ir.Table) -> ir.BooleanValue:
    return ~_text(t.call_stack).startswith("undefined")


def _symbol(t: ir.Table) -> ir.BooleanValue:
    symbol = _text(t.symbol)
    return (symbol != "") & ((t.crawl_id != STUDY_CRAWL_ID) | symbol.isin(sorted(study_symbols())))


def _time_stamp(t: ir.Table) -> ir.BooleanValue:
    return moment(t.time_stamp).notnull() | _not_recorded(t, t.time_stamp)


def _in_iframe(t: ir.Table) -> ir.BooleanValue:
    return _text(t.in_iframe).isin(("true", "false"))


# Name of each rule and the condition that a valid row satisfies. Broken rules are listed in this order.
RULES: dict[str, Callable[[ir.Table], ir.BooleanValue]] = {
    "location": _location,
    "operation": _operation,
    "script_line": _script_line,
    "script_col": _script_col,
    "script_loc_eval": _script_loc_eval,
    "script_url": _script_url,
    "call_stack": _call_stack,
    "symbol": _symbol,
    "time_stamp": _time_stamp,
    "in_iframe": _in_iframe,
}


def by_browser(calls: ir.Table) -> ir.BooleanValue:
    """Whether the browser's own code called, not a script. Never NULL; false in the study's data."""
    return calls.by_browser.fill_null(False) & (calls.crawl_id != STUDY_CRAWL_ID)


def valid(calls: ir.Table) -> ir.BooleanValue:
    """Whether a call satisfies every rule; never NULL."""
    return ibis.and_(*(rule(calls) for rule in RULES.values()))


def errors(calls: ir.Table) -> ir.StringValue:
    """Names of the rules that a call breaks, comma-separated, in the order of `RULES`."""
    listed = ibis.literal("")
    for name, rule in RULES.items():
        listed = listed + ibis.ifelse(rule(calls), "", f",{name}")
    return listed.substr(1)


def moment(text: ir.StringValue) -> ir.TimestampValue:
    """A ``time_stamp`` as a time in UTC; NULL where it is none, such as 29 February of a common year."""
    whole = _text(text)
    good = whole.re_search(_TIME)
    digits = ibis.ifelse(whole.substr(19, 1) == ".", whole.substr(0, 23), whole.substr(0, 19))
    return ibis.ifelse(good, digits, ibis.null("string")).try_cast("timestamp('UTC')")
