"""Arrow reads Python's files without its threads: one may free a buffer while the interpreter ends."""

import ast

import pytest

from tests.product import python_files


def threaded(source: str) -> list[int]:
    """Lines that read rows of a `ParquetFile` with threads of Arrow."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        reads = node.func.attr == "iter_batches" or (
            node.func.attr == "read" and "ParquetFile" in ast.unparse(node.func.value)
        )
        if reads and "use_threads=False" not in [ast.unparse(keyword) for keyword in node.keywords]:
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("pq.ParquetFile(file).read()", [1]),
        ("for batch in parquet.iter_batches(9):\n    pass", [1]),
        ("parquet.iter_batches(9, use_threads=True)", [1]),
        ("parquet.iter_batches(9, use_threads=False)", []),
        ("pq.ParquetFile(file).read(use_threads=False)", []),
        ("pq.ParquetFile(file).metadata.num_rows", []),
        ("file.read()", []),
    ],
)
def test_reading_with_threads_is_found(source: str, lines: list[int]) -> None:
    assert threaded(source) == lines


def test_no_stage_reads_with_threads() -> None:
    files = python_files()
    assert sum("iter_batches(" in path.read_text() for path in files) >= 5
    assert {path: lines for path in files if (lines := threaded(path.read_text()))} == {}
