"""Which seeds can be visited: http and https URLs that Firefox takes."""

import ada_url

from overscripted.urls import refused, refused_address


class Unusable(ValueError):
    """A seed that no browser can visit. The message says why."""


def parse(seed: str) -> str:
    """The URL of a seed as Firefox writes it. Raises Unusable."""
    try:
        parsed = ada_url.URL(seed)
    except ValueError:
        raise Unusable("not a URL") from None
    if parsed.protocol not in ("http:", "https:") or not parsed.hostname:
        raise Unusable("not an http or https URL")
    if refused(parsed.hostname) or refused_address(seed, parsed.hostname):
        raise Unusable("not a URL to Firefox, for its host")
    return str(parsed.href)
