"""Decides which captured response answers a request: the same request if there is one, else the most like it.

The rules follow those of pywb and wabac.js (ReplayWeb.page), which replay archives of any crawler: addresses
differ from load to load in what keeps caches away, in times and in random numbers.
https://pywb.readthedocs.io/, https://github.com/webrecorder/wabac.js (src/fuzzymatcher.ts)
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import ada_url

LONGEST_URL = 100_000  # characters; Firefox records no more of one
MOST_PARAMETERS = 1_000  # of a query that are compared; the others are ignored


class Rule(StrEnum):
    """How a capture was found, the surest first. The values are those of the column ``rule``."""

    EXACT = "exact"  # the same method, address and body
    HEAD = "head"  # HEAD, answered by the headers of the GET of the same address
    ORDER = "order"  # the same parameters in another order
    CACHE_BUSTER = "cache_buster"  # the same but for parameters that keep caches away
    BODY = "body"  # the same address, but for such parameters, and another body
    VALUES = "values"  # the same path and names of parameters; as many equal values as possible
    PATH = "path"  # the same path and any equal parameter, or one has none; as many as possible


@dataclass(frozen=True)
class Asked:
    """A request. ``body_sha256`` is that of its body; empty without one.

    ``conditional``: it asks whether something has changed, so that the answer may be 304.
    """

    method: str
    url: str
    body_sha256: str = ""
    conditional: bool = False


@dataclass(frozen=True)
class Capture:
    """A captured request, its ``number`` in the index, and the status of its response."""

    number: int
    method: str
    url: str
    body_sha256: str = ""
    status: int = 200


# Names of parameters with which scripts keep caches away, and those of campaigns.
_BUSTER = re.compile(
    r"_|_?(cb|ts|rnd|rand|random|ord|nonce)|_?(no|un|bust)?_?cache_?(bust(er)?)?|cache\w*|time_?stamp"
    r"|_ga|utm_\w+",
    re.IGNORECASE,
)
_BUSTER_OF_NUMBERS = re.compile(r"_?[rt]", re.IGNORECASE)  # often more than that, unless it is a number
_NUMBER = re.compile(r"[\d.]+")
# A moment: seconds or milliseconds since 1970, of the years 2001 to 2099.
_MOMENT = re.compile(r"[1-4]\d{9}(\d{3})?(\.\d+)?")
# The name that a library makes up for the function that a script (JSONP) calls.
_CALLBACK = re.compile(r"(jquery|jsonp|angular\.callbacks\.)_?\w*\d\w*", re.IGNORECASE)


def normal(url: str) -> str:
    """An address as a browser asks for it, without its fragment; ``""`` for what is no address of HTTP."""
    try:
        parsed = ada_url.URL(url[:LONGEST_URL])
    except (ValueError, UnicodeError):
        return ""
    if parsed.protocol not in ("http:", "https:") or not parsed.hostname:
        return ""
    parsed.hash = ""
    parsed.username = parsed.password = ""
    return str(parsed.href).removesuffix("#")


def path_of(url: str) -> str:
    """An address without its query."""
    return url.partition("?")[0]


def origin_of(url: str) -> str:
    """Scheme, host and, if it is not the usual one, port of a normal address."""
    return "/".join(url.split("/", 3)[:3])


def other_scheme(url: str) -> str:
    """A normal address, or an origin, with https in place of http, or the other way round."""
    return f"http{url[5:]}" if url.startswith("https:") else f"https{url[4:]}"


def best(asked: Asked, captures: Sequence[Capture]) -> tuple[Rule, list[Capture]] | None:
    """The rule by which captures answer a request, and those that do equally well, in order of time.

    ``captures`` are in the order of time. None where none of them answers.
    """
    methods = ("HEAD", "GET") if asked.method == "HEAD" else (asked.method,)
    usable = [one for one in captures if one.method in methods and (one.status != 304 or asked.conditional)]
    ranks = [(_rank(asked, one), one) for one in usable]
    found = [(rank, one) for rank, one in ranks if rank is not None]
    if not found:
        return None
    top = min(rank for rank, _ in found)
    equal = [one for rank, one in found if rank == top]
    return _RULES[top[0]], equal


_RULES = tuple(Rule)
_Rank = tuple[int, int]  # place of the rule; then fewer is better


def _rank(asked: Asked, capture: Capture) -> _Rank | None:
    """How well a capture answers a request; None where it does not."""
    if path_of(asked.url) != path_of(capture.url):
        return None
    by_address = _by_address(asked.url, capture.url)
    if by_address is None:
        return None
    rule, distance = by_address
    sure = _RULES.index(rule) <= _RULES.index(Rule.CACHE_BUSTER)
    if sure and asked.body_sha256 != capture.body_sha256:
        rule, distance = Rule.BODY, _RULES.index(rule)
    elif rule == Rule.EXACT and asked.method != capture.method:
        rule = Rule.HEAD
    return _RULES.index(rule), distance


def _by_address(asked: str, captured: str) -> tuple[Rule, int] | None:
    """The rule for two addresses of one path, and how far apart they are; None where they differ too much.

    Two queries without any parameter in common may be two scripts of one server that joins files.
    """
    if asked == captured:
        return Rule.EXACT, 0
    mine, theirs = _parameters(asked), _parameters(captured)
    if mine == theirs:
        return Rule.ORDER, 0
    kept, kept_theirs = _lasting(mine), _lasting(theirs)
    if kept == kept_theirs:
        return Rule.CACHE_BUSTER, 0  # equally well: a page that asks again and again gets one after the other
    distance = _apart(kept, kept_theirs)
    if {name for name, _ in mine} == {name for name, _ in theirs}:
        return Rule.VALUES, distance
    return (Rule.PATH, distance) if kept & kept_theirs or not (kept and kept_theirs) else None


_Parameters = Counter[tuple[str, str]]


def _parameters(url: str) -> _Parameters:
    """Name and value of each parameter of a query, as they are written, with how often it is there."""
    query = url.partition("?")[2]
    parts = query.split("&", MOST_PARAMETERS)[:MOST_PARAMETERS] if query else []
    return Counter((name, value) for name, _, value in (part.partition("=") for part in parts))


def _lasting(parameters: _Parameters) -> _Parameters:
    """The parameters without those that differ from load to load."""
    return Counter({pair: n for pair, n in parameters.items() if not _changes(*pair)})


def _changes(name: str, value: str) -> bool:
    if _MOMENT.fullmatch(value) or _CALLBACK.fullmatch(value):
        return True
    if _BUSTER_OF_NUMBERS.fullmatch(name):
        return bool(_NUMBER.fullmatch(value))
    return bool(_BUSTER.fullmatch(name))


def _apart(mine: _Parameters, theirs: _Parameters) -> int:
    """How many parameters only one of two addresses has."""
    return (mine - theirs).total() + (theirs - mine).total()
