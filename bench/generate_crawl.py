"""Write the raw records of a made-up crawl of any size: all tables that the analyses read.

    python bench/generate_crawl.py RUN --calls 1000000 [--calls-per-visit 1400]

It is a run whose crawl has ended: ``overscripted etl RUN`` makes its tables. DuckDB makes the rows of a visit
from the visit's number alone (bench/generate_crawl.sql), so that any size takes the same memory, and one
size is the beginning of another.

Ratios are rounded from published ones: the study's 1,400 calls a page, some 80 requests and 25 cookies (Web
Almanac 2025), one page in five with a form that is filled. Domains, scripts and symbols are heavy-tailed. A
third of third parties' cookies identify; one query in 30 sends such a value on to another domain; one filled
page in ten sends what was typed to a third party.
"""

import argparse
from pathlib import Path

import duckdb
import pyarrow as pa

from overscripted import layout, tokens
from overscripted.run import Run
from overscripted.schemas import RAW

HERE = Path(__file__).resolve().parent
CALLS_PER_VISIT = 1_400
VISITS_PER_SEGMENT = 700  # one segment has about a million calls

# Symbols of calls in a thousand, and the operation: the study's commonest, and those that rules ask for.
SYMBOLS = (
    *[("window.document.cookie", "get", 290), ("window.document.cookie", "set", 25)],
    *[("window.navigator.userAgent", "get", 130), ("window.Storage.getItem", "call", 93)],
    *[("window.localStorage", "get", 77), ("window.Storage.setItem", "call", 37)],
    *[("window.sessionStorage", "get", 36), ("window.Storage.removeItem", "call", 22)],
    *[("window.name", "get", 19), ("window.name", "set", 2)],
    *[("window.screen.colorDepth", "get", 15), ("window.navigator.platform", "get", 14)],
    *[("window.navigator.language", "get", 12), ("window.screen.width", "get", 12)],
    *[("CanvasRenderingContext2D.fillStyle", "set", 18), ("CanvasRenderingContext2D.fillText", "call", 6)],
    *[("CanvasRenderingContext2D.measureText", "call", 10), ("CanvasRenderingContext2D.font", "set", 8)],
    *[("HTMLCanvasElement.getContext", "call", 6), ("HTMLCanvasElement.toDataURL", "call", 2)],
    *[("WebGLRenderingContext.getParameter", "call", 6), ("RTCPeerConnection.createDataChannel", "call", 1)],
    *[("EventTarget.addEventListener", "call", 90), ("MutationObserver.observe", "call", 8)],
    *[("window.eval", "call", 1), ("window.Function", "call", 1), ("Document.write", "call", 1)],
    *[("Element.setAttribute", "call", 58)],
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--calls-per-visit", type=int, default=CALLS_PER_VISIT)
    options = parser.parse_args()
    visits = generate(options.run, options.calls, options.calls_per_visit)
    print(f"{visits:,} visits, {visits * options.calls_per_visit:,} calls")


def generate(folder: Path, calls: int, calls_per_visit: int = CALLS_PER_VISIT) -> int:
    """Write the raw tables of a run of about so many calls; how many visits there are."""
    visits = max(1, round(calls / calls_per_visit))
    run = Run.open(folder, create=True)
    run.begin("crawl", {})
    con = duckdb.connect(config={"preserve_insertion_order": "false"})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE TABLE v (v BIGINT); CREATE TABLE typed (v BIGINT, email VARCHAR)")
    con.execute("CREATE TABLE drawn (draw BIGINT, symbol VARCHAR, operation VARCHAR)")
    con.executemany("INSERT INTO drawn VALUES (?, ?, ?)", _drawn())
    con.execute("SET VARIABLE calls = ?", [calls_per_visit])
    con.execute(HERE.joinpath("generate_crawl.sql").read_text("utf-8"))
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    names = sorted({name for (name,) in views} & RAW.keys())
    for name in names:
        (folder / layout.raw(name)).mkdir(parents=True)
        con.register(f"no_{name}", RAW[name].schema.empty_table())  # all columns, with their types
    for first in range(0, visits, VISITS_PER_SEGMENT):
        numbers = range(first, min(first + VISITS_PER_SEGMENT, visits))
        con.execute("DELETE FROM v; DELETE FROM typed")
        con.execute(f"INSERT INTO v FROM range({numbers.start}, {numbers.stop})")
        emails = pa.table({"v": list(numbers), "email": [tokens.values(7, v)["email"] for v in numbers]})
        con.register("emails", emails)
        con.execute("INSERT INTO typed FROM emails")
        for name in names:
            file = folder / layout.raw(name) / f"bench-{first:09}.parquet"
            rows = f"FROM no_{name} UNION ALL BY NAME FROM {name}"
            con.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    con.close()
    run.finish("crawl", facts={"visits": visits})
    return visits


def _drawn() -> list[tuple[int, str, str]]:
    """A thousand symbols with their operations, each as often as its share; `calls` draws from them."""
    every = [(symbol, operation) for symbol, operation, n in SYMBOLS for _ in range(n)]
    return [(draw, *every[draw % len(every)]) for draw in range(1, 1001)]


if __name__ == "__main__":
    main()
