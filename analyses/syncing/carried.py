"""What carries tokens to a domain: URLs, redirects, referrers, bodies, sockets, messages, and cookies."""

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.analyses.syncing.tokens import body_tokens, with_tokens

HOST = r"^(?:https?|wss?)://(?:[^/?#@]*@)?([^/?#:]+)"
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
_REFERRER = r'\["[Rr][Ee][Ff][Ee][Rr][Ee][Rr]", ?"([^"\\]*)"\]'
COLUMNS = (*VISIT, "through", "sender_host", "receiver", "url", "token")
# Tables without which less is found.
TABLES = ("cookies", "request_bodies", "contents", "websocket_messages", "messages")


def carried(inputs: Inputs, pages: ir.Table) -> ir.Table:
    """One row for each token that something carried to a domain; columns `COLUMNS`.

    ``receiver`` is a registrable domain. ``sender_host``: the host of the script, document, referrer or
    redirect that sent it; "" where it is not known. ``url``: of the request or document, cut.
    """
    requests = inputs.table("requests").semi_join(pages, VISIT).filter(_.domain.fill_null("") != "")
    found = [with_tokens(rows, "text") for rows in (_urls(requests), _redirects(requests))]
    found.append(with_tokens(_referrers(requests), "text"))
    if not inputs.missing("request_bodies") and not inputs.missing("contents"):
        found.append(_bodies(inputs, requests))
    for table, rows in (("cookies", _cookies), ("websocket_messages", _sockets), ("messages", _messages)):
        if not inputs.missing(table):
            found.append(with_tokens(rows(inputs, inputs.table(table).semi_join(pages, VISIT)), "text"))
    return ibis.union(*(rows.select(*COLUMNS) for rows in found))


def _sender(requests: ir.Table) -> ir.StringValue:
    """The host of the script that made a request, else of its document."""
    script = requests.script_url.fill_null("").re_extract(HOST, 1)
    document = requests.document_url.fill_null("").re_extract(HOST, 1)
    return script.nullif("").fill_null(document)


def _cut(url: ir.StringValue) -> ir.StringValue:
    return url.fill_null("").substr(0, EVIDENCE_TEXT)


def _after_host(url: ir.StringValue) -> ir.StringValue:
    """Path, query and fragment: names of hosts are no identifiers."""
    return url.fill_null("").re_replace(_ORIGIN, "")


def _urls(requests: ir.Table) -> ir.Table:
    """URLs, but those that a redirect led to."""
    rows = requests.filter(requests.hop.fill_null(0) == 0)
    return rows.select(
        *VISIT,
        through=ibis.literal("url"),
        sender_host=_sender(rows),
        receiver=rows.domain,
        url=_cut(rows.url),
        text=_after_host(rows.url),
    )


def _redirects(requests: ir.Table) -> ir.Table:
    """Locations of redirects that were followed; the sender is the host that redirected."""
    hosts = requests.select(to_host=requests.host, receiver=requests.domain).distinct()
    rows = requests.filter(requests.redirect_url.notnull())
    rows = rows.mutate(to_host=rows.redirect_url.re_extract(HOST, 1).lower()).inner_join(hosts, "to_host")
    return rows.select(
        *VISIT,
        through=ibis.literal("location"),
        sender_host=rows.host,
        receiver=rows.receiver,
        url=_cut(rows.redirect_url),
        text=_after_host(rows.redirect_url),
    )


def _referrers(requests: ir.Table) -> ir.Table:
    """Referrers with more than the origin."""
    rows = requests.select(
        *VISIT,
        receiver=requests.domain,
        referrer=requests.request_headers.fill_null("").re_extract(_REFERRER, 1),
    ).distinct()
    rows = rows.filter(rows.referrer != "")
    return rows.select(
        *VISIT,
        through=ibis.literal("referrer"),
        sender_host=rows.referrer.re_extract(HOST, 1),
        receiver=rows.receiver,
        url=_cut(rows.referrer),
        text=_after_host(rows.referrer),
    )


def _bodies(inputs: Inputs, requests: ir.Table) -> ir.Table:
    """Bodies that requests sent; each distinct one is split once."""
    bodies = (
        inputs.table("request_bodies")
        .filter(_.sha256.notnull())
        .select(*VISIT, "request_id", "hop", "sha256")
    )
    sent = bodies.inner_join(requests, [*VISIT, "request_id", "hop"])
    sent = sent.select(
        *VISIT,
        "sha256",
        through=ibis.literal("body"),
        sender_host=_sender(sent),
        receiver=sent.domain,
        url=_cut(sent.url),
    ).distinct()
    contents = inputs.unfiltered("contents").filter(_.content.notnull())
    contents = contents.semi_join(bodies, "sha256")
    tokens = contents.select("sha256", token=body_tokens(contents.content))
    return sent.inner_join(tokens.mutate(token=tokens.token.unnest()), "sha256")


def _cookies(inputs: Inputs, rows: ir.Table) -> ir.Table:
    """Values of cookies: the domain that holds one knows it."""
    set_to = (
        rows.filter(rows.record_type != "deleted", rows.value.notnull())
        .select(*VISIT, "host", "value")
        .distinct()
    )
    known = with_domain(inputs, set_to, "host", "receiver")
    return known.select(
        *VISIT,
        through=ibis.literal("cookie"),
        sender_host=ibis.literal(""),
        receiver=known.receiver,
        url=ibis.literal(""),
        text=known.value,
    )


def _sockets(inputs: Inputs, rows: ir.Table) -> ir.Table:
    """Texts that pages sent through WebSockets."""
    sent = rows.filter(rows.direction == "sent", rows.data.notnull())
    sent = sent.mutate(host=sent.url.fill_null("").re_extract(HOST, 1))
    known = with_domain(
        inputs, sent.select(*VISIT, "host", "top_level_url", "url", "data"), "host", "receiver"
    )
    return known.select(
        *VISIT,
        through=ibis.literal("websocket"),
        sender_host=known.top_level_url.fill_null("").re_extract(HOST, 1),
        receiver=known.receiver,
        url=_cut(known.url),
        text=known.data,
    )


def _messages(inputs: Inputs, rows: ir.Table) -> ir.Table:
    """Messages that a document of another origin than the sender's received."""
    got = rows.filter(rows.data.notnull())
    got = got.select(
        *VISIT,
        "data",
        "location",
        host=got.location.fill_null("").re_extract(HOST, 1),
        sender_host=got.origin.fill_null("").re_extract(HOST, 1),
    )
    known = with_domain(inputs, got.filter(got.host != got.sender_host), "host", "receiver")
    return known.select(
        *VISIT,
        through=ibis.literal("message"),
        sender_host=known.sender_host,
        receiver=known.receiver,
        url=_cut(known.location),
        text=known["data"],
    )
