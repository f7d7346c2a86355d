"""The formats by name, and what is wanted of an export. Here, so that a command's help loads no engine."""

from typing import NamedTuple


class Format(NamedTuple):
    """The module that writes a format, whether OUT is a folder, and whether tables can be chosen."""

    module: str
    is_folder: bool
    any_table: bool


FORMATS = {
    "csv": Format("overscripted.export.text_files", True, True),
    "jsonl": Format("overscripted.export.text_files", True, True),
    "duckdb": Format("overscripted.export.duckdb_file", False, True),
    "openwpm": Format("overscripted.export.openwpm", False, False),
    "har": Format("overscripted.export.har", True, False),
    "datapackage": Format("overscripted.export.datapackage", True, True),
}
# The formats of the files of a data package.
FILE_FORMATS = ("parquet", "csv")


class Wanted(NamedTuple):
    """What is wanted of an export.

    ``form``: one of `FORMATS`. ``tables``: those to write; none means all. ``remove_personal``: replace
    what looks like personal data. ``file_format`` (one of `FILE_FORMATS`) and ``licence`` (an SPDX name, or
    empty) are of data packages; an empty ``file_format`` means Parquet.
    """

    form: str
    tables: tuple[str, ...] = ()
    remove_personal: bool = False
    file_format: str = ""
    licence: str = ""
