"""The cache of fetched lists: checked by SHA-256 on the way in and on the way out."""

import hashlib
import os
from pathlib import Path

import requests

from overscripted import cache
from overscripted.errors import InputError, OutsideError
from overscripted.lists.catalogue import Listing
from overscripted.lists.settings import FETCH_TIMEOUT_S, MAX_LIST_BYTES


def folder() -> Path:
    """``$XDG_CACHE_HOME/overscripted/lists``, by default below ``~/.cache``."""
    return cache.folder() / "lists"


def path_of(listing: Listing) -> Path:
    """Where a fetched list is kept."""
    return folder() / listing.name


def cached(listing: Listing) -> bytes | None:
    """The bytes of a fetched list; None if it was never fetched. Raises InputError for a changed copy."""
    path = path_of(listing)
    if not path.is_file():
        return None
    data = read_file(path)
    if hashlib.sha256(data).hexdigest() != listing.sha256:
        raise InputError(
            f"{path}: the file has changed since it was fetched (SHA-256 differs); delete it and run "
            f"`overscripted lists fetch {listing.name}`"
        )
    return data


def fetch(listing: Listing, source: Path | None = None) -> Path:
    """Put a list into the cache, from its URL or from the file ``source``; returns its path there.

    Raises OutsideError if the URL cannot be reached, and InputError for another version of the list.
    """
    data = _download(listing.url) if source is None else read_file(source)
    digest = hashlib.sha256(data).hexdigest()
    if digest != listing.sha256:
        origin = listing.url if source is None else str(source)
        raise InputError(
            f"{origin}: not {listing.name}: SHA-256 is {digest}, the catalogue says {listing.sha256}; "
            + _remedy(listing, source)
        )
    path = path_of(listing)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_file(path: Path) -> bytes:
    """The bytes of a list file. Raises InputError, with its name, if it is too large or cannot be read."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a list file") from error
    return _capped(data, str(path))


def _download(url: str) -> bytes:
    try:
        with requests.get(url, timeout=FETCH_TIMEOUT_S, stream=True) as response:
            response.raise_for_status()
            data = b""
            for chunk in response.iter_content(2**16):
                data += chunk
                if len(data) > MAX_LIST_BYTES:
                    break
    except requests.RequestException as error:
        raise OutsideError(
            f"{url}: cannot be fetched ({type(error).__name__}); check the network, or use a copy: "
            "`overscripted lists fetch NAME --from FILE`"
        ) from error
    return _capped(data, url)


def _capped(data: bytes, origin: str) -> bytes:
    if len(data) > MAX_LIST_BYTES:
        raise InputError(f"{origin}: over {MAX_LIST_BYTES} bytes; a list of hosts is smaller")
    return data


def _remedy(listing: Listing, source: Path | None) -> str:
    if source is None and not listing.pinned:
        return (
            "its makers have published a newer version at that URL; to use it, download it and pass "
            "`--list NAME=PATH` to analyze (the run records its SHA-256)"
        )
    return "name the right file, or pass it as `--list NAME=PATH` to analyze"
