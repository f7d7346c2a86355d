"""Hosts whose names hold the name of a listed host, and are not at or below it: ``notmatomo.org``."""

from collections.abc import Collection, Iterator


def look_alike(host: str, listed: Collection[str]) -> str:
    """The longest listed host that a name ends with not at a dot, or holds before its end; "" if none."""
    return max((part for part in _parts(host) if part in listed), key=len, default="")


def _parts(host: str) -> Iterator[str]:
    for i in range(1, len(host)):
        if host[i - 1] != ".":
            yield host[i:]
    labels = host.split(".")
    for end in range(2, len(labels)):
        for begin in range(end - 1):
            yield ".".join(labels[begin:end])
