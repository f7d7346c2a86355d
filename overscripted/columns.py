"""The parts of a table: columns, their types, and the columns that many tables begin with."""

from dataclasses import dataclass

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
INT = pa.int64()
STR = pa.string()
BOOL = pa.bool_()
FLOAT = pa.float64()
BYTES = pa.binary()


@dataclass(frozen=True)
class Column:
    """A column: its Arrow type, meaning, unit (empty where it has none), and whether NULL may occur."""

    name: str
    type: pa.DataType
    description: str
    unit: str = ""
    nullable: bool = True

    @property
    def meaning(self) -> str:
        """The description, with the unit where there is one."""
        return f"{self.description} ({self.unit})" if self.unit else self.description


@dataclass(frozen=True)
class Table:
    """A table: what a row is, its columns in order, and the columns that together are unique."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def empty(self) -> pa.Table:
        """The table without rows."""
        return self.schema.empty_table()


VISIT = (
    Column("crawl_id", INT, "Number of the run (1 is the study)"),
    Column("visit_id", INT, "Number of the visit, which loads one seed in one window; it fits in 53 bits"),
    Column(
        "attempt", INT, "Number of the attempt at this seed, from 1; the etl keeps the acknowledged attempt"
    ),
)
FRAME = (
    Column(
        "frame_id", INT, "Number of the frame within the visit; 0 is the top document of the visited page"
    ),
    Column("parent_frame_id", INT, "Number of the frame that embeds this one; -1 for a top document"),
    Column("top_level_url", STR, "URL of the top document at that time; empty if unknown"),
)
