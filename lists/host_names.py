"""Host names in lists: what a browser makes of them."""

import re

from overscripted.text import clean
from overscripted.urls import host as host_of

_NAME = re.compile(r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$")


def host_name(text: str) -> str:
    """A host name as a browser writes it; ``""`` for other text. Ports, paths and wildcards are refused."""
    text = clean(text.strip()).rstrip(".")
    if not text or len(text) > 253 or any(c in text for c in "/:@?#\\ \t"):
        return ""
    name = host_of(f"http://{text}/")
    return name if _NAME.match(name) and len(name) <= 253 else ""
