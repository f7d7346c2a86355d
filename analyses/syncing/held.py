"""Who holds which identifier in a visit: confirmed by a rule, or a candidate."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.identifiers.judge import judged
from overscripted.analyses.identifiers.rules import IDENTIFIER, RULES
from overscripted.analyses.identifiers.stored import NAME, VISIT, stored_values
from overscripted.analyses.identifiers.twins import twins
from overscripted.analyses.model import Inputs
from overscripted.analyses.syncing.forms import KHALEESI, OURS, PLAIN, with_forms
from overscripted.analyses.syncing.tokens import SHORTEST, with_tokens

RULE = RULES[0]
_KEY = [*VISIT, "value"]
_QUERY = r"^[^?#]*\?([^#]*)"
COLUMNS = (*VISIT, "value", "holder", "name", "form", "token")


@ibis.udf.scalar.python(signature=(("string", "string"), "string"))
def part_of(value, key):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return part(value, key)


def part(value: str | None, key: str | None) -> str:
    """The part of a value that the rule judged, as one token; "" if it has none."""
    pieces = RULE.parts(value or "").get(key or "", "").split("=")
    return max(pieces, key=len)


def identifiers(inputs: Inputs) -> ir.Table:
    """The identifiers by `RULE` that each visit stored.

    Columns: crawl_id, visit_id, created, mechanism, host, name, holder (a registrable domain), value (the
    part that identifies).
    """
    values = inputs.engine.keep(stored_values(inputs))
    others = twins(inputs)
    compared = ibis.union(values, *(stored_values(one) for one in others)) if others else values
    names = inputs.engine.table(_names(judged(inputs, compared)))
    rows = values.inner_join(names, NAME)
    is_token = (rows["key"] == "#0") & ~rows.value.re_search("[^A-Za-z0-9_-]")  # most are: no Python for them
    parts = rows.select(
        *VISIT,
        "created",
        "mechanism",
        "host",
        "name",
        holder=rows.domain,
        value=ibis.ifelse(is_token, rows.value, part_of(rows.value, rows["key"])),
    )
    return parts.filter(parts.value.length() >= SHORTEST)


def confirmed(inputs: Inputs) -> ir.Table:
    """The identifiers by `RULE`, with the domain that held each first; the caller drops it.

    Columns: crawl_id, visit_id, value, holder, name.
    """
    return inputs.engine.keep(_first(identifiers(inputs), "created"))


def forms_of_confirmed(rows: ir.Table) -> ir.Table:
    """Each form of each identifier of `confirmed`; columns `COLUMNS`."""
    return with_forms(rows, OURS, 2).select(*COLUMNS)


def _names(verdicts: pa.Table) -> pa.Table:
    """Names and parts that are identifiers."""
    met = pc.and_(pc.equal(verdicts["verdict"], IDENTIFIER), pc.equal(verdicts["rule"], RULE.name))
    return verdicts.filter(met).select([*NAME, "key"])


def candidates(inputs: Inputs, pages: ir.Table) -> ir.Table:
    """The tokens in cookies and queries, with the domain that had each first; the caller drops it.

    A referrer's query is that of a document, which was requested before. Columns as those of `confirmed`.
    """
    requests = inputs.table("requests").semi_join(pages, VISIT).filter(_.domain.fill_null("") != "")
    asked = requests.select(
        *VISIT,
        holder=requests.domain,
        created=requests.time_stamp,
        name=ibis.literal(""),
        text=requests.url.fill_null("").re_extract(_QUERY, 1),
    )
    found = [with_tokens(asked.filter(asked.text != ""), "text")]
    if not inputs.missing("cookies"):
        cookies = inputs.table("cookies").semi_join(pages, VISIT)
        cookies = cookies.filter(cookies.record_type != "deleted", cookies.value.notnull())
        known = with_domain(inputs, cookies, "host", "holder")
        known = known.select(*VISIT, "holder", "name", created=known.time_stamp, text=known.value)
        found.append(with_tokens(known, "text"))
    columns = (*VISIT, "created", "name", "holder", "token")
    tokens = ibis.union(*(rows.select(*columns) for rows in found)) if len(found) > 1 else found[0]
    return inputs.engine.keep(_first(tokens.rename(value="token"), "created"))


def forms_of_candidates(rows: ir.Table) -> ir.Table:
    """Each form of each token of `candidates`: encoded ones of what cookies hold alone; columns `COLUMNS`."""
    encoded = with_forms(rows.filter(rows.name != ""), KHALEESI, 1).select(*COLUMNS)
    plain = rows.mutate(form=ibis.literal(PLAIN), token=rows.value).select(*COLUMNS)
    return plain.union(encoded.filter(encoded.form != PLAIN))


def _first(rows: ir.Table, time: str) -> ir.Table:
    """Of those that hold a value in a visit, the one that had it first; by name where no time is known."""
    number = ibis.row_number().over(
        group_by=[rows[name] for name in _KEY],
        order_by=[rows[time].isnull(), rows[time], rows.holder, rows.name],
    )
    return rows.mutate(_number=number).filter(_._number == 0).select(*_KEY, "holder", "name")
