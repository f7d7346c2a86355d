"""First-party cookies that scripts of third parties set, and that requests send on to third parties.

The rule is that of DuckDuckGo's Tracker Radar detector: the cookie's value has more than five characters and
occurs in the URL of a third party's request; of `_ga` the value counts from its character 6 (``GA1.2.`` is
the same for all). Here it must be a whole piece of the URL, between characters other than letters, digits,
`_`, `.` and `-`.
"""

import re

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.analyses.syncing.tokens import MAX_TEXT

SHORTEST = 6  # characters
LONGEST = 512
_GA_FROM = 6
_PIECE = r"[A-Za-z0-9_.-]"
_DIVIDER = rf"(?:%(?:25)*[0-9A-Fa-f]{{2}}|[^{_PIECE[1:]})+"
_PIECES = re.compile(rf"{_PIECE}+")
COLUMNS = (*VISIT, "site", "name", "setter", "receiver", "value", "url")


@ibis.udf.scalar.python(signature=(("string",), "string"))
def longest_piece(value):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    pieces = _PIECES.findall(re.sub(r"%[0-9A-Fa-f]{2}", " ", value or ""))
    return max(pieces, key=len, default="")


def set_by_others(inputs: Inputs, pages: ir.Table) -> ir.Table:
    """Cookies that scripts of third parties set in documents of the site.

    Columns: crawl_id, visit_id, site, setter (a registrable domain), name, value.
    """
    calls = inputs.table("calls")
    calls = calls.filter(calls.symbol == "window.document.cookie", calls.operation == "set")
    calls = calls.filter(
        calls.script_domain.fill_null("") != "", calls.script_domain != calls.location_domain
    )
    rows = calls.inner_join(pages, VISIT).filter(_.location_domain == _.site)
    text = rows.value.fill_null("").substr(0, 2 * LONGEST + EVIDENCE_TEXT)
    return rows.select(
        *VISIT,
        "site",
        setter=rows.script_domain,
        name=text.re_extract(r"^\s*([^=;]*)=", 1).strip(),
        value=text.re_extract(r"^[^=;]*=([^;]*)", 1).strip(),
    ).distinct()


def sent_on(inputs: Inputs, pages: ir.Table, cookies: ir.Table) -> ir.Table:
    """The cookies of `set_by_others` that a request to another site carries in its URL; columns `COLUMNS`."""
    value = ibis.ifelse(cookies.name == "_ga", cookies.value.substr(_GA_FROM), cookies.value)
    sought = cookies.mutate(token=longest_piece(value))
    sought = sought.filter(_.token.length() >= SHORTEST, _.token.length() <= LONGEST)
    requests = inputs.table("requests").semi_join(cookies, VISIT).inner_join(pages, VISIT)
    third = requests.filter(requests.domain.fill_null("") != "", requests.domain != requests.site)
    after_host = third.url.fill_null("").re_replace(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "")
    pieces = third.select(
        *VISIT,
        receiver=third.domain,
        url=third.url.substr(0, EVIDENCE_TEXT),
        token=after_host.substr(0, MAX_TEXT).re_split(_DIVIDER),
    )
    pieces = pieces.mutate(token=pieces.token.unnest())
    pieces = pieces.filter(pieces.token.length() >= SHORTEST)
    met = pieces.inner_join(sought, [*VISIT, "token"])
    key = tuple(name for name in COLUMNS if name != "url")
    return met.group_by(*key).agg(url=met.url.min())
