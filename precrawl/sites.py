"""Site lists (Tranco, Alexa-style CSV, plain): read as a stream and put in the order of visiting."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import listing, urls
from overscripted.errors import InputError
from overscripted.options import decimal
from overscripted.precrawl import results
from overscripted.schemas import PRECRAWL
from overscripted.sql import quoted

_TRANCO = re.compile(r"tranco[_-]([A-Z0-9]{4,6})(?=[._-]|$)", re.I)
_HOST = re.compile(r"[^\s/?#@\\<>^|%]{1,255}")
_BATCH = 10_000  # rows written at a time
SCHEMA = PRECRAWL["sites"].schema


@dataclass(frozen=True)
class Choice:
    """Which sites of a list are visited, and in which order."""

    top: int | None = None
    sample: int | None = None
    seed: int = 0
    shuffle: bool = False


def read(path: Path) -> Iterator[tuple[int, str]]:
    """(rank, site) of each entry of a list (`overscripted.listing`). The rank may be the line's number.

    Raises InputError with the line number.
    """
    for entry in listing.read(path, "--sites"):
        rank = entry.line if entry.rank is None else _rank(path, entry.line, entry.rank)
        yield rank, _site(path, entry.line, entry.text)


def _rank(path: Path, number: int, text: str) -> int:
    if (rank := decimal(text, 1, 10**18)) is None:
        raise InputError(f"--sites {path}: line {number}: the rank {text[:40]!r} is not a number from 1")
    return rank


def _site(path: Path, number: int, text: str) -> str:
    """A host, host:port or http(s) URL. Raises InputError."""
    if text.lower().startswith(("http://", "https://")):
        url = urls.join(text, "")
        if url:
            return urls.without_fragment(url)
    elif _HOST.fullmatch(text) and urls.host(urls.join(f"http://{text}/", "") or "").strip("."):
        return text.lower().rstrip(".")
    raise InputError(f"--sites {path}: line {number}: {text[:80]!r} is no host name and no http(s) URL")


def start_url(site: str) -> str:
    """The URL of the first request: the site over http, or the URL in the list."""
    return site if "://" in site else urls.join(f"http://{site}/", "") or f"http://{site}/"


def www_url(site: str) -> str | None:
    """The URL of the second request, as in the study; None for URLs, addresses and names with www."""
    host = urls.host(f"http://{site}/")
    if "://" in site or site.startswith("www.") or host.startswith("[") or host.replace(".", "").isdecimal():
        return None
    return start_url(f"www.{site}")


def describe(path: Path, list_id: str | None, choice: Choice) -> dict[str, Any]:
    """The list as run.json records it: name, hash, Tranco's id where known, the choice. Raises InputError."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
    except OSError as error:
        raise InputError(
            f"--sites {path}: cannot be read ({error.strerror}); name a list of sites"
        ) from error
    found = _TRANCO.search(path.name)
    return {
        "file": path.name,
        "sha256": digest.hexdigest(),
        "list_id": list_id or (found[1].upper() if found else None),
        **asdict(choice),
    }


def order(path: Path, choice: Choice, out: Path, memory: str = "256MB") -> int:
    """Write the chosen sites, each once, in the order of visiting, as Parquet; their number.

    A repeated site has its best rank. Sampling and shuffling depend on the seed and the sites alone, not
    on the order of the lines. Memory is bounded: DuckDB sorts on disk. Raises InputError.
    """
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder:
        listed = Path(folder) / "listed.parquet"
        _write(path, listed)
        draw = f"md5('{int(choice.seed)}:' || site)"
        # `shuffle` and `sample` use the same numbers, so that a sample is the beginning of one permutation.
        steps = ["SELECT site, min(rank) AS rank, any_value(domain) AS domain FROM listed GROUP BY site"]
        if choice.top:
            steps.append(f"SELECT * FROM ({steps[-1]}) ORDER BY rank, site LIMIT {int(choice.top)}")
        if choice.sample:
            steps.append(f"SELECT * FROM ({steps[-1]}) ORDER BY {draw} LIMIT {int(choice.sample)}")
        by = draw if choice.shuffle else "rank, site"
        with results.scratch(memory) as engine:
            engine.register("listed", results.local_reader(listed))
            engine.execute(
                f"COPY (SELECT * FROM ({steps[-1]}) ORDER BY {by}) TO {quoted(str(out))} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_BATCH})"
            )
    count = int(pq.ParquetFile(out).metadata.num_rows)
    if not count:
        raise InputError(f"--sites {path}: no site in it; name a list of sites")
    return count


def _write(path: Path, out: Path) -> None:
    rows: list[tuple[str, int, str]] = []
    with pq.ParquetWriter(out, SCHEMA) as writer:

        def flush() -> None:
            columns = zip(*rows, strict=True) if rows else ([], [], [])
            writer.write_batch(pa.record_batch([pa.array(c) for c in columns], schema=SCHEMA))
            rows.clear()

        for rank, site in read(path):
            rows.append((site, rank, urls.domain(start_url(site))))
            if len(rows) >= _BATCH:
                flush()
        if rows:
            flush()
