"""Replaces values that look like personal data with a mark, for data sets that are published.

Patterns find what has a pattern: e-mail addresses, IP addresses, telephone numbers, and long random
strings, which are identifiers. They cannot find names. The mark tells what kind of value it replaces.
"""

import ibis.expr.types as ir

from overscripted.record_kinds import RECORD_KINDS

# Eight groups, or fewer around a "::". The first group is one of 2000::/3, fc00::/7 and fe80::/10, because
# other text, such as a style sheet, has "::" too.
_GROUP, _COLON = "[0-9A-Fa-f]{1,4}", "(:|%3[Aa])"
_IPV6 = (
    rf"\b[23Ff][0-9A-Fa-f]{{3}}(({_COLON}{_GROUP}){{7}}\b"
    rf"|({_COLON}{_GROUP}){{0,6}}{_COLON}{_COLON}({_GROUP}({_COLON}{_GROUP}){{0,5}}\b)?)"
)
# Each mark and the pattern that it replaces, applied in this order. RE2 and Java read these patterns alike.
PATTERNS = {
    "[e-mail]": r"[A-Za-z0-9._%+-]{1,64}(@|%40)[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63})+",
    "[ip]": rf"\b[0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}\b|{_IPV6}",
    "[phone]": r"[+][0-9]{1,3}[ -]?([0-9][ -]?){7,12}",
    "[id]": r"[A-Za-z0-9_-]{20,}",
}
# The columns with values from pages. URLs, scripts and symbols stay: the data set is about them.
_OF_CALLS = ("value", "value_1000", "arguments", *(f"argument_{i}" for i in range(9)))
COLUMNS = tuple(dict.fromkeys((*_OF_CALLS, *(name for kind in RECORD_KINDS for name in kind.personal))))


def redacted(rows: ir.Table) -> ir.Table:
    """Rows with `PATTERNS` replaced in `COLUMNS`; tables without these columns are unchanged."""
    columns = {}
    for name in COLUMNS:
        if name in rows.columns:
            text = rows[name]
            for mark, pattern in PATTERNS.items():
                text = text.re_replace(pattern, mark)
            columns[name] = text
    return rows.mutate(**columns) if columns else rows
