"""The source of the seeds: the precrawl of the run, or a file of the user."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout, listing, urls
from overscripted.crawl.behaviours import plan
from overscripted.crawl.frontier.queue import Seed
from overscripted.errors import InputError, StageMissing
from overscripted.run import STAGES, Run

_CHUNK = 10_000
_HOST = re.compile(r"[^\s/?#@\\<>^|%]{1,255}")


def check(run_url: str, file: str | None) -> None:
    """Raise InputError if a file holds no seeds, before anything is written."""
    if file is not None and next(of_file(file), None) is None:
        raise InputError(f"--seeds {file}: no seeds in it; one URL a line, or Parquet with a column `seed`")


def of_run(run: Run) -> Iterator[Seed]:
    """The seeds that the precrawl of this run found. Raises StageMissing without one."""
    if not run.store.exists(layout.SEEDS):
        command = STAGES["precrawl"].format(run=run.store.url)
        raise StageMissing(
            f"{run.store.url}: no seeds ({layout.SEEDS}); run `{command}` first, or name --seeds FILE"
        )
    with run.store.fs.open(run.store.path(layout.SEEDS), "rb") as file:
        yield from _parquet(pq.ParquetFile(file), run.store.uri(layout.SEEDS))


def of_file(file: str) -> Iterator[Seed]:
    """The seeds of a Parquet file (column ``seed``) or a list (`overscripted.listing`). Hosts become URLs.

    A column ``do`` of the Parquet file has a plan for each seed (`behaviours.plan`). Raises InputError.
    """
    path = Path(file)
    if not path.is_file():
        raise InputError(f"--seeds {file}: no such file")
    if path.suffix == ".parquet":
        try:
            opened = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise InputError(f"--seeds {file}: not a Parquet file ({error})") from error
        yield from _parquet(opened, f"--seeds {file}")
        return
    for entry in listing.read(path, "--seeds", strict=False):
        yield Seed(_url(entry.text))


def _url(text: str) -> str:
    """The URL of a host's first page; any other text unchanged."""
    if "." in text and _HOST.fullmatch(text) and urls.join(f"http://{text}/", ""):
        return f"http://{text}/"
    return text


def _parquet(file: pq.ParquetFile, name: str) -> Iterator[Seed]:
    if "seed" not in file.schema_arrow.names:
        raise InputError(f"{name}: has no column `seed`")
    columns = [column for column in ("seed", "do") if column in file.schema_arrow.names]
    known: set[str] = set()
    for batch in file.iter_batches(_CHUNK, columns=columns, use_threads=False):
        for row in batch.to_pylist():
            do = str(row.get("do") or "")
            if do not in known:
                plan.parse(do, f"{name}, column `do`: {do}")
                known.add(do)
            if row["seed"]:
                yield Seed(str(row["seed"]), do)
