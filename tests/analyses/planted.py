"""Runs built from a few calls: as raw records for the etl, or straight as the tables that it would make."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from overscripted import segments, urls
from overscripted.run import Run
from overscripted.schemas import RAW, TABLES

TIME = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)

Call = dict[str, Any]


def call(location: str, script_url: str, **fields: Any) -> Call:
    """A call: ``n`` equal ones, ``dynamic`` of them by dynamic code, ``invalid`` ones beside.

    ``inside``: where in ``location`` they were made, in a document without a network address. ``receiver``,
    ``receiver_owner``, ``canvas_width`` and ``canvas_height`` are as in raw calls.
    """
    return {
        "location": location,
        "script_url": script_url,
        "visit_id": 1,
        "symbol": "window.navigator.userAgent",
        "operation": "get",
        "value": "",
        "arguments": (),
        "in_iframe": False,
        "n": 1,
        "dynamic": 0,
        "invalid": 0,
        "inside": "",
        **fields,
    }


def planted_run(folder: Path, calls: Iterable[Call], visits: Iterable[dict[str, Any]] = ()) -> Run:
    """A run whose etl is complete and holds these calls."""
    run = Run.open(folder, create=True)
    run.begin("etl", {})
    given = list(calls)
    rows = [row for i, c in enumerate(given) for row in _rows(c, i)]
    write(run, "calls", rows)
    write(run, "invalid_calls", [_invalid(c) for c in given for _ in range(c["invalid"])])
    write(run, "script_refs", _script_refs(given))
    write(run, "pages", _pages(given))
    write(run, "documents", _documents(given))
    write(run, "script_urls", _script_urls(given))
    write(run, "hosts", _hosts(given))
    write(run, "symbol_counts", _symbol_counts(given))
    write(run, "symbol_arguments", [])  # its symbols are planted as raw calls only
    pages = {c["visit_id"]: c["location"] for c in reversed(given)}  # the first document of each visit
    default = [
        {**_visit_of(page), "visit_id": v, "outcome": "complete", "n_attempts": 1}
        for v, page in sorted(pages.items())
    ]
    write(run, "visits", list(visits) or default)
    run.finish("etl", facts={"valid calls": len(rows)})
    return run


def _visit_of(page: str) -> dict[str, Any]:
    domain = urls.domain(page)
    return {"crawl_id": 7, "final_url": page, "site_domain": domain, "final_domain": domain}


def raw_run(folder: Path, calls: Iterable[Call], visits: Iterable[dict[str, Any]] = ()) -> Run:
    """A run whose crawl has ended and left these calls as raw records; the etl is still to come."""
    run = Run.open(folder, create=True)
    run.begin("crawl", {})
    given = list(calls)
    rows = [row for c in given for row in _raw_rows(c)]
    for ordinal, row in enumerate(rows):
        row |= {"row": ordinal, "ordinal": ordinal}
    seeds = sorted({c["visit_id"] for c in given})
    default = [{"visit_id": v, "outcome": "complete"} for v in seeds]
    acknowledged = [{"crawl_id": 7, "attempt": 1, **v} for v in list(visits) or default]
    for table, content in (("calls", rows), ("visits", acknowledged)):
        segments.write(run.store, table, pa.Table.from_pylist(content, schema=RAW[table].schema), "test")
    run.finish("crawl")
    return run


_RECEIVER = ("receiver", "receiver_owner", "canvas_width", "canvas_height")


def _raw_rows(c: Call) -> list[dict[str, Any]]:
    arguments = json.dumps({str(k): a for k, a in enumerate(c["arguments"])}) if c["arguments"] else None
    base = {
        "crawl_id": 7,
        "visit_id": c["visit_id"],
        "attempt": 1,
        "frame_id": 1 if c["in_iframe"] else 0,
        "top_level_url": "",
        "file_name": "7_x.json",
        "location": c["inside"] or c["location"],
        "context_url": c["location"],
        "context_in_iframe": c["in_iframe"],
        "in_iframe": "true" if c["in_iframe"] or c["inside"] else "false",
        "realm": c.get("realm", "window"),
        "symbol": c["symbol"],
        "operation": c["operation"],
        "arguments": arguments,
        **{name: c.get(name) for name in _RECEIVER},
        "value": c["value"],
        "script_url": c["script_url"],
        "script_line": "1",
        "script_col": "2",
        "script_loc_eval": "",
        "call_stack": "",
        "time_stamp": "2026-11-21T08:00:00.000Z",
    }
    good = [base | ({"script_loc_eval": "line 1 > eval"} if k < c["dynamic"] else {}) for k in range(c["n"])]
    return good + [base | {"script_line": "x", "operation": "?"} for _ in range(c["invalid"])]


def write(run: Run, table: str, rows: list[dict[str, Any]]) -> None:
    """Rows (missing columns NULL) as a table of the run."""
    schema = TABLES[table].schema
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    run.store.write_table(f"tables/{table}/part-0.parquet", pa.Table.from_pylist(whole, schema=schema))


def _rows(c: Call, i: int) -> list[dict[str, Any]]:
    arguments = {f"argument_{k}": "" for k in range(9)}
    arguments |= {f"argument_{k}": str(a) for k, a in enumerate(c["arguments"])}
    return [
        {
            **_about(c),
            **arguments,
            "call_id": f"{i}__{k}",
            "symbol": c["symbol"],
            "operation": c["operation"],
            "value": c["value"],
            "value_1000": c["value"][:1000],
            "script_loc_eval": "line 1 > eval" if k < c["dynamic"] else "",
            "in_iframe": c["in_iframe"],
            "time_stamp": TIME,
            "valid": True,
            "errors": "",
        }
        for k in range(c["n"])
    ]


def _about(c: Call) -> dict[str, Any]:
    page, script = c["location"], c["script_url"]
    of = script.removeprefix("blob:")  # whose host and domain are its
    return {
        "crawl_id": 7,
        "visit_id": c["visit_id"],
        "variant": "",
        "wave": 1,
        "reached_by": "seed",
        "location": page,
        "script_url": script,
        "top_level_url": "",
        "location_scheme": urlsplit(page).scheme,
        "location_host": urls.host(page),
        "location_netloc": urlsplit(page).netloc,
        "location_domain": urls.domain(page),
        "script_scheme": urlsplit(script).scheme,
        "script_host": urls.host(of),
        "script_domain": urls.domain(of),
        "is_third_party": bool(urls.domain(of)) and urls.domain(of) != urls.domain(page),
    }


def _invalid(c: Call) -> dict[str, Any]:
    return {"visit_id": c["visit_id"], "location": c["location"], "errors": "operation,script_line"}


def _grouped(calls: list[Call], *names: str) -> dict[tuple[Any, ...], list[Call]]:
    groups: dict[tuple[Any, ...], list[Call]] = defaultdict(list)
    for c in calls:
        groups[tuple(c[n] for n in names)].append(c)
    return groups


def _counts(group: list[Call]) -> dict[str, Any]:
    return {
        "n_calls": sum(c["n"] + c["invalid"] for c in group),
        "n_valid": sum(c["n"] for c in group),
        "n_invalid": sum(c["invalid"] for c in group),
        "n_dynamic": sum(c["dynamic"] for c in group),
        "n_inherited": sum(c["n"] + c["invalid"] for c in group if c["inside"]),
        "in_iframe": all(c["in_iframe"] for c in group),
    }


def _script_refs(calls: list[Call]) -> list[dict[str, Any]]:
    groups = _grouped(calls, "visit_id", "location", "script_url")
    return [_about(g[0]) | _counts(g) for g in groups.values()]


def _pages(calls: list[Call]) -> list[dict[str, Any]]:
    return [_about(g[0]) | _counts(g) for g in _grouped(calls, "visit_id", "location").values()]


def _documents(calls: list[Call]) -> list[dict[str, Any]]:
    return [
        _about(g[0])
        | _counts(g)
        | {
            "n_scripts": _distinct(g, "script_url"),
            "n_recorded_scripts": _distinct(g, "script_url", "n", "invalid"),
            "n_valid_scripts": _distinct(g, "script_url", "n"),
            "n_third_party_scripts": len({c["script_url"] for c in g if _about(c)["is_third_party"]}),
        }
        for g in _grouped(calls, "location").values()
    ]


def _script_urls(calls: list[Call]) -> list[dict[str, Any]]:
    return [
        _about(g[0])
        | _counts(g)
        | {
            "n_documents": _distinct(g, "location"),
            "n_recorded_documents": _distinct(g, "location", "n", "invalid"),
            "n_valid_documents": _distinct(g, "location", "n"),
            "n_script_refs": len(_grouped(g, "visit_id", "location")),
            "n_dynamic_documents": _distinct(g, "location", "dynamic"),
            "dynamic_third_party": any(_about(c)["is_third_party"] for c in g if c["dynamic"]),
            "dynamic_other_label": any(_other_label(c) for c in g if c["dynamic"]),
        }
        for g in _grouped(calls, "script_url").values()
    ]


def _other_label(c: Call) -> bool:
    """Whether script and document have names under which their domains differ, the public suffix aside."""
    page, script = urls.host(c["location"]), urls.host(c["script_url"])
    labels = {(urls.registrable_domain(name) or name).partition(".")[0] for name in (page, script)}
    return bool(page and script) and len(labels) == 2


def _distinct(calls: list[Call], name: str, *counts: str) -> int:
    """Distinct values among the calls that have one of these counts."""
    return len({c[name] for c in calls if not counts or any(c[count] for count in counts)})


def _symbol_counts(calls: list[Call]) -> list[dict[str, Any]]:
    groups = _grouped(calls, "visit_id", "location", "script_url", "symbol", "operation")
    return [
        _about(g[0]) | _counts(g) | {"symbol": g[0]["symbol"], "operation": g[0]["operation"]}
        for g in groups.values()
    ]


def _hosts(calls: list[Call]) -> list[dict[str, Any]]:
    names = {urls.host(c[k]) for c in calls for k in ("location", "script_url")} - {""}
    rows = []
    for name in sorted(names):
        domain = urls.registrable_domain(name)
        suffix = domain.partition(".")[2] if domain != name or "." in name else ""
        rows.append({"host": name, "domain": domain, "suffix": suffix, "tld": name.rpartition(".")[2]})
    return rows
