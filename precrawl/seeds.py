"""Combines the links of all vantage points into seeds and figures. DuckDB groups and joins them on disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout, urls
from overscripted.outcomes import REACHED
from overscripted.precrawl import results
from overscripted.precrawl.settings import SEED_SITES
from overscripted.schemas import PRECRAWL
from overscripted.sql import quoted
from overscripted.store import Store

MEMORY = "300MB"  # of DuckDB; beyond this it works on disk
_BATCH = 20_000  # rows at a time
# The host of a serialised http(s) URL. User info has no unescaped @ or /.
_HOST = r"^https?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)"

# The figures of the study by the same names (from its blog post and notebooks, 2017).
STUDY = {
    "sites": 10_000,
    "vantages": 4,
    "union": 2_150_251,
    "intersection": 981_545,
    "quorum": [4, 4],
    "seeds": 981_545,
    "domains_union": 41_166,
    "domains_intersection": 34_809,
}


@contextmanager
def combined(store: Store, names: list[str]) -> Iterator["Combined"]:
    """The links and outcomes of these vantage points, on disk as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder, results.scratch(MEMORY) as engine:
        engine.execute("SET preserve_insertion_order = false")
        yield Combined(engine, store, names, Path(folder))


class Combined:
    """The links of all vantage points. Each vantage point is a bit of ``mask``, in the order of ``names``."""

    def __init__(self, engine: Any, store: Store, names: list[str], folder: Path) -> None:
        self._db, self._store, self.names, self._folder = engine, store, names, folder
        self._db.execute("CREATE TABLE seen (link TEXT, site TEXT, rank BIGINT, mask BIGINT)")
        self._db.execute(
            "CREATE TABLE outcome (vantage INT, site TEXT, outcome TEXT, started TIMESTAMPTZ, elapsed DOUBLE)"
        )
        for number, name in enumerate(names):
            links, outcomes, _ = results.keys(name)
            self._read(
                links, ["site", "rank", "link"], f"INSERT INTO seen SELECT link, site, rank, {1 << number}"
            )
            self._read(
                outcomes,
                ["site", "outcome", "started", "elapsed_s"],
                f"INSERT INTO outcome SELECT {number}, site, outcome, started, elapsed_s",
            )
        # One row per link and site, then one row per link.
        self._db.execute(
            "CREATE TABLE pair AS SELECT link, site, min(rank) AS rank, bit_or(mask) AS mask "
            "FROM seen GROUP BY link, site"
        )
        self._db.execute("DROP TABLE seen")
        self._db.execute(
            "CREATE TABLE link AS SELECT link, bit_or(mask) AS mask, count(*) AS n_sites, "
            f"regexp_extract(link, '{_HOST}', 1) AS host FROM pair GROUP BY link"
        )
        self._domains()

    def _read(self, key: str, columns: list[str], insert: str) -> None:
        self._db.register("part", results.reader(self._store, key, columns))
        self._db.execute(f"{insert} FROM part")
        self._db.unregister("part")

    def _domains(self) -> None:
        """Find the registrable domain of each distinct host."""
        self._db.execute("CREATE TABLE host (host TEXT, domain TEXT)")
        hosts = self._db.sql("SELECT DISTINCT host FROM link").to_arrow_reader(_BATCH)
        found = self._folder / "hosts.parquet"
        schema = pa.schema([("host", pa.string()), ("domain", pa.string())])
        with pq.ParquetWriter(found, schema) as writer:
            for batch in hosts:
                names = batch.column(0).to_pylist()
                domains = [urls.registrable_domain(n) for n in names]
                writer.write_batch(
                    pa.record_batch(
                        [pa.array(names, pa.string()), pa.array(domains, pa.string())], schema=schema
                    )
                )
        self._db.register("found", results.local_reader(found))
        self._db.execute("INSERT INTO host FROM found")
        self._db.unregister("found")

    def write_seeds(self, store: Store, key: str, quorum: int, drop: tuple[str, ...] = ()) -> int:
        """Write the links that at least ``quorum`` vantage points saw, most linked first; their number.

        ``drop``: leave out links that the load check found to be ``failed`` or ``duplicates``.
        """
        without = ""
        if "failed" in drop:
            without += f" AND link NOT IN (SELECT url FROM checked WHERE outcome <> '{REACHED}')"
        if "duplicates" in drop:
            without += " AND link NOT IN (SELECT url FROM duplicate)"
        self._db.execute(
            "CREATE OR REPLACE TABLE seed AS SELECT link, mask, n_sites, domain "
            f"FROM link JOIN host USING (host) WHERE bit_count(mask) >= {int(quorum)} {without}"
        )
        rows = self._db.sql(
            "WITH first AS (SELECT link, site, rank FROM pair SEMI JOIN seed USING (link) "
            "QUALIFY row_number() OVER (PARTITION BY link ORDER BY rank, site) <= "
            f"{SEED_SITES}), "
            "named AS (SELECT link, list(site ORDER BY rank, site) AS sites FROM first GROUP BY link) "
            "SELECT link AS seed, domain, mask, n_sites, sites FROM seed JOIN named USING (link) "
            "ORDER BY n_sites DESC, link"
        ).to_arrow_reader(_BATCH)
        schema, count = PRECRAWL["seeds"].schema, 0
        store.make_folder(key.rpartition("/")[0])
        with (
            store.fs.open(store.path(key), "wb") as file,
            pq.ParquetWriter(file, schema, compression="zstd") as out,
        ):
            for batch in rows:
                seen = [self.of(mask) for mask in batch.column("mask").to_pylist()]
                columns = [batch.column(n) for n in ("seed", "domain", "n_sites", "sites")]
                columns.insert(2, pa.array(seen, pa.list_(pa.string())))
                out.write_table(pa.table(columns, names=schema.names).cast(schema))
                count += batch.num_rows
        return count

    def of(self, mask: int) -> list[str]:
        """The vantage points of a mask."""
        return [name for number, name in enumerate(self.names) if mask >> number & 1]

    def write_links(self, out: Path, of: str, quorum: int) -> int:
        """Write the union, or the seeds, as a plan for the load check; their number.

        The registrable domains take turns, so that few URLs wait until their domain has rested.
        """
        where = "" if of == "union" else f"WHERE bit_count(mask) >= {int(quorum)}"
        self._db.execute(
            f"COPY (SELECT link AS site, 0 AS rank, domain FROM link JOIN host USING (host) {where} "
            "ORDER BY row_number() OVER (PARTITION BY domain ORDER BY n_sites DESC, link), n_sites DESC, "
            f"link) TO {quoted(str(out))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_BATCH})"
        )
        return int(pq.ParquetFile(out).metadata.num_rows)

    def read_check(self, of: str) -> dict[str, Any]:
        """Read precrawl/check.parquet; its figures."""
        self._db.execute("CREATE TABLE checked (url TEXT, outcome TEXT, final_url TEXT)")
        self._read(layout.LOAD_CHECK, ["url", "outcome", "final_url"], "INSERT INTO checked SELECT *")
        # Of the URLs that lead to one page, its own URL is no duplicate; without it, the first is none.
        self._db.execute(
            f"CREATE TABLE duplicate AS SELECT url FROM checked WHERE outcome = '{REACHED}' QUALIFY "
            "row_number() OVER (PARTITION BY final_url ORDER BY url <> final_url, url) > 1"
        )
        reasons = "SELECT outcome, count(*) FROM checked GROUP BY 1 ORDER BY 2 DESC, 1"
        by_outcome = dict(self._db.execute(reasons).fetchall())
        total = sum(by_outcome.values())
        loaded = by_outcome.pop(REACHED, 0)
        return {
            "of": of,
            "checked": total,
            "loaded": loaded,
            "failed": total - loaded,
            "failed_by_reason": by_outcome,
            "redirected": self._scalar("SELECT count(*) FROM checked WHERE final_url <> url"),
            "duplicates": self._scalar("SELECT count(*) FROM duplicate"),
        }

    def figures(self, quorum: int) -> dict[str, Any]:
        """The content of summary.json without the seeds."""
        n = len(self.names)
        all_vantages = (1 << n) - 1
        overlap = self._db.execute(
            "SELECT mask, count(*) FROM link GROUP BY mask ORDER BY 2 DESC, 1"
        ).fetchall()
        counts = self._db.execute(
            "SELECT count(DISTINCT domain), count(DISTINCT domain) FILTER (WHERE mask = $1), "
            "count(DISTINCT domain) FILTER (WHERE bit_count(mask) >= $2) FROM link JOIN host USING (host)",
            [all_vantages, quorum],
        ).fetchone()
        return {
            "sites": self._scalar("SELECT count(DISTINCT site) FROM outcome"),
            "vantages": {name: self._vantage(i) for i, name in enumerate(self.names)},
            "union": sum(links for _, links in overlap),
            "intersection": sum(links for mask, links in overlap if mask == all_vantages),
            "quorum": [quorum, n],
            "domains_union": counts[0],
            "domains_intersection": counts[1],
            "domains_seeds": counts[2],
            "overlap": [{"vantages": self.of(mask), "links": links} for mask, links in overlap],
            "skew": self._skew(),
            "study": STUDY,
        }

    def _vantage(self, number: int) -> dict[str, Any]:
        failed = dict(
            self._db.execute(
                f"SELECT outcome, count(*) FROM outcome WHERE vantage = $1 AND outcome <> '{REACHED}' "
                "GROUP BY 1 ORDER BY 2 DESC, 1",
                [number],
            ).fetchall()
        )
        sites = self._scalar("SELECT count(*) FROM outcome WHERE vantage = $1", number)
        links = self._scalar("SELECT count(*) FROM link WHERE mask & $1 <> 0", 1 << number)
        # Seconds at work. Where nothing began for over a minute, the work was interrupted.
        busy = self._scalar(
            "SELECT coalesce(sum(least(gap, 60)) FILTER (WHERE gap IS NOT NULL), 0) "
            "+ coalesce(max(elapsed), 0) FROM (SELECT elapsed, epoch(started) - lag(epoch(started)) "
            "OVER (ORDER BY started) AS gap FROM outcome WHERE vantage = $1)",
            number,
        )
        skew = self._db.execute(
            "SELECT median(late), quantile_cont(late, 0.95), max(late) FROM (SELECT vantage, "
            "epoch(started) - min(epoch(started)) OVER (PARTITION BY site) AS late FROM outcome) "
            "WHERE vantage = $1",
            [number],
        ).fetchone()
        return {
            "sites": sites,
            "reached": sites - sum(failed.values()),
            "failed": sum(failed.values()),
            "failed_by_reason": failed,
            "links": links,
            "pages_per_s": round(sites / busy, 2) if busy else None,
            "skew_s": _rounded(skew[0]),
            "skew_s_p95": _rounded(skew[1]),
            "skew_s_max": _rounded(skew[2]),
        }

    def _skew(self) -> dict[str, Any]:
        """Seconds between the first and the last vantage point's visit of a site."""
        row = self._db.execute(
            "SELECT median(spread), quantile_cont(spread, 0.95), max(spread) FROM "
            "(SELECT max(epoch(started)) - min(epoch(started)) AS spread FROM outcome GROUP BY site)"
        ).fetchone()
        return {"median_s": _rounded(row[0]), "p95_s": _rounded(row[1]), "max_s": _rounded(row[2])}

    def _scalar(self, query: str, *values: Any) -> Any:
        return self._db.execute(query, list(values)).fetchone()[0]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
