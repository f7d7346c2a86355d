"""What programs read beside a public data set: ``datapackage.json`` and ``croissant.json``.

``datapackage.json`` is a Data Package of version 1 (https://specs.frictionlessdata.io/data-package/).
``croissant.json`` is Croissant 1.0, which search engines for data sets read
(https://docs.mlcommons.org/croissant/docs/croissant-spec.html).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from overscripted import __version__
from overscripted.columns import Column

TITLE = "A public data set of Overscripted"
_PARQUET = ("parquet", "application/vnd.apache.parquet", "application/x-parquet")
_CSV = ("csv", "text/csv", "text/csv")
_TERMS = """citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes
isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate
separator source subField transform"""
# The context that the specification of Croissant gives.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "sc": "https://schema.org/",
    **{name: f"cr:{name}" for name in _TERMS.split()},
}


@dataclass(frozen=True)
class Described:
    """A published table: its name, what a row is, its columns and key, its rows, and its files.

    ``files``: path -> SHA-256, hexadecimal. All are Parquet, or the only one is CSV.
    """

    name: str
    row: str
    columns: Sequence[Column]
    key: Sequence[str]
    n_rows: int
    files: Mapping[str, str]

    @property
    def is_csv(self) -> bool:
        """Whether its file is CSV."""
        return any(file.endswith(".csv") for file in self.files)


@dataclass(frozen=True)
class DataSet:
    """A public data set, as its descriptions say it.

    ``name``: for programs; ``about``: in sentences; ``made``: day in ISO 8601; ``licence``: its SPDX name or
    empty; ``notes``: sentences for its readers.
    """

    name: str
    about: str
    made: str
    licence: str
    tables: Sequence[Described]
    notes: Sequence[str] = ()

    @property
    def citation(self) -> str:
        """How to cite it, as far as it is known here: without authors and DOI."""
        return f"{TITLE}, made with version {__version__} on {self.made}: {self.about}"


def data_package(data: DataSet) -> dict[str, Any]:
    """The descriptor of a Data Package."""
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": data.name,
        "title": TITLE,
        "description": data.about,
        "created": f"{data.made}T00:00:00Z",
        "citation": data.citation,
        "resources": [_resource(table) for table in data.tables if table.files],
    }
    return package | ({"licenses": [{"name": data.licence}]} if data.licence else {})


def _resource(table: Described) -> dict[str, Any]:
    form, media_type, _ = _CSV if table.is_csv else _PARQUET
    fields = [
        {"name": column.name, "description": column.meaning, **_frictionless(column.type, table.is_csv)}
        for column in table.columns
    ]
    schema: dict[str, Any] = {"fields": fields}
    if table.key:
        schema["primaryKey"] = list(table.key)
    paths = list(table.files)
    resource: dict[str, Any] = {
        "profile": "tabular-data-resource" if table.is_csv else "data-resource",
        "name": table.name,
        "title": table.name,
        "description": f"A row is {table.row}.",
        "path": paths[0] if len(paths) == 1 else paths,
        "format": form,
        "mediatype": media_type,
        "schema": schema,
    }
    if len(paths) == 1:
        resource["hash"] = f"sha256:{table.files[paths[0]]}"
    return resource


def croissant(data: DataSet) -> dict[str, Any]:
    """The description in Croissant."""
    tables = [table for table in data.tables if table.files]
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": data.name,
        "description": data.about,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "datePublished": data.made,
        "version": "1.0.0",
        "citeAs": data.citation,
        "distribution": [_files(table) for table in tables],
        "recordSet": [_record_set(table) for table in tables],
    }
    return described | ({"license": f"https://spdx.org/licenses/{data.licence}.html"} if data.licence else {})


def _files(table: Described) -> dict[str, Any]:
    """The file of a table, or several as a set: records come from one object or one set."""
    kind = (_CSV if table.is_csv else _PARQUET)[2]
    if len(table.files) > 1:
        return {
            "@type": "cr:FileSet",
            "@id": f"{table.name}-files",
            "name": f"{table.name}-files",
            "encodingFormat": kind,
            "includes": f"{table.name}/*.parquet",
        }
    (path, digest), *_ = table.files.items()
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": kind,
        "sha256": digest,
    }


def _record_set(table: Described) -> dict[str, Any]:
    data = _files(table)
    source = {"fileObject" if len(table.files) == 1 else "fileSet": {"@id": data["@id"]}}
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{table.name}/{column.name}",
            "name": column.name,
            "description": column.meaning,
            "dataType": _croissant(column.type),
            "source": {**source, "extract": {"column": column.name}},
        }
        for column in table.columns
    ]
    records: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": f"A row is {table.row}.",
        "field": fields,
    }
    return records | ({"key": [{"@id": f"{table.name}/{name}"} for name in table.key]} if table.key else {})


def _frictionless(kind: pa.DataType, is_csv: bool) -> dict[str, str]:
    """The type of a column. Bytes are bytes in Parquet, for which the specification has no name."""
    if pa.types.is_binary(kind):
        return {"type": "string", "format": "binary"} if is_csv else {"type": "any"}
    return {"type": _type(kind, ("integer", "number", "boolean", "datetime", "string"))}


def _croissant(kind: pa.DataType) -> str:
    return _type(kind, ("sc:Integer", "sc:Float", "sc:Boolean", "sc:DateTime", "sc:Text"))


def _type(kind: pa.DataType, names: tuple[str, str, str, str, str]) -> str:
    """The name of a type among those of integers, floating-point numbers, truth values, times and texts."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_timestamp)
    return next((name for name, test in zip(names, tests, strict=False) if test(kind)), names[-1])
