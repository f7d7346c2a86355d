"""One contender of bench/etl.py: ``python -m bench.etl_peers NAME WORK OUT``; prints its count as JSON."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from overscripted.etl.symbols import study_symbols

OPERATIONS = ["get", "set", "call", "set (failed)"]
EVAL = r"^(line [0-9]* > (eval|Function)[ ]?)*$"
MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?(Z|\+0000)$"


def duckdb(work: Path, out: Path) -> int:
    return _ours(work, out, "duckdb")


def spark(work: Path, out: Path) -> int:
    return _ours(work, out, "spark")


def _ours(work: Path, out: Path, engine: str) -> int:
    from overscripted.etl.run import run_etl
    from overscripted.run import Run

    shutil.copytree(work / "run" / "raw", out / "run" / "raw", copy_function=os.link)
    shutil.copy(work / "run" / "run.json", out / "run" / "run.json")
    began = time.monotonic()
    facts = run_etl(Run.open(out / "run"), engine)
    _took(began)
    shutil.move(out / "run" / "tables" / "calls", out / "calls")
    return int(facts["calls"])


def sql(work: Path, out: Path) -> int:
    """Hand-written SQL of a DuckDB expert: the same columns, order, roll-ups and encodings."""
    import duckdb
    import pyarrow as pa

    from overscripted import urls
    from overscripted.engines import copy_options
    from overscripted.etl.workspace import row_group

    began = time.monotonic()
    (out / "calls").mkdir()
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    raw = f"read_parquet('{work}/run/raw/calls/*.parquet')"
    origin = "regexp_extract({}, '^https?://[^/]*')"
    con.execute(f"CREATE VIEW raw AS FROM {raw}")
    keys = " UNION ".join(f"SELECT {origin.format(c)} AS key FROM raw" for c in ("location", "script_url"))
    names = [k for (k,) in con.execute(keys).fetchall()]
    hosts = [urls.host(n) for n in names]
    dim = pa.table(
        {"key": names, "host": hosts, "domain": [urls.registrable_domain(h) if h else "" for h in hosts]}
    )
    con.register("dim", dim)
    symbols = ", ".join(f"'{s}'" for s in sorted(study_symbols()))
    valid = f"""
        location SIMILAR TO 'https?://.*' AND operation IN ('get', 'set', 'call', 'set (failed)')
        AND regexp_matches(script_line, '^[0-9]+$')
        AND (coalesce(script_col, '') = '' OR regexp_matches(script_col, '^[0-9]+$'))
        AND (coalesce(script_loc_eval, '') = '' OR regexp_matches(script_loc_eval, '{EVAL}'))
        AND coalesce(script_url, '') <> '' AND NOT starts_with(coalesce(call_stack, ''), 'undefined')
        AND symbol IN ({symbols}) AND regexp_matches(time_stamp, '{MOMENT}')
        AND in_iframe IN ('true', 'false')
    """
    arguments = ", ".join(
        f"coalesce(json_extract_string(arguments, '$.\"{i}\"'), '') AS argument_{i}" for i in range(9)
    )
    # Compressed as hard as ours: else the comparison would be one of zstd levels.
    options, few = f"({copy_options()})", f"({copy_options(row_group('script_refs'))})"
    con.execute(f"""
        COPY (
            SELECT {arguments}, coalesce(arguments, '{{}}') AS arguments,
                   coalesce(len(json_keys(arguments)), 0) AS arguments_n_keys,
                   file_name || '__' || row AS call_id, coalesce(call_stack, '') AS call_stack, crawl_id,
                   file_name, func_name, in_iframe = 'true' AS in_iframe, location, operation,
                   TRY_CAST(script_col AS BIGINT) AS script_col, CAST(script_line AS BIGINT) AS script_line,
                   coalesce(script_loc_eval, '') AS script_loc_eval, script_url, symbol,
                   CAST(time_stamp AS TIMESTAMPTZ) AS time_stamp,
                   CASE WHEN value_len IS NULL THEN value END AS value, left(value, 1000) AS value_1000,
                   coalesce(value_len, length(value)) AS value_len, true AS valid, '' AS errors,
                   visit_id, frame_id, parent_frame_id, top_level_url, ordinal, realm,
                   l.host AS location_host, l.domain AS location_domain,
                   s.host AS script_host, s.domain AS script_domain,
                   s.domain <> '' AND s.domain <> l.domain AS is_third_party,
                   regexp_extract(script_loc_eval, '^line [0-9]* > ([A-Za-z]+)', 1) AS eval_kind,
                   len(regexp_extract_all(script_loc_eval, ' > ')) AS eval_depth, false AS repaired
            FROM raw
            LEFT JOIN dim AS l ON l.key = {origin.format("location")}
            LEFT JOIN dim AS s ON s.key = {origin.format("script_url")}
            WHERE {valid}
            ORDER BY location, crawl_id, visit_id, ordinal
        ) TO '{out}/calls/part.parquet' {options}
    """)
    con.execute(
        f"COPY (SELECT * FROM raw WHERE NOT coalesce({valid}, false)) TO '{out}/invalid.parquet' {options}"
    )
    con.execute(f"""
        CREATE TABLE uses AS
        SELECT crawl_id, visit_id, location, script_url, symbol, operation, count(*) AS n_valid,
               bool_and(in_iframe) AS in_iframe, max(top_level_url) AS top_level_url,
               count(*) FILTER (starts_with(script_loc_eval, 'line')) AS n_dynamic,
               max(eval_depth) AS eval_depth_max, min(time_stamp) AS first_time, max(time_stamp) AS last_time,
               any_value(location_host) AS location_host, any_value(location_domain) AS location_domain,
               any_value(script_host) AS script_host, any_value(script_domain) AS script_domain
        FROM '{out}/calls/part.parquet' GROUP BY ALL
    """)
    con.execute(f"COPY (FROM uses ORDER BY ALL) TO '{out}/symbol_counts.parquet' {options}")
    con.execute("""
        CREATE TABLE refs AS
        SELECT crawl_id, visit_id, location, script_url, sum(n_valid) AS n_calls, sum(n_dynamic) AS n_dynamic,
               count(DISTINCT symbol) AS n_symbols, max(eval_depth_max) AS eval_depth_max,
               min(first_time) AS first_time, max(last_time) AS last_time, bool_and(in_iframe) AS in_iframe,
               any_value(location_host) AS location_host, any_value(location_domain) AS location_domain,
               any_value(script_host) AS script_host, any_value(script_domain) AS script_domain
        FROM uses GROUP BY crawl_id, visit_id, location, script_url
    """)
    con.execute(f"COPY (FROM refs ORDER BY ALL) TO '{out}/script_refs.parquet' {few}")
    con.execute(f"""
        COPY (SELECT crawl_id, visit_id, location, count(*) AS n_scripts, sum(n_calls) AS n_calls,
                     sum(n_dynamic) AS n_dynamic FROM refs GROUP BY ALL ORDER BY ALL)
        TO '{out}/pages.parquet' {options}
    """)
    con.execute(f"""
        COPY (SELECT script_host, count(*) AS n_script_refs, count(DISTINCT script_url) AS n_scripts
              FROM refs GROUP BY ALL ORDER BY ALL) TO '{out}/hosts.parquet' {options}
    """)
    con.execute(
        f"COPY (FROM '{work}/run/raw/visits/*.parquet' ORDER BY visit_id) TO '{out}/visits.parquet' {options}"
    )
    _took(began)
    return int(con.execute(f"SELECT count(*) FROM '{out}/calls/part.parquet'").fetchall()[0][0])


def polars(work: Path, out: Path) -> int:
    """Polars, lazily: clean, type, sort, write; references. The same Python for hosts, once per origin."""
    import polars as pl

    from overscripted import urls

    began = time.monotonic()
    (out / "calls").mkdir()
    raw = pl.scan_parquet(f"{work}/run/raw/calls/*.parquet")
    origin = {
        c: pl.col(c).str.extract(r"^(https?://[^/]*)", 1).fill_null("") for c in ("location", "script_url")
    }
    keys = (
        pl.concat([raw.select(key=e).unique() for e in origin.values()]).unique().collect()["key"].to_list()
    )
    hosts = [urls.host(k) for k in keys]
    domains = [urls.registrable_domain(h) if h else "" for h in hosts]
    valid = (
        pl.col("location").str.contains(r"^https?://")
        & pl.col("operation").is_in(OPERATIONS)
        & pl.col("script_line").str.contains(r"^[0-9]+$")
        & (pl.col("script_col").fill_null("").str.contains(r"^[0-9]*$"))
        & (pl.col("script_loc_eval").fill_null("").str.contains(EVAL))
        & (pl.col("script_url").fill_null("") != "")
        & ~pl.col("call_stack").fill_null("").str.starts_with("undefined")
        & pl.col("symbol").is_in(list(study_symbols()))
        & pl.col("time_stamp").str.contains(MOMENT)
        & pl.col("in_iframe").is_in(["true", "false"])
    ).fill_null(False)
    good = raw.filter(valid)
    for name, column in (("location", "location"), ("script", "script_url")):
        side = pl.DataFrame({"key": keys, f"{name}_host": hosts, f"{name}_domain": domains}).lazy()
        good = good.with_columns(key=origin[column]).join(side, on="key", how="left").drop("key")
    calls = good.with_columns(
        *(
            pl.col("arguments").str.json_path_match(f"$.{i}").fill_null("").alias(f"argument_{i}")
            for i in range(9)
        ),
        call_id=pl.col("file_name") + "__" + pl.col("row").cast(pl.String),
        in_iframe=pl.col("in_iframe") == "true",
        script_line=pl.col("script_line").cast(pl.Int64),
        script_col=pl.col("script_col").cast(pl.Int64, strict=False),
        time_stamp=pl.col("time_stamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us"),
        value_1000=pl.col("value").str.slice(0, 1000),
        value_len=pl.col("value").str.len_chars(),
        is_third_party=(pl.col("script_domain") != "")
        & (pl.col("script_domain") != pl.col("location_domain")),
        eval_kind=pl.col("script_loc_eval").str.extract(r"^line [0-9]* > ([A-Za-z]+)", 1),
    ).sort("location", "script_url", "symbol", "crawl_id", "visit_id", "ordinal")
    frame = calls.collect()
    frame.write_parquet(out / "calls" / "part.parquet", compression="zstd")
    raw.filter(~valid).collect().write_parquet(out / "invalid.parquet", compression="zstd")
    refs = frame.group_by("crawl_id", "visit_id", "location", "script_url").agg(
        n_calls=pl.len(), n_symbols=pl.col("symbol").n_unique(), first_time=pl.col("time_stamp").min()
    )
    refs.write_parquet(out / "script_refs.parquet", compression="zstd")
    _took(began)
    return frame.height


def pandas(work: Path, out: Path) -> int:
    """pandas as in the study's notebooks: one segment at a time, string methods, apply for arguments."""
    began = time.monotonic()
    (out / "calls").mkdir()
    found = [_segment(*given, out) for given in enumerate(_segments(work))]
    return _references(found, out, began)


