"""Attributes of the cookies that pages have at the end of a visit."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.hygiene.seen_pages import Part, SeenPages, share_figure
from overscripted.analyses.shares import shares
from overscripted.visit_groups import VISIT

_LONG_S = 365 * 86_400  # lifetime of a cookie that counts as long
_SET = "The run has no stored cookies: those that were set count once each, as they were set last."
# The columns of an attribute that an import must know. Others always have SameSite.
_COLUMNS = {
    "secure": ("is_secure",),
    "http_only": ("is_http_only",),
    "session": ("expiry",),
    "long": ("expiry", "created"),
    "partitioned": ("is_partitioned",),
}
_COOKIES = {
    "secure": "Secure",
    "http_only": "HttpOnly",
    "session": "of the session",
    "long": "for more than a year",
    "strict": "SameSite=Strict",
    "lax": "SameSite=Lax",
    "none": "SameSite=None",
    "unspecified": "without SameSite",
    "partitioned": "Partitioned",
}


def cookies(seen: SeenPages) -> Part:
    """Attributes of cookies, first and third party apart."""
    stored = seen.inputs.has_rows("stored_cookies")
    if not stored and not seen.inputs.has_rows("cookies"):
        return Part(notes=["Some figures are missing: the run has no cookies."])
    table_name = "stored_cookies" if stored else "cookies"
    rows = seen.inputs.table(table_name).inner_join(seen.pages.select(*VISIT, "final_domain"), VISIT)
    if not stored:
        rows = last_changes(rows)
    known = with_domain(seen.inputs, rows, "host", "cookie_domain")
    third = known.cookie_domain != known.final_domain
    lifetime = known.expiry.epoch_seconds() - known.created.epoch_seconds()
    conditions = {
        "secure": known.is_secure,
        "http_only": known.is_http_only,
        "session": known.expiry.isnull(),
        "long": lifetime > _LONG_S,
        "strict": known.same_site == "strict",
        "lax": known.same_site == "lax",
        "none": known.same_site == "no_restriction",
        "unspecified": known.same_site == "unspecified",
        "partitioned": known.is_partitioned,
    }
    conditions = {name: one for name, one in conditions.items() if _is_known(seen, table_name, name)}
    # Kept, because a filter by two domains of two tables becomes a loop over all pairs of their rows.
    flags = seen.inputs.engine.keep(known.select(*VISIT, **conditions, _third=third))
    figures, table = [], []
    for party, those in (("first", ~flags["_third"]), ("third", flags["_third"])):
        found = shares(seen.inputs, flags.filter(those), {name: flags[name] for name in conditions})
        for name, one in found.items():
            table.append((party, name, one.n, one.of, 100 * one.n / one.of if one.of else None))
            label = f"{party.capitalize()}-party cookies: {_COOKIES[name]}"
            figures.append(share_figure(f"{party}_{name}", label, one))
    seen.inputs.engine.drop(flags)
    schema = pa.schema(
        [
            ("party", pa.string()),
            ("attribute", pa.string()),
            ("cookies", pa.int64()),
            ("of", pa.int64()),
            ("percent", pa.float64()),
        ]
    )
    rows_shown = [dict(zip(schema.names, row, strict=True)) for row in table]
    notes = [] if stored else [_SET]
    return Part(figures, {"cookies": pa.Table.from_pylist(rows_shown, schema=schema)}, notes)


def _is_known(seen: SeenPages, table: str, attribute: str) -> bool:
    """Whether an attribute of cookies is recorded. A change of a cookie has the time when it was created."""
    of_change = {"created": "time_stamp"} if table == "cookies" else {}
    columns = (of_change.get(name, name) for name in _COLUMNS.get(attribute, ("same_site",)))
    return seen.inputs.knows(*(f"{table}.{name}" for name in columns))


def last_changes(cookies: ir.Table) -> ir.Table:
    """The last change of each cookie that was set, with the columns of stored cookies."""
    made = cookies.filter(cookies.record_type != "deleted")
    last = ibis.row_number().over(
        group_by=[made[name] for name in (*VISIT, "host", "name", "path", "first_party_domain")],
        order_by=[ibis.desc(made.time_stamp), ibis.desc(made.expiry), made.value],
    )
    return made.mutate(_number=last, created=made.time_stamp, is_partitioned=ibis.null("boolean")).filter(
        _._number == 0
    )
