"""Values that look like personal data, replaced by a mark: for data sets that are published.

Patterns find what has a pattern: e-mail addresses, IP addresses, telephone numbers, and long random
strings, which are identifiers. They cannot find names. Marks keep what kind of thing was there.
"""

import ibis.expr.types as ir

# Mark -> what it replaces, in this order. Only what RE2 and Java read alike.
PATTERNS = {
    "[e-mail]": r"[A-Za-z0-9._%+-]{1,64}(@|%40)[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63})+",
    "[ip]": r"\b[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}\b",
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
