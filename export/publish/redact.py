"""Removes personal data from tables that are published, as far as a program can.

Patterns find what has a pattern: e-mail addresses, IP addresses, telephone numbers, and long random
strings, which are identifiers. They cannot find names. The mark tells what kind of value it replaces. No
pattern finds anything in bytes (pictures, pages, scripts), so no bytes are left.
"""

import ibis
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
# Many texts are JSON. There "\n" before a value would hide its beginning, and a mark in place of the n would
# break the JSON. So escapes stand between two of these characters meanwhile, which no text needs.
_EDGE = "\ufdd0"
_ESCAPE = r"(\\u[0-9A-Fa-f]{4}|\\.)"
# The columns with values from pages. URLs, symbols and names of cookies stay: the data is about them.
_OF_CALLS = ("value", "value_1000", "arguments", *(f"argument_{i}" for i in range(9)), "argument")
_OF_PAGES = ("title", "request_headers", "response_headers")
# The contact of a crawl follows the User-Agent of its browser, which pages read and servers get.
_CONTACT, _HIDDEN = r"(Mozilla/[^\"\n]*) [(][+][^\"\n]*[)]", r"\1 (+[contact])"
# In the settings of a variant, which are JSON: proxies, and the folders of files.
_OF_SETTINGS = {
    r'"(proxy|network[.]proxy[.][^"]*)": *"(\\.|[^"\\])*"': r'"\1": "[proxy]"',
    r'"path": *"(\\.|[^"\\])*/': '"path": "',
}
COLUMNS = tuple(
    dict.fromkeys((*_OF_CALLS, *_OF_PAGES, *(name for kind in RECORD_KINDS for name in kind.personal)))
)


def redacted(rows: ir.Table) -> ir.Table:
    """Rows with `PATTERNS` replaced in `COLUMNS`, and NULL for bytes.

    User-Agents and settings of variants lose contacts, e-mail addresses, proxies and folders. Other columns
    are unchanged.
    """
    columns: dict[str, ir.Value] = {name: _marked(rows[name]) for name in COLUMNS if name in rows.columns}
    columns |= {name: make(rows[name]) for name, make in _OWN.items() if name in rows.columns}
    columns |= {name: ibis.null(kind) for name, kind in rows.schema().items() if kind.is_binary()}
    return rows.mutate(**columns) if columns else rows


def _marked(text: ir.Value) -> ir.Value:
    marked = text.re_replace(_CONTACT, _HIDDEN).re_replace(_ESCAPE, rf"{_EDGE}\1{_EDGE}")
    for mark, pattern in PATTERNS.items():
        marked = marked.re_replace(pattern, mark)
    return marked.re_replace(f"{_EDGE}{_ESCAPE}{_EDGE}", r"\1")


def _user_agent(text: ir.Value) -> ir.Value:
    """Only these marks: versions of browsers look like IP addresses."""
    return _without_mail(text.re_replace(r"[(][+].*[)]$", "(+[contact])"))


def _settings(text: ir.Value) -> ir.Value:
    for pattern, left in _OF_SETTINGS.items():
        text = text.re_replace(pattern, left)
    return _without_mail(text)


def _without_mail(text: ir.Value) -> ir.Value:
    return text.re_replace(PATTERNS["[e-mail]"], "[e-mail]")


_OWN = {"user_agent": _user_agent, "settings": _settings}
