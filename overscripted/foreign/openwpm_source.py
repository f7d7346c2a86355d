"""What a conversion needs of a data set of OpenWPM's: rows, table by table."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


class Source(ABC):
    """The rows of the tables of one data set. Absent tables have no rows."""

    @abstractmethod
    def tables(self) -> set[str]:
        """The tables that are there, by OpenWPM's present names."""

    @abstractmethod
    def rows(self, table: str) -> Iterator[Row]:
        """Rows in the order of writing, with column names in lower case."""
