"""What each script of a page does of what a session recorder does: watch the page and the visitor, and send.

Recorders since rrweb take one snapshot of the page, then watch its changes by a MutationObserver of the whole
tree, listen to what the visitor does, and send it all bit by bit. The thresholds are ours: no paper has any.
"""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.leaks.sent import messages_sent
from overscripted.analyses.model import Inputs
from overscripted.lists.hosts import HostList
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

EVENTS = {  # what a visitor does -> the types of events that tell it
    "typing": ("input", "change", "keydown", "keyup", "keypress", "beforeinput"),
    "moving": ("mousemove", "pointermove", "touchmove", "mouseover"),
    "scrolling": ("scroll", "wheel"),
    "clicking": ("click", "mousedown", "mouseup", "pointerdown", "pointerup", "touchstart", "touchend"),
}
MIN_EVENTS = 3  # kinds of events of a script that watches visitors; a menu or a slider needs one or two
MIN_SENDS = 3  # bodies or messages to one host
MIN_BYTES = 2_000  # of all of them; a form, a ping or an error is smaller
MIN_SIZES = 2  # different sizes; a ping that says the page is still open has one
WATCHES, SENDS, CONFIRMED = 1, 2, 3  # grades
SCRIPT = [*VISIT, "script_url"]
_SUBTREE = r'"subtree"\s*:\s*true'


def behaviour(inputs: Inputs, listing: HostList) -> ir.Table:
    """One row for each script of each page that is listed, or that does anything of what a recorder does.

    Columns: crawl_id, visit_id, page, script_url, script_host, script_domain, provider (of the list, or ""),
    observers (of a whole tree), one for each of `EVENTS` (1 or 0), events (their sum), host (that gets most),
    sends, sizes, bytes, grade (0, `WATCHES` or `SENDS`).
    """
    scripts = _scripts(inputs, listing)
    rows = scripts.left_join(_watched(inputs), SCRIPT, rname="_{name}").left_join(
        _best_host(inputs, scripts), SCRIPT, rname="__{name}"
    )
    counts = ("observers", *EVENTS, "sends", "sizes", "bytes")
    rows = rows.mutate(**{name: rows[name].fill_null(0) for name in counts}, host=rows.host.fill_null(""))
    rows = rows.mutate(events=sum((rows[name] for name in EVENTS), ibis.literal(0)))
    watches = (rows.observers > 0) & (rows.events >= MIN_EVENTS)
    grade = ibis.cases((watches & enough(rows), SENDS), (watches, WATCHES), else_=0)
    rows = rows.mutate(grade=grade.cast("int64"), events=rows.events.cast("int64"))
    some = (rows.provider != "") | (rows.observers > 0) | (rows.events >= MIN_EVENTS)
    return rows.filter(some).select(
        *(*SCRIPT, "page", "script_host", "script_domain", "provider", "events", "host", "grade", *counts)
    )


def enough(rows: ir.Table) -> ir.BooleanValue:
    """Whether what was sent to a host is as much as a recorder sends."""
    return (rows.sends >= MIN_SENDS) & (rows.sizes >= MIN_SIZES) & (rows.bytes >= MIN_BYTES)


def _scripts(inputs: Inputs, listing: HostList) -> ir.Table:
    """The scripts of pages, with the provider whose host they come from."""
    pages = inputs.table("visits").filter(_.outcome.isin(GOOD)).select(*VISIT, page="final_url")
    refs = inputs.table("script_refs").filter(_.n_valid > 0)
    scripts = refs.group_by(SCRIPT).agg(
        script_host=refs.script_host.min().fill_null(""),
        script_domain=refs.script_domain.min().fill_null(""),
    )
    hosts = inputs.arrow(scripts.select("script_host").distinct())["script_host"].to_pylist()
    known = [(host, entry.owner or entry.host) for host in sorted(hosts) if (entry := listing.match(host))]
    providers = inputs.engine.table(
        pa.table(
            {
                "script_host": pa.array([host for host, _name in known], pa.string()),
                "provider": pa.array([name for _host, name in known], pa.string()),
            }
        )
    )
    rows = scripts.inner_join(pages, VISIT).left_join(providers, "script_host", rname="known_{name}")
    return rows.select(
        *(*SCRIPT, "page", "script_host", "script_domain"), provider=rows.provider.fill_null("")
    )


def _watched(inputs: Inputs) -> ir.Table:
    """Observers of whole trees, and the kinds of events that each script listens to."""
    rows = inputs.table("symbol_arguments").filter(_.operation == "call")
    tree = (rows.symbol == "MutationObserver.observe") & rows.argument.re_search(_SUBTREE)
    listens = rows.symbol == "EventTarget.addEventListener"
    kinds = {
        name: (listens & rows.argument.isin(types)).cast("int64").max() for name, types in EVENTS.items()
    }
    return rows.group_by(SCRIPT).agg(observers=tree.ifelse(rows.n_calls, 0).sum().cast("int64"), **kinds)


def _best_host(inputs: Inputs, scripts: ir.Table) -> ir.Table:
    """Of each script the host that got most: one with `enough`, if there is any."""
    sent = _sent(inputs).filter(_.host.fill_null("") != "")
    known = sent.filter(sent.script_url.fill_null("") != "")
    # Who sends a beacon as the page ends, or from a worker, is not known: then the host's own script.
    unknown = with_domain(inputs, sent.filter(sent.script_url.fill_null("") == ""), "host", "script_domain")
    unknown = unknown.drop("script_url").inner_join(
        scripts.select(*SCRIPT, "script_domain"), [*VISIT, "script_domain"]
    )
    columns = [*SCRIPT, "host", "size"]
    every = known.select(columns).union(unknown.select(columns))
    of_host = every.group_by(*SCRIPT, "host").agg(
        sends=every.count(), sizes=every["size"].nunique(), bytes=every["size"].sum().cast("int64")
    )
    of_host = of_host.mutate(enough=enough(of_host).cast("int64"))
    order = [ibis.desc("enough"), ibis.desc("bytes"), "host"]
    place = ibis.row_number().over(group_by=SCRIPT, order_by=order)
    return of_host.mutate(place=place).filter(_.place == 0).drop("place", "enough")


def _sent(inputs: Inputs) -> ir.Table:
    """Bodies of requests and messages by WebSocket: the visit, script, host and size of each."""
    requests = inputs.table("requests").filter(_.request_body_size > 0)
    columns = [*SCRIPT, "host"]
    rows = requests.select(*columns, size="request_body_size")
    if inputs.missing("websocket_messages"):
        return rows
    return rows.union(messages_sent(inputs).select(*columns, "size"))
