"""Scripts of other sites in a document's markup, and which of them have an integrity (W3C SRI)."""

import ibis
from selectolax.lexbor import LexborHTMLParser

from overscripted.urls import domain, join

_MAX_BYTES = 8 * 2**20  # of markup; documents have a tenth of one MiB
_MAX_SCRIPTS = 2000


@ibis.udf.scalar.python(signature=(("binary", "string"), "array<int64>"))
def integrity_of(markup, url):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return integrity(markup, url)


def integrity(markup: bytes | None, url: str | None) -> list[int]:
    """Scripts of other sites, how many of them have an integrity, and elements of any kind with one.

    An integrity counts if it names a hash that browsers know.
    """
    if not markup or len(markup) > _MAX_BYTES:
        return [0, 0, 0]
    page, others, whole, any_kind = url or "", 0, 0, 0
    tree = LexborHTMLParser(bytes(markup).decode("utf-8", "replace"))
    base = tree.css_first("base[href]")
    root = join(page, (base.attributes.get("href") or "") if base else "") or page
    for node in tree.css("script[src], link[integrity]")[:_MAX_SCRIPTS]:
        known = any(
            word.lower().startswith(("sha256-", "sha384-", "sha512-"))
            for word in (node.attributes.get("integrity") or "").split()
        )
        any_kind += known
        if node.tag == "script":
            address = join(root, node.attributes.get("src") or "") or ""
            if domain(address) not in ("", domain(page)):
                others, whole = others + 1, whole + known
    return [others, whole, any_kind]