def dask(work: Path, out: Path) -> int:
    """The same in Dask: one task per segment, one process per core."""
    from dask import compute, delayed

    began = time.monotonic()
    (out / "calls").mkdir()
    tasks = [delayed(_segment)(*given, out) for given in enumerate(_segments(work))]
    return _references(compute(*tasks, scheduler="processes"), out, began)


def _segments(work: Path) -> list[Path]:
    return sorted((work / "run" / "raw" / "calls").glob("*.parquet"))


def _references(found: Sequence[Any], out: Path, began: float) -> int:
    import pandas as pd

    pd.concat(found).groupby(level=[0, 1, 2, 3]).sum().to_frame("n").to_parquet(out / "script_refs.parquet")
    _took(began)
    return int(sum(refs.sum() for refs in found))


def _segment(number: int, path: Path, out: Path) -> Any:
    """Clean and write a segment; return its references."""
    import pandas as pd

    from overscripted import urls

    raw = pd.read_parquet(path)
    text = raw.fillna({c: "" for c in ("script_col", "script_loc_eval", "script_url", "call_stack")})
    valid = (
        (
            text.location.str.match(r"https?://")
            & text.operation.isin(OPERATIONS)
            & text.script_line.str.fullmatch("[0-9]+")
            & text.script_col.str.fullmatch("[0-9]*")
            & text.script_loc_eval.str.match(EVAL)
            & (text.script_url != "")
            & ~text.call_stack.str.startswith("undefined")
            & text.symbol.isin(study_symbols())
            & text.time_stamp.str.match(MOMENT)
            & text.in_iframe.isin(["true", "false"])
        )
        .fillna(False)
        .astype(bool)
    )
    raw[~valid].to_parquet(out / f"invalid-{number}.parquet", compression="zstd")
    calls = text[valid].copy()
    given = calls.arguments.fillna("{}").apply(json.loads)
    for i in range(9):
        calls[f"argument_{i}"] = given.apply(lambda found, i=i: str(found.get(str(i), "")))
    calls["call_id"] = calls.file_name + "__" + calls.row.astype(str)
    calls["script_line"] = calls.script_line.astype("int64")
    calls["script_col"] = pd.to_numeric(calls.script_col)
    calls["time_stamp"] = pd.to_datetime(calls.time_stamp)
    calls["value_1000"], calls["value_len"] = calls.value.str[:1000], calls.value.str.len()
    for name, column in (("location", "location"), ("script", "script_url")):
        calls[f"{name}_host"] = calls[column].map(urls.host)
        calls[f"{name}_domain"] = calls[column].map(urls.domain)
    calls["is_third_party"] = (calls.script_domain != "") & (calls.script_domain != calls.location_domain)
    calls = calls.sort_values(["location", "script_url", "symbol", "ordinal"])
    calls.to_parquet(out / "calls" / f"{number}.parquet", compression="zstd")
    return calls.groupby(["crawl_id", "visit_id", "location", "script_url"]).size()


