"""Tables of calls in files: CSV of any dialect, also compressed, and Parquet, a row at a time."""

import csv
import posixpath
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted.errors import InputError
from overscripted.etl.importers.found_files import without_copies
from overscripted.etl.importers.lines import Damaged, Line, lines, plain_name
from overscripted.etl.importers.openwpm_source import column_values
from overscripted.etl.settings import IMPORT_LINE_BYTES
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.store import Store
from overscripted.text import decoded

_CSV, _PARQUET = (".csv", ".tsv", ".txt"), ".parquet"
_DELIMITERS = ",;\t|"
_TABLE = "rows"  # what the ledger counts
_ODD = "with more or fewer fields than the header, or a quote left open"


class Table(ABC):
    """A table in a file: its ``columns``, and its rows."""

    def __init__(self, store: Store, key: str, ledger: Ledger) -> None:
        self.store, self.key, self.ledger = store, key, ledger
        self.columns: list[str] = []

    @abstractmethod
    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of these columns, row by row. Raises Damaged, which may be after some rows."""


def keys_of_tables(source: Store, ledger: Ledger) -> list[str]:
    """The keys of the tables at a file or in a folder. A copy that is compressed is named in the ledger.

    Raises InputError where there is none.
    """
    alone = source.fs.isfile(source.root)
    keys = [""] if alone else [key for key in source.files() if _ending(key) in (*_CSV, _PARQUET)]
    if not keys or (alone and _ending(source.root) not in (*_CSV, _PARQUET)):
        raise InputError(
            f"{source.url}: no table of calls; name a file {', '.join((*_CSV, _PARQUET))} "
            "(text also with .gz or .zst), or a folder of them"
        )
    kept, copies = without_copies(keys)
    ledger.files |= copies
    return kept


def tables(source: Store, keys: list[str], ledger: Ledger, delimiter: str | None) -> Iterator[Table]:
    """The tables in these files. A file that is damaged is named in the ledger."""
    for key in keys:
        try:
            if _ending(key or source.root) == _PARQUET:
                yield _Parquet(source, key, ledger)
            else:
                yield _Csv(source, key, ledger, delimiter)
        except Damaged as error:
            ledger.files[key or source.url] = str(error)


def _ending(key: str) -> str:
    return posixpath.splitext(plain_name(key))[1].lower()


class _Csv(Table):
    """Text with a header. A row with more or fewer fields than the header is left out.

    So is one with a quote that is left open; the lines after its first one are then rows of their own.
    """

    def __init__(self, store: Store, key: str, ledger: Ledger, delimiter: str | None) -> None:
        super().__init__(store, key, ledger)
        # Numbers and texts of lines: those to be read again before the others, and those of the present row.
        self._again = deque[tuple[int, str]]()
        self._taken: list[tuple[int, str]] = []
        self._rest = self._decoded(lines(store, key))
        number, first = next(self._rest, (1, ""))
        if "\x00" in first:
            raise Damaged("no text in UTF-8")
        self._delimiter = delimiter or max(_DELIMITERS, key=first.count)
        self._again.append((number, first))
        try:
            with _long_fields():
                self.columns = next(self._reader(), [])
        except csv.Error as error:
            raise Damaged(f"its header is no line of CSV ({error})") from error
        self._taken.clear()

    def _decoded(self, found: Iterator[Line]) -> Iterator[tuple[int, str]]:
        for n, line in enumerate(found, 1):
            if line.data is None:
                self._leave_out("a line over the limit of length", n)
            else:
                text = decoded(line.data)
                yield n, (text.removeprefix("\ufeff") if n == 1 else text) + "\n"

    def _leave_out(self, reason: str, line: int) -> None:
        self.ledger.read[_TABLE] += 1
        name = self.key or posixpath.basename(self.store.root)
        self.ledger.leave_out(_TABLE, reason, place=f"{name}, line {line:,}")

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while (line := self._again.popleft() if self._again else next(self._rest, None)) is not None:
            self._taken.append(line)
            yield line[1]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        at = [self.columns.index(column) for column in columns]
        with _long_fields():
            reader = self._reader()
            while True:
                self._taken.clear()
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    fields = []
                if not fields and len(self._taken) == 1 and not self._taken[0][1].strip():
                    continue
                if len(fields) == len(self.columns):
                    self.ledger.read[_TABLE] += 1
                    yield tuple(fields[index] or None for index in at)
                    continue
                self._leave_out(_ODD, self._taken[0][0])
                self._again.extendleft(reversed(self._taken[1:]))
                reader = self._reader()


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as a line: values are."""
    before = csv.field_size_limit(IMPORT_LINE_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _Parquet(Table):
    """A Parquet file."""

    def __init__(self, store: Store, key: str, ledger: Ledger) -> None:
        super().__init__(store, key, ledger)
        with self._opened() as file:
            self.columns = list(file.schema_arrow.names)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with self.store.fs.open(self.store.path(self.key), "rb") as file:
                yield pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the storage's, not the file's
            first = (str(error) or type(error).__name__).splitlines()[0]
            raise Damaged(f"damaged Parquet ({first})") from error

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        with self._opened() as file:
            for batch in file.iter_batches(IMPORT_BATCH_ROWS, columns=list(columns), use_threads=False):
                found = pa.table(batch)
                values = [column_values(found[column]) for column in columns]
                self.ledger.read[_TABLE] += found.num_rows
                yield from zip(*values, strict=True)
