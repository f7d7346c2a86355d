"""The descriptor of a data package, ``datapackage.json``: its resources that are tables of ours.

Packages are other people's files. A resource's path is refused where it may lead out of the package's folder:
else a descriptor could choose which of the reader's files become part of a run.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from overscripted.errors import InputError
from overscripted.schemas import TABLES
from overscripted.store import Store

DESCRIPTOR = "datapackage.json"
PARQUET, CSV = "parquet", "csv"
_MOST_BYTES = 64 * 2**20  # of a descriptor: one with all tables has 150 kB
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_SHOWN = 100  # characters of a name or path of others that a message shows


@dataclass(frozen=True)
class Resource:
    """A table of a package: its name, its files below the package's folder, and their format.

    ``columns``: those of ours that the descriptor names. ``sha256``: of its only file; empty if unknown.
    """

    table: str
    keys: tuple[str, ...]
    form: str
    columns: tuple[str, ...]
    sha256: str = ""


@dataclass
class Package:
    """The resources of a package that are tables of ours, and what of it is not read, with the reason."""

    resources: list[Resource] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def read(store: Store) -> Package:
    """The package in a folder.

    Raises InputError without a descriptor, for one that is damaged or names no table of ours, for a path that
    leaves the folder, and for a column whose type is not that of our table.
    """
    descriptor = _descriptor(store)
    package = Package()
    for n, given in enumerate(descriptor["resources"], 1):
        where = f"{store.uri(DESCRIPTOR)}: resource {n}"
        if not isinstance(given, dict):
            raise InputError(f"{where}: no object; fetch the package again")
        name = str(given.get("name"))[:_SHOWN]
        where = f"{where} ({name!a})"
        if name not in TABLES:
            package.left[name] = "no table of Overscripted"
        elif any(resource.table == name for resource in package.resources):
            raise InputError(f"{where}: is there twice; leave one out")
        else:
            package.resources.append(_resource(store, name, given, where))
    if not package.resources:
        raise InputError(
            f"{store.uri(DESCRIPTOR)}: no resource is a table that `overscripted export` writes; for a "
            "table of calls of another tool use `overscripted import calls`"
        )
    return package


def _descriptor(store: Store) -> dict[str, Any]:
    if not store.exists(DESCRIPTOR):
        raise InputError(
            f"{store.url}: no {DESCRIPTOR} here; name a folder that "
            "`overscripted export --as datapackage` or `overscripted sample` wrote"
        )
    if store.size(DESCRIPTOR) > _MOST_BYTES:
        raise InputError(f"{store.uri(DESCRIPTOR)}: larger than {_MOST_BYTES >> 20} MB; is it a descriptor?")
    found = store.read_json(DESCRIPTOR)
    if not isinstance(found, dict) or not isinstance(found.get("resources"), list):
        raise InputError(f"{store.uri(DESCRIPTOR)}: no list of resources; fetch the package again")
    return found


def _resource(store: Store, name: str, given: Mapping[str, Any], where: str) -> Resource:
    paths = given.get("path")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not paths:
        raise InputError(f"{where}: no path of a file; data within the descriptor is not read")
    keys = tuple(_key(store, path, where) for path in paths)
    form = str(given.get("format") or keys[0].rpartition(".")[2]).lower()
    if form not in (PARQUET, CSV):
        raise InputError(
            f"{where}: the format {form[:_SHOWN]!a} is not read; export with --format parquet or csv"
        )
    digest = _SHA256.fullmatch(str(given.get("hash", "")))
    known = digest[1] if digest and len(keys) == 1 else ""
    return Resource(name, keys, form, _columns(name, given.get("schema"), where), known)


def _key(store: Store, path: Any, where: str) -> str:
    """A path as the key of a file in the package's folder. Raises InputError where it is elsewhere."""
    parts = path.split("/") if isinstance(path, str) else []
    bad = not parts or any(part in ("", ".", "..") or part.startswith("~") for part in parts)
    if bad or "\\" in path or "\0" in path or _SCHEME.match(path):
        raise InputError(
            f"{where}: the path {str(path)[:_SHOWN]!a} is none below the package's folder, so it is not "
            "read; take the package from whom you trust"
        )
    if store.local and not _is_below(store.path(path), store.root):
        raise InputError(
            f"{where}: {path[:_SHOWN]!a} is a link that leaves the package's folder, so it is not read; "
            "put the file itself there"
        )
    return str(path)


def _is_below(path: str, folder: str) -> bool:
    real = os.path.realpath(folder)
    return os.path.realpath(path).startswith(real.rstrip(os.sep) + os.sep)


def _columns(table: str, schema: Any, where: str) -> tuple[str, ...]:
    """The columns of a table that a schema names. Raises InputError where one has another type than ours."""
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
        raise InputError(f"{where}: no schema with fields; a table without one is not read")
    types = {column.name: column.type for column in TABLES[table].columns}
    found = []
    for one in fields:
        name, told = str(one.get("name"))[:_SHOWN], str(one.get("type", "string"))[:_SHOWN]
        if name not in types:
            continue  # of a later version
        if told not in _names(types[name]):
            raise InputError(
                f"{where}: column {name} is of type {told!a}, and {' or '.join(_names(types[name]))} belongs "
                "there; fetch it again"
            )
        if name in found:
            raise InputError(f"{where}: column {name} is there twice; leave one out")
        found.append(name)
    lacking = [name for name in TABLES[table].key if name not in found]
    if lacking:
        raise InputError(
            f"{where}: no column {', '.join(lacking)}, which tells the rows apart; fetch it again"
        )
    return tuple(found)


def _names(kind: pa.DataType) -> Sequence[str]:
    """The names of a type in a Data Package. Bytes are text in CSV."""
    if pa.types.is_binary(kind):
        return ("any", "string")
    tests = {"integer": pa.types.is_integer, "number": pa.types.is_floating, "boolean": pa.types.is_boolean}
    tests["datetime"] = pa.types.is_timestamp
    return (next((name for name, test in tests.items() if test(kind)), "string"),)