def study(work: Path, out: Path) -> int:
    """The study's job, step by step as in its notebook (data_prep of mozilla/overscripted).

    It parses whole files, with one validator per file. For each row it calls ``is_valid`` and, if that
    fails, lists all errors. ``literal_eval`` reads the arguments of a valid row. Spark infers the types of
    the tuples and computes length, beginning and time as columns. There are two writes, and each parses
    everything. A partition has 690 files, as in the study's 3,000 partitions.
    """
    from pyspark.sql import functions as f
    from pyspark.sql.types import TimestampType

    from overscripted.engines import open_engine

    began = time.monotonic()  # with the start of Spark, as for ours
    engine = open_engine("spark")
    session = engine.session  # type: ignore[attr-defined]
    folder = work / "few" / "json"
    known = json.loads((work / "few" / "truth.json").read_text("utf-8"))["symbols"]
    schema = session.sparkContext.broadcast(study_schema(sorted(known, key=known.get, reverse=True)))

    def process(item: tuple[str, str]) -> list[tuple[Any, ...]]:
        return [tuple(row.get(c, "") for c in STUDY_COLUMNS) for row in study_rows(*item, schema.value)]

    parts = max(2, sum(1 for _ in folder.iterdir()) // 690)
    rows = session.sparkContext.wholeTextFiles(str(folder), parts).flatMap(process)
    frame = session.createDataFrame(rows, schema=list(STUDY_COLUMNS))
    good = frame.filter(frame.valid == True)  # noqa: E712  a column
    good = good.withColumn("value_len", f.length(good.value))
    good = good.withColumn("value_1000", good.value.substr(0, 1000))
    good = good.withColumn("time_stamp", good.time_stamp.cast(TimestampType()))
    good.coalesce(3000).write.parquet(str(out / "calls"), compression="snappy")
    bad = frame.filter(frame.valid == False)  # noqa: E712
    bad.coalesce(100).write.parquet(str(out / "invalid"), compression="snappy")
    _took(began)
    n = session.read.parquet(str(out / "calls")).count()
    engine.close()
    return int(n)


STUDY_COLUMNS = (
    *(f"argument_{i}" for i in range(9)),
    *("arguments", "arguments_n_keys", "call_id", "call_stack", "crawl_id", "file_name", "func_name"),
    *("in_iframe", "location", "operation", "script_col", "script_line", "script_loc_eval", "script_url"),
    *("symbol", "time_stamp", "value", "value_1000", "value_len", "valid", "errors"),
)


def study_schema(symbols: list[str]) -> dict[str, Any]:
    """The study's JSON schema of a row. Its symbols are in the order of their frequency, as in the study."""
    text = {"type": "string"}
    moment = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"
    fields: dict[str, dict[str, Any]] = {
        "arguments": text,
        "call_stack": text | {"pattern": "^$|^(?!undefined).*$|"},
        "crawl_id": {"const": 1},  # no word of draft 4: not checked
        "func_name": text,
        "in_iframe": {"type": "boolean"},
        "location": text | {"format": "uri", "pattern": r"^(https?|http?):\/\/\S*"},
        "operation": text | {"enum": OPERATIONS},
        "script_col": text | {"pattern": "^$|^[0-9]+$"},
        "script_line": text | {"pattern": "^[0-9]+$"},
        "script_loc_eval": text | {"pattern": f"^$|{EVAL}"},
        "script_url": text | {"minLength": 1},
        "symbol": text | {"enum": [*symbols, *sorted(study_symbols() - set(symbols))]},
        "time_stamp": text
        | {"format": "date-time", "pattern": rf"^{moment}.?\d{{0,3}}Z$|^{moment}\+\d{{4}}$"},
        "value": text,
    }
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name != "arguments"],
    }


