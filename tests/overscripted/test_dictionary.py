"""The data dictionary is current and explains every column."""

from pathlib import Path

from overscripted.dictionary import document
from overscripted.schemas import PRECRAWL, RAW, TABLES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_documented_tables_are_those_of_the_schemas() -> None:
    written = (DOCS / "reference" / "tables.md").read_text()
    assert written == document(), "run: python -m overscripted.dictionary > docs/reference/tables.md"


def test_every_column_has_a_meaning_and_every_key_exists() -> None:
    for table in [*RAW.values(), *TABLES.values(), *PRECRAWL.values()]:
        assert table.row and all(column.description for column in table.columns)
        assert len(set(table.names)) == len(table.names)
        assert set(table.key) <= set(table.names)
