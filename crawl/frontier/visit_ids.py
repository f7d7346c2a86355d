"""The numbers of visits."""

import hashlib


def visit_id(crawl_id: int, seed: str, variant: str = "", wave: int = 1, follow: int = 0) -> int:
    """Number of a visit: 53 bits, so that every language reads it exactly.

    ``follow`` counts the visits that follow the seed's own in its container, from 1.
    """
    key = f"{crawl_id} {seed}"
    if variant or wave > 1 or follow:
        key += f"\n{wave} {follow} {variant}"  # no seed has a line break
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 11


def place_of(crawl_id: int, seed: str) -> int:
    """The place of a seed in the order of visits, in every variant and wave: they come together."""
    return visit_id(crawl_id, seed) % (2**31 - 1)
