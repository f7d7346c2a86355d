"""``run.tables``: the names of a run's tables, shown with their sizes and what a row is."""

from collections.abc import Iterator, Sequence
from typing import overload

import pandas as pd

from overscripted.analyses.find.rows import count
from overscripted.api import shown
from overscripted.schemas import TABLES
from overscripted.store import Store


class TableNames(Sequence[str]):
    """The names in order, as a sequence. Notebooks show them with numbers of rows and meanings."""

    def __init__(self, store: Store, names: Sequence[str]) -> None:
        self._store = store
        self._names = list(names)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._names[index]

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def to_pandas(self) -> pd.DataFrame:
        """Columns: table, rows, a row is. The numbers come from the footers of the files."""
        return pd.DataFrame(self._rows(), columns=["table", "rows", "a row is"])

    def _rows(self) -> list[tuple[str, int, str]]:
        return [
            (name, count(self._store, name), TABLES[name].row if name in TABLES else "")
            for name in self._names
        ]

    def __repr__(self) -> str:
        return f"tables of {self._store.url}: {', '.join(self._names)}"

    def _repr_html_(self) -> str:
        return shown.page(shown.table(("table", "rows", "a row is"), self._rows()))
