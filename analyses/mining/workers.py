"""Workers of one script beside the number of cores that the page read, and the CPU time of idle pages."""

from typing import Any, NamedTuple

import ibis
from ibis import _

from overscripted.analyses.mining.seen import Visit, of_seen, seen
from overscripted.analyses.model import Inputs
from overscripted.visit_groups import VISIT

CORES = "window.navigator.hardwareConcurrency"
MIN_WORKERS = 2  # of one script: nearly every page with a worker has one
SPARED = 1  # cores that are left to the page itself
MIN_CORES_USED = 0.3  # on average after the load; on a busy machine a worker that never rests got 0.5
HELD_BACK_S = 10.0  # of CPU after the load: then the crawl lets others go first (its YIELD_CPU_S)
MIN_SECONDS = 5.0  # of looks at the processes after the load
MIN_OF_WORKERS = 0.5  # of a page's CPU time, in threads of workers: a game draws in its window


class Pool(NamedTuple):
    """The largest number of workers that one script makes on a page, at one place or of one URL."""

    workers: int
    worker_url: str
    maker: str
    cores: int | None  # as the page read them; None if it did not

    @property
    def full(self) -> bool:
        """Whether there is a worker for each core, but for those that are spared."""
        return self.cores is not None and self.workers >= max(MIN_WORKERS, self.cores - SPARED)

    @property
    def lacks(self) -> str:
        """What it lacks to be full."""
        if self.full:
            return ""
        return "no cores read" if self.cores is None else f"{self.workers} workers for {self.cores} cores"


def pools(inputs: Inputs) -> dict[Visit, Pool]:
    """The largest pool of each visit that makes `MIN_WORKERS` workers of one script."""
    edges = of_seen(inputs, "script_edges").filter(_.how.isin(["worker", "shared worker"]))
    # A blob: URL is another one for each worker, so the place counts where it is known.
    place = ibis.ifelse(edges.parent_line.isnull(), edges.script_url, "")
    of_place = edges.group_by(
        *VISIT, place=place, parent=edges.parent_url, line=edges.parent_line, col=edges.parent_col
    ).agg(workers=edges.n.sum().cast("int64"), worker_url=edges.script_url.min())
    order = [ibis.desc("workers"), "worker_url", "parent", "line", "col"]
    rank = ibis.row_number().over(group_by=VISIT, order_by=order)
    most = of_place.filter(of_place.workers >= MIN_WORKERS).mutate(rank=rank).filter(_.rank == 0)
    rows = inputs.rows(most.select(*VISIT, "workers", "worker_url", "parent"))
    cores = _cores(inputs) if rows else {}
    return {
        (visit := (row["crawl_id"], row["visit_id"])): Pool(
            row["workers"], row["worker_url"], row["parent"] or "", cores.get(visit)
        )
        for row in rows
    }


def _cores(inputs: Inputs) -> dict[Visit, int]:
    """The number of cores, of the visits that read it."""
    calls = inputs.table("calls").filter(_.symbol == CORES, _.operation == "get")
    number = calls.value.re_extract(r"^(\d{1,4})(?:\.0)?$", 1).nullif("").cast("int64")
    rows = calls.group_by(VISIT).agg(cores=number.max())
    return {(row["crawl_id"], row["visit_id"]): row["cores"] or 0 for row in inputs.rows(rows)}


class Load(NamedTuple):
    """The CPU time of a page after its load, in cores and seconds, and the part of workers in all of it."""

    cores: float
    of_workers: float
    cpu_s: float
    seconds: float

    @property
    def computes(self) -> bool:
        """Whether its workers compute as long as the page is open."""
        enough = self.cores >= MIN_CORES_USED or self.cpu_s >= HELD_BACK_S
        return enough and self.seconds >= MIN_SECONDS and self.of_workers >= MIN_OF_WORKERS


def loads(inputs: Inputs) -> dict[Visit, Load]:
    """The load of each visit on whose page nothing is done and that takes much CPU time after the load."""
    rows = of_seen(inputs, "visit_processes")
    of_visit = rows.group_by(VISIT).agg(
        cpu=rows.cpu_s.sum(),
        workers=rows.worker_cpu_s.sum(),
        used=rows.dwell_cpu_s.sum(),
        seconds=rows.dwell_s.max(),
    )
    much = (of_visit.used >= MIN_CORES_USED * of_visit.seconds) | (of_visit.used >= HELD_BACK_S)
    idle = seen(inputs).filter(_.behaviours == "").select(VISIT)
    rows = of_visit.filter(of_visit.seconds > 0, much).inner_join(idle, VISIT)
    return {(row["crawl_id"], row["visit_id"]): _load(row) for row in inputs.rows(rows)}


def _load(row: dict[str, Any]) -> Load:
    """Rounded, as engines add numbers in different orders."""
    of_workers = row["workers"] / row["cpu"] if row["cpu"] else 0.0
    return Load(round(row["used"] / row["seconds"], 3), round(of_workers, 3), row["used"], row["seconds"])
