"""One contender of bench/etl.py: ``python -m bench.etl_peers NAME WORK OUT``; prints its count as JSON."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from etl.symbols import STUDY_2017

OPERATIONS = ["get", "set", "call", "set (failed)"]
EVAL = r"^(line [0-9]* > (eval|Function)[ ]?)*$"
MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?(Z|\+0000)$"


def duckdb(work: Path, out: Path) -> int:
    return _ours(work, out, "duckdb")


def spark(work: Path, out: Path) -> int:
    return _ours(work, out, "spark")


def _ours(work: Path, out: Path, engine: str) -> int:
    from etl.run import run_etl
    from overscripted.run import Run

    shutil.copytree(work / "run" / "raw", out / "run" / "raw")
    shutil.copy(work / "run" / "run.json", out / "run" / "run.json")
    began = time.monotonic()
    facts = run_etl(Run.open(out / "run"), engine)
    _took(began)
    shutil.move(out / "run" / "tables" / "calls", out / "calls")
    return int(facts["calls"])


def sql(work: Path, out: Path) -> int:
    """What someone who knows DuckDB writes: the same columns, order, roll-ups and encodings."""
    import duckdb
    import pyarrow as pa

    from overscripted import urls
    from overscripted.engines import ROW_GROUP, ZSTD_LEVEL

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
    symbols = ", ".join(f"'{s}'" for s in sorted(STUDY_2017))
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
    options = (
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL}, PARQUET_VERSION V2, "
        f"ROW_GROUP_SIZE {ROW_GROUP})"
    )
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
    con.execute(f"COPY (FROM refs ORDER BY ALL) TO '{out}/script_refs.parquet' {options}")
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
    """Polars, lazily: clean, type, sort, write; references. Hosts by the same Python, once an origin."""
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
        & pl.col("symbol").is_in(list(STUDY_2017))
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
    """pandas as in the study's notebooks: a segment at a time, string methods, apply for arguments."""
    import pandas as pd

    from overscripted import urls

    began = time.monotonic()
    (out / "calls").mkdir()
    total, refs = 0, []
    for number, path in enumerate(sorted((work / "run" / "raw" / "calls").glob("*.parquet"))):
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
                & text.symbol.isin(STUDY_2017)
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
        refs.append(calls.groupby(["crawl_id", "visit_id", "location", "script_url"]).size())
        total += len(calls)
    pd.concat(refs).groupby(level=[0, 1, 2, 3]).sum().to_frame("n").to_parquet(out / "script_refs.parquet")
    _took(began)
    return total


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["location", "operation", "script_line", "script_url", "symbol", "time_stamp", "in_iframe"],
    "properties": {
        "location": {"type": "string", "pattern": r"^https?://\S*"},
        "operation": {"enum": OPERATIONS},
        "script_line": {"type": "string", "pattern": "^[0-9]+$"},
        "script_col": {"type": "string", "pattern": "^[0-9]*$"},
        "script_loc_eval": {"type": "string", "pattern": EVAL},
        "script_url": {"type": "string", "minLength": 1},
        "call_stack": {"type": "string", "pattern": "^(?!undefined)"},
        "symbol": {"enum": sorted(STUDY_2017)},
        "time_stamp": {"type": "string", "pattern": MOMENT},
        "in_iframe": {"type": "boolean"},
    },
}


def study(work: Path, out: Path) -> int:
    """The study's job as its code and its blog tell: whole files, a row at a time in Python, twice."""
    from overscripted.engines import open_engine

    engine = open_engine("spark")
    session = engine.session  # type: ignore[attr-defined]
    began = time.monotonic()

    def parse(item: tuple[str, str]) -> Any:
        import ast
        from datetime import datetime

        import jsonschema

        validator = jsonschema.Draft7Validator(SCHEMA)
        path, body = item
        file_name = path.rsplit("/", 1)[-1]
        for number, record in enumerate(json.loads("[" + body[1:-1] + "]")):
            errors = [error.message[:100] for error in validator.iter_errors(record)]
            given = ast.literal_eval(record.get("arguments") or "{}")
            value = record.get("value") or ""
            yield {
                **{f"argument_{i}": str(given.get(str(i), "")) for i in range(9)},
                **{k: str(record.get(k) or "") for k in ("call_stack", "func_name", "location", "operation")},
                **{k: str(record.get(k) or "") for k in ("script_loc_eval", "script_url", "symbol")},
                "arguments": record.get("arguments") or "{}",
                "arguments_n_keys": len(given),
                "call_id": f"{file_name}__{number}",
                "crawl_id": int(record["crawl_id"]),
                "file_name": file_name,
                "in_iframe": bool(record.get("in_iframe")),
                "script_col": str(record.get("script_col")),
                "script_line": str(record.get("script_line")),
                "time_stamp": datetime.strptime(record["time_stamp"], "%Y-%m-%dT%H:%M:%S.%fZ"),
                "value": value,
                "value_1000": value[:1000],
                "value_len": len(value),
                "valid": not errors,
                "errors": "; ".join(errors),
            }

    from pyspark.sql import types as t

    numbers = ("arguments_n_keys", "crawl_id", "value_len")
    kinds = {n: t.LongType() for n in numbers} | {n: t.BooleanType() for n in ("in_iframe", "valid")}
    kinds["time_stamp"] = t.TimestampType()
    names = [*(f"argument_{i}" for i in range(9)), "arguments", "arguments_n_keys", "call_id", "call_stack"]
    names += ["crawl_id", "file_name", "func_name", "in_iframe", "location", "operation", "script_col"]
    names += ["script_line", "script_loc_eval", "script_url", "symbol", "time_stamp", "value", "value_1000"]
    names += ["value_len", "valid", "errors"]
    schema = t.StructType([t.StructField(n, kinds.get(n, t.StringType())) for n in names])
    files = session.sparkContext.wholeTextFiles(str(work / "few" / "json"), 8)
    frame = session.createDataFrame(files.flatMap(parse), schema)
    frame.filter("valid").write.parquet(str(out / "calls"), compression="snappy")
    frame.filter("not valid").write.parquet(str(out / "invalid"), compression="snappy")
    _took(began)
    n = session.read.parquet(str(out / "calls")).count()
    engine.close()
    return int(n)


_seconds: list[float] = []


def _took(began: float) -> None:
    _seconds.append(time.monotonic() - began)


RUN: dict[str, Callable[[Path, Path], int]] = {
    f.__name__: f for f in (duckdb, spark, sql, polars, pandas, study)
}

if __name__ == "__main__":
    name, work, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    valid = RUN[name](work, out)
    print(json.dumps({"valid": valid, "seconds": _seconds[-1]}))
