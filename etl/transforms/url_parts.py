"""Scheme and netloc of a URL as text, as the study cut them (Python's urlparse)."""

import ibis.expr.types as ir


def scheme(url: ir.StringValue) -> ir.StringValue:
    """``https`` of ``https://…``, lower case; empty where there is none."""
    return url.re_extract(r"^([A-Za-z][A-Za-z0-9+.-]*):", 1).lower()


def netloc(url: ir.StringValue) -> ir.StringValue:
    """Host and port as written, with user information if any; empty where there is none."""
    return url.re_extract(r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)", 1)
