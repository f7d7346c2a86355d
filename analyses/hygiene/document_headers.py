"""What the response headers of a document say about its protection: the facts of one list of headers.

Headers are read as browsers read them: names without regard to case; policies of CSP Level 3 separated by
commas, the first directive of a name in each; of Strict-Transport-Security the first header alone (RFC 6797,
8.1); of Referrer-Policy the last value that is known.
"""

import json
from collections.abc import Iterable
from typing import Any

import ibis

_MAX_HEADERS = 300  # of a response; servers send some tens
_MAX_VALUE = 20_000  # characters of a header that are read
_MAX_TEXT = 2_000_000  # characters of a list of headers
_POLICIES = {
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
}
_WHOLE_URL = {"unsafe-url", "no-referrer-when-downgrade"}  # send a whole address to other sites


@ibis.udf.scalar.python(signature=(("string",), "array<string>"))
def facts_of(headers):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return facts(headers)


def facts(headers: str | None) -> list[str]:
    """The facts of a JSON list of [name, value], sorted; none of any other text. Never raises.

    ``csp`` (an enforced policy), ``csp-scripts`` (it restricts scripts), ``csp-unsafe-inline`` and
    ``csp-unsafe-eval`` (a restriction of scripts has the word), ``csp-inline-allowed`` (inline scripts do
    run), ``csp-report-only``, ``hsts`` (with a positive max-age), ``hsts-off`` (max-age=0),
    ``hsts-subdomains``, ``hsts-preload``, ``permissions-policy``, ``feature-policy``, ``referrer-policy``,
    ``referrer-whole-url``, ``nosniff``, ``frame-options``.
    """
    values = _by_name(headers)
    found = _csp(values.get("content-security-policy", []))
    found |= _hsts(values.get("strict-transport-security", []))
    found |= _referrer(values.get("referrer-policy", []))
    if any(_policies(values.get("content-security-policy-report-only", []))):
        found.add("csp-report-only")
    for name, fact in (
        ("permissions-policy", "permissions-policy"),
        ("feature-policy", "feature-policy"),
        ("x-frame-options", "frame-options"),
    ):
        if any(value.strip() for value in values.get(name, [])):
            found.add(fact)
    if any(v.split(",")[0].strip().lower() == "nosniff" for v in values.get("x-content-type-options", [])):
        found.add("nosniff")
    return sorted(found)


def _by_name(headers: str | None) -> dict[str, list[str]]:
    if not headers or len(headers) > _MAX_TEXT:
        return {}
    try:
        pairs: Any = json.loads(headers)
    except (ValueError, RecursionError):
        return {}
    values: dict[str, list[str]] = {}
    for pair in pairs[:_MAX_HEADERS] if isinstance(pairs, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair):
            values.setdefault(pair[0].strip().lower(), []).append(pair[1][:_MAX_VALUE])
    return values


def _policies(values: Iterable[str]) -> list[dict[str, list[str]]]:
    """Policies with a directive: the words of each directive, in lower case, by its name."""
    policies = []
    for text in (part for value in values for part in value.split(",")):
        policy: dict[str, list[str]] = {}
        for directive in text.lower().split(";"):
            if words := directive.split():
                policy.setdefault(words[0], words[1:])
        if policy:
            policies.append(policy)
    return policies


def _csp(values: list[str]) -> set[str]:
    policies = _policies(values)
    found = {"csp"} if policies else set()
    names = ("script-src-elem", "script-src", "default-src")
    scripts = [policy[next(n for n in names if n in policy)] for policy in policies if {*names} & {*policy}]
    if not scripts:
        return found
    found.add("csp-scripts")
    for word in ("unsafe-inline", "unsafe-eval"):
        if any(f"'{word}'" in sources for sources in scripts):
            found.add(f"csp-{word}")
    if all(_allows_inline(sources) for sources in scripts):
        found.add("csp-inline-allowed")
    return found


def _allows_inline(sources: list[str]) -> bool:
    """Whether inline scripts run: a nonce, a hash or strict-dynamic makes browsers ignore unsafe-inline."""
    ignored = ("'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'")
    return "'unsafe-inline'" in sources and not any(source.startswith(ignored) for source in sources)


def _hsts(values: list[str]) -> set[str]:
    words: dict[str, str] = {}
    for directive in values[0].split(",")[0].split(";") if values else ():
        name, _equals, value = directive.partition("=")
        words.setdefault(name.strip().lower(), value.strip().strip('"'))
    age = words.get("max-age", "")
    if not (age.isascii() and age.isdecimal()):
        return set()
    if not age.strip("0"):
        return {"hsts-off"}
    subdomains = {"hsts-subdomains"} if "includesubdomains" in words else set()
    return {"hsts"} | subdomains | ({"hsts-preload"} if "preload" in words else set())


def _referrer(values: list[str]) -> set[str]:
    words = [word.strip().lower() for value in values for word in value.split(",")]
    known = [word for word in words if word in _POLICIES]
    if not known:
        return set()
    return {"referrer-policy"} | ({"referrer-whole-url"} if known[-1] in _WHOLE_URL else set())