def study_rows(path: str, text: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one location's file."""
    import jsonschema

    validator = jsonschema.Draft4Validator(schema)
    try:
        rows = json.loads(f"[{text[1:-1]}]")
    except ValueError as error:
        rows = [{"errors": f"Error converting raw_data into json: {error}"}]
    name = path.rsplit("/", 1)[-1]
    for number, row in enumerate(rows):
        errors = row.get("errors")
        valid = errors is None and validator.is_valid(row)
        if errors is None:
            errors = "" if valid else study_errors(row, validator)
        row |= {"file_name": name, "call_id": f"{name}__{number}", "valid": valid, "errors": errors}
        if valid:
            study_arguments(row)
    return rows


def study_errors(row: dict[str, Any], validator: Any) -> str:
    """The errors of a row, in the study's words."""
    errors = ""
    for error in validator.iter_errors(row):
        try:
            errors += f"{error.path[0]}: {error.instance[:75]} not valid ||\n"
        except (IndexError, TypeError):
            errors += "Could not parse JSON Schema error."
    return errors


def study_arguments(row: dict[str, Any]) -> None:
    """One column per argument, read as a Python literal."""
    import ast

    text = row.setdefault("arguments", "{}")
    for json_word, word in (("false", "False"), ("true", "True"), ("null", "None")):
        text = text.replace(json_word, word)
    try:
        given = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        given = {}
    row["arguments_n_keys"] = len(given)
    row |= {f"argument_{n}": given.get(str(n), "") for n in range(len(given))}


_seconds: list[float] = []


def _took(began: float) -> None:
    _seconds.append(time.monotonic() - began)


RUN: dict[str, Callable[[Path, Path], int]] = {
    f.__name__: f for f in (duckdb, spark, sql, polars, pandas, dask, study)
}

if __name__ == "__main__":
    name, work, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    valid = RUN[name](work, out)
    print(json.dumps({"valid": valid, "seconds": _seconds[-1]}))
