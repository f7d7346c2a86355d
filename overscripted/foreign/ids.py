"""Numbers and names for imported rows: crawls, visits and the study's file names."""

import hashlib
import posixpath

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.files import Files
from overscripted.run import STUDY_CRAWL_ID

_BEGINNING = 65_536  # bytes of a file that, with its size and name, tell it from others


def crawl_id(digest: bytes) -> int:
    """The number of a crawl from the hash of what identifies it: 31 bits, and never STUDY_CRAWL_ID."""
    return int.from_bytes(digest[:8], "big") % (2**31 - 2) + STUDY_CRAWL_ID + 1


def digest_of_files(store: Files, keys: list[str]) -> bytes:
    """The hash of what identifies files, wherever they are: name, size and beginning of each."""
    digest = hashlib.sha256()
    for key in sorted(keys):
        name = posixpath.basename(key or store.root)
        with store.fs.open(store.path(key), "rb") as file:
            digest.update(repr([name, store.size(key), file.read(_BEGINNING)]).encode())
    return digest.digest()


def visit_id(*parts: object) -> int:
    """53 bits of the SHA-256 of the parts, joined by newlines: exact in JavaScript and in floats."""
    text = "\n".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11


def file_name(crawl_id: int, location: str) -> str:
    """The study's name of a location's file: ``<crawl_id>_<SHA-224 of location>.json``."""
    return f"{crawl_id}_{hashlib.sha224(location.encode()).hexdigest()}.json"


def per_location(crawl_ids: pa.ChunkedArray, locations: pa.ChunkedArray) -> pa.Table:
    """``visit_id`` and ``file_name`` of each row, computed once per distinct location."""
    pairs = pa.table({"crawl_id": crawl_ids, "location": pc.fill_null(locations, "")})
    key = pc.binary_join_element_wise(pairs["crawl_id"].cast(pa.string()), pairs["location"], "\n")
    coded = key.combine_chunks().dictionary_encode()
    distinct = [text.partition("\n") for text in coded.dictionary.to_pylist()]
    visits = pa.array([visit_id(crawl, location) for crawl, _, location in distinct], pa.int64())
    names = pa.array([file_name(int(crawl), location) for crawl, _, location in distinct], pa.string())
    return pa.table({"visit_id": visits.take(coded.indices), "file_name": names.take(coded.indices)})
