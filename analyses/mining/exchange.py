"""What pages and mining pools say to each other by WebSocket: login, job, submission.

Stratum is the protocol of pools. Browsers speak it in JSON, in one of many dialects: that of Monero's pools
(``login``, ``job``, ``submit``), Bitcoin's (``mining.subscribe``, ``mining.notify``, ``mining.submit``),
Coinhive's (``{"type": "job", "params": {"job_id", "blob", "target"}}``). They share what a proof of work
needs. So a message is judged by its members, not by one dialect's names alone. Encoded messages are decoded.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.encoders.decoding import decoded
from overscripted.analyses.mining.seen import of_seen
from overscripted.analyses.model import Inputs
from overscripted.visit_groups import VISIT

PLAIN, ENCODED = 500, 20  # messages from the beginning of a socket that are looked at
LONGEST = 20_000  # characters of a message; a job has some hundred
DEPTH = 2  # layers of encoding
LOGIN, JOB, SUBMIT = "login", "job", "submit"

_BATCH = 10_000  # messages that are Python objects together
# Names and members of what may be of an exchange: `_said` looks more closely.
_WORDS = (
    r'(?i)"(job|nonce|mining\.|login|auth|handshake|site_?key|submit|share|connect|subscribe|blob|get_job)'
)
_ONE_RUN = r'^[\s"]*[A-Za-z0-9+/=_%-]{24,}[\s"]*$'  # base64, hexadecimal: nothing that can be read
_PLAIN_JSON = re.compile(rb"^\d*[\[{][^\\]*$")  # without escapes, so without JSON in its strings
_SOCKET = [*VISIT, "attempt", "request_id"]

_NAME = re.compile(
    r'"(?:method|type|identifier|command|cmd|action|event|op)"\s*:\s*"([\w.:-]{2,30})"|^\d*\["(\w{2,30})"'
)
_MEMBER = re.compile(r'"([A-Za-z_]{2,20})"\s*:')
_HEX = {
    "blob": re.compile(r'"(?:hashing_?)?blob"\s*:\s*"[0-9a-f]{40,}"', re.IGNORECASE),
    "target": re.compile(r'"target"\s*:\s*"(?:0x)?[0-9a-f]{6,64}"', re.IGNORECASE),
    "seed": re.compile(r'"seed_?hash"\s*:\s*"[0-9a-f]{64}"', re.IGNORECASE),
}
_JOB_IDS = {"job_id", "jobid", "jobId"}
_LOGINS = {
    "login",
    "mining.subscribe",
    "mining.authorize",
    "auth",
    "handshake",
    "authorize",
    "subscribe",
    "connect",
}
_ACCOUNTS = {
    "login",
    "pass",
    "site_key",
    "sitekey",
    "siteKey",
    "wallet",
    "agent",
    "pool",
    "rigid",
    "algo",
    "worker",
}
_NONCES = {"nonce", "nonces"}
_RESULTS = {"result", "hash", "hashes", "digest"}
# MineSweeper's pattern, from its WebMinerAnalyzer.py. One quotation mark is wrong there; here it is right.
_MINESWEEPER = re.compile(
    r'"type":"(?:job|auth|submit|authed)","params":|"identifier":"job"|"identifier":"handshake","pool"|'
    r'"command":"(?:connect|work|share|accepted|info|get_job|set_cpu_load|set_job)"',
    re.IGNORECASE,
)


class Exchange(NamedTuple):
    """What was said on a socket of a visit. ``script_url`` opened it; "" where that is not known."""

    crawl_id: int
    visit_id: int
    url: str
    script_url: str
    said: tuple[str, ...]  # of LOGIN, JOB, SUBMIT
    layers: tuple[str, ...]  # in which what was said was encoded
    minesweeper: bool  # a message has the pattern of MineSweeper

    @property
    def whole(self) -> bool:
        """Whether work was given out, and asked for or handed in."""
        return JOB in self.said and len(self.said) > 1

    @property
    def lacks(self) -> str:
        """What it lacks to be an exchange with a pool."""
        if self.whole:
            return ""
        return "neither login nor submission" if JOB in self.said else "no job"


def exchanges(inputs: Inputs) -> list[Exchange]:
    """The sockets of visits on which anything of such an exchange was said, in the order of their visits."""
    found = []
    batches = inputs.arrow(_messages(inputs)).to_batches(max_chunksize=_BATCH)
    rows = (row for batch in batches for row in batch.to_pylist())
    for _key, messages in groupby(rows, key=lambda row: [row[name] for name in _SOCKET]):
        if exchange := _judge(list(messages)):
            found.append(exchange)
    return found


def _messages(inputs: Inputs) -> ir.Table:
    """The beginnings of messages that may be of an exchange, in their order, with who opened their socket."""
    rows = of_seen(inputs, "websocket_messages")
    text = rows.data.fill_null("")
    readable = text.re_search(_WORDS) & (rows.ordinal < PLAIN)
    encoded = (text.re_search(_ONE_RUN) | (rows.opcode == "binary")) & (rows.ordinal < ENCODED)
    rows = rows.filter(
        rows.opcode.isin(["text", "binary"]) & (rows["size"] <= LONGEST) & (readable | encoded)
    )
    rows = rows.select(*_SOCKET, "url", "ordinal", "direction", "data", "bytes")
    if inputs.missing("requests"):
        return rows.mutate(script_url=ibis.literal("")).order_by(*_SOCKET, "ordinal")
    openers = inputs.table("requests").group_by(_SOCKET).agg(script_url=_.script_url.min())
    rows = rows.left_join(openers, _SOCKET, rname="opener_{name}")
    return rows.select(*_SOCKET, "url", "ordinal", "direction", "data", "bytes", "script_url").order_by(
        *_SOCKET, "ordinal"
    )


def _judge(messages: list[dict[str, Any]]) -> Exchange | None:
    said: set[str] = set()
    layers: tuple[str, ...] = ()
    minesweeper = False
    for message in messages:
        data = message["data"].encode() if message["data"] is not None else (message["bytes"] or b"")
        for text, around in _texts(data):
            if what := _said(text, message["direction"] == "sent"):
                said.add(what)
                layers = max(layers, around, key=len)
            minesweeper = minesweeper or bool(not around and _MINESWEEPER.search(text))
    if not said and not minesweeper:
        return None
    first = messages[0]
    return Exchange(
        first["crawl_id"],
        first["visit_id"],
        first["url"],
        first["script_url"] or "",
        tuple(name for name in (LOGIN, JOB, SUBMIT) if name in said),
        layers,
        minesweeper,
    )


def _texts(data: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A message and, unless it is plain JSON, what it was made from; each with the layers around it."""
    yield data.decode("utf-8", "replace"), ()
    for one in () if _PLAIN_JSON.match(data) else decoded(data, DEPTH):
        yield one.data[:LONGEST].decode("utf-8", "replace"), one.layers


def _said(text: str, sent: bool) -> str:
    """What a message is in an exchange with a pool; "" for any other."""
    names = {first or second for first, second in _NAME.findall(text)}
    members = set(_MEMBER.findall(text))
    if not sent:
        parts = [name for name, pattern in _HEX.items() if pattern.search(text)]
        given = len(parts) + bool(members & _JOB_IDS) >= 2 and bool(parts)
        return JOB if given or "mining.notify" in names else ""
    if "mining.submit" in names or (members & _NONCES and members & (_JOB_IDS | _RESULTS)):
        return SUBMIT
    return (
        LOGIN if names & _LOGINS and (members & _ACCOUNTS or any("mining." in name for name in names)) else ""
    )
