"""The origin document of each row: the document that a call counts with.

A document or worker with a network address is its own origin document. Another one has the rights of the
document that made it, and its calls count there. Three kinds of rows count by their location, whatever it
is: the study's, which know no other document; those without a location; those in the browser's own
documents. The last two are invalid.
"""

import ibis
import ibis.expr.types as ir

from overscripted.run import STUDY_CRAWL_ID

NETWORK = ("http://", "https://")
# Documents of the browser itself and of its extensions: no page owns them, whatever surrounds them.
BROWSERS = ("chrome:", "resource:", "moz-extension:", "chrome-extension:", "devtools:")


def on_network(url: ir.StringValue) -> ir.BooleanValue:
    """Whether a URL is an address on the network; never NULL."""
    return _begins(url, NETWORK)


def of_browser(url: ir.StringValue) -> ir.BooleanValue:
    """Whether a URL is that of one of the browser's own documents; never NULL."""
    return _begins(url, BROWSERS)


def with_context(rows: ir.Table) -> ir.Table:
    """Rows of raw calls or totals with ``context_url`` and ``context_in_iframe`` as in ``calls``.

    Older crawls recorded neither. Then the context is the top document, else the script; ``""`` where neither
    is on the network.
    """
    location = rows.location.fill_null("")
    own = (rows.crawl_id == STUDY_CRAWL_ID) | on_network(location) | (location == "") | of_browser(location)
    known = rows.context_url.fill_null("")
    inherited = ibis.cases(
        (known != "", known),
        (on_network(rows.top_level_url), rows.top_level_url),
        (on_network(rows.script_url), rows.script_url),
        else_="",
    )
    framed = rows.in_iframe.fill_null("") == "true"
    at_top = inherited == rows.top_level_url.fill_null("")
    return rows.mutate(
        context_url=ibis.ifelse(own, location, inherited),
        context_in_iframe=ibis.cases(
            (own, framed), (rows.context_in_iframe.notnull(), rows.context_in_iframe), else_=framed & ~at_top
        ),
    )


def _begins(url: ir.StringValue, names: tuple[str, ...]) -> ir.BooleanValue:
    text = url.fill_null("")
    return ibis.or_(*(text.startswith(name) for name in names))
