"""URLs as a browser reads them (WHATWG URL standard, by ada-url), and the registrable domains of hosts.

Input comes from hostile pages: every function accepts any string and never raises.
"""

import re
import unicodedata
from functools import lru_cache

import ada_url
import idna
import tldextract

from overscripted.text import clean

# Offline: tldextract ships a snapshot of the Public Suffix List. It is never fetched at run time, so that
# the same run gives the same domains. Private suffixes (github.io) do not count, as in 2018.
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_CACHED = 8192  # entries per function: hosts repeat from page to page, and a long crawl must stay small


@lru_cache(maxsize=_CACHED)
def host(url: str) -> str:
    """Host name of an absolute URL: lower case, punycode, without port; ``""`` if it has none."""
    try:
        return ada_url.URL(clean(url)).hostname
    except ValueError:
        return ""


def on_network(url: str) -> bool:
    """Whether a URL as a browser writes it is an address on the network: ``http://`` or ``https://``."""
    return url.startswith(("http://", "https://"))


@lru_cache(maxsize=_CACHED)
def origin(url: str) -> str:
    """Origin of an address on the network, ``https://host:8443``; ``""`` of any other text."""
    try:
        return str(ada_url.URL(clean(url)).origin) if on_network(url) else ""
    except ValueError:
        return ""


@lru_cache(maxsize=_CACHED)
def registrable_domain(host_name: str) -> str:
    """eTLD+1 of a host name by the Public Suffix List; the host itself where there is none.

    ``a.b.co.uk`` gives ``b.co.uk``; an IP address, ``localhost`` or a bare suffix gives itself.
    """
    found = _extract(clean(host_name))
    return found.top_domain_under_public_suffix or host_name


@lru_cache(maxsize=_CACHED)
def suffix(host_name: str) -> str:
    """Public suffix of a host name (``co.uk``); ``""`` for an address or a name without one."""
    return _extract(clean(host_name)).suffix


def tld(host_name: str) -> str:
    """Last label of a host name (``uk``); ``""`` for an IP address."""
    last = host_name.rpartition(".")[2]
    return "" if last.isdigit() or last.endswith("]") else last


def domain(url: str) -> str:
    """Registrable domain of a URL's host; ``""`` where the URL has no host."""
    name = host(url)
    return registrable_domain(name) if name else ""


@lru_cache(maxsize=_CACHED)
def refused(host_name: str) -> bool:
    """Whether Firefox refuses URLs with this parsed host although ada-url accepts them (Firefox 153)."""
    if '"' in host_name or "*" in host_name:
        return True
    return "xn--" in host_name and not _is_internationalised(host_name)


def _is_internationalised(host_name: str) -> bool:
    """Whether labels in punycode are the encodings of texts, and right-to-left labels obey IDNA."""
    labels = [_text_of(label) for label in host_name.split(".")]
    if any(label is None for label in labels):
        return False
    texts = [label for label in labels if label]
    return not any(_is_right_to_left(text) for text in texts) or all(_obeys_bidi(text) for text in texts)


def _text_of(label: str) -> str | None:
    """The text of a label; None if it is in punycode that is the encoding of no text."""
    if not label.startswith("xn--"):
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
        # Punycode within punycode: Firefox looks at the outer one. The standard refuses both; so does ada-url
        # beside a label that is not ASCII (`xn--xn---epa.é`), which is no URL to us and one to Firefox.
        inner = "a" if text.startswith("xn--") and not text.isascii() else ""
        read = ada_url.URL(f"http://{inner}{text}/").hostname
        return text if label == _label(text) and read == _label(inner + text) else None
    except ValueError:
        return None


def _label(text: str) -> str:
    """A text as a label in punycode."""
    return f"xn--{text.encode('punycode').decode('ascii')}"


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)


def _obeys_bidi(text: str) -> bool:
    try:
        return bool(idna.check_bidi(text, check_ltr=True))
    except idna.IDNAError:
        return False


# An address whose last number is `0x` without a digit: 0 by the standard, invalid in Firefox.
_NO_DIGIT = re.compile(
    r"[\0- ]*(?:https?:)?[/\\]{2,}(?:[^/\\?#]*[@.])?0x\.?(?::\d*)?(?:[/\\?#]|[\0- ]*\Z)", re.I
)


def refused_address(reference: str, host_name: str) -> bool:
    """Whether Firefox refuses a reference with this parsed host, because of how it writes an address."""
    if not host_name.replace(".", "").isdecimal():
        return False
    return _NO_DIGIT.match(re.sub(r"[\t\n\r]", "", reference)) is not None


def join(base: str, reference: str) -> str | None:
    """``reference`` resolved against ``base`` as Firefox does; ``None`` where it is invalid."""
    try:
        url = ada_url.URL(clean(reference), base=clean(base))
    except ValueError:
        return None
    return None if refused(url.hostname) or refused_address(reference, url.hostname) else url.href


def without_fragment(url: str) -> str:
    """The URL up to its first ``#``."""
    return url.partition("#")[0]
