"""Values that look like personal data, replaced by a mark: for data sets that are published.

Patterns find what has a pattern: e-mail addresses, IP addresses, telephone numbers, and long random
strings, which are identifiers. They cannot find names. Marks keep what kind of thing was there.
"""

import ibis.expr.types as ir

# Eight groups, or fewer about a "::"; the first as in 2000::/3, fc00::/7 and fe80::/10, as a style sheet has
# "::", too.
_GROUP, _COLON = "[0-9A-Fa-f]{1,4}", "(:|%3[Aa])"
_IPV6 = (
    rf"\b[23Ff][0-9A-Fa-f]{{3}}(({_COLON}{_GROUP}){{7}}\b"
    rf"|({_COLON}{_GROUP}){{0,6}}{_COLON}{_COLON}({_GROUP}({_COLON}{_GROUP}){{0,5}}\b)?)"
)
# Mark -> what it replaces, in this order. Only what RE2 and Java read alike.
PATTERNS = {
    "[e-mail]": r"[A-Za-z0-9._%+-]{1,64}(@|%40)[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63})+",
    "[ip]": rf"\b[0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}[.][0-9]{{1,3}}\b|{_IPV6}",
    "[phone]": r"[+][0-9]{1,3}[ -]?([0-9][ -]?){7,12}",
    "[id]": r"[A-Za-z0-9_-]{20,}",
}
# Where values from pages stand. URLs, scripts and symbols are what the data set is about and stay.
COLUMNS = ("value", "value_1000", "arguments", *(f"argument_{i}" for i in range(9)))


def cleaned(rows: ir.Table) -> ir.Table:
    """Rows with `PATTERNS` replaced in `COLUMNS`; other tables are unchanged."""
    changes = {}
    for name in COLUMNS:
        if name in rows.columns:
            text = rows[name]
            for mark, pattern in PATTERNS.items():
                text = text.re_replace(pattern, mark)
            changes[name] = text
    return rows.mutate(**changes) if changes else rows
