"""Content processes of visits: the CPU time and memory that they used."""

from overscripted.columns import FLOAT, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

VISIT_PROCESSES = RecordKind(
    Table(
        "visit_processes",
        "one content process of a visit, looked at every second and at the end of the visit",
        (
            *VISIT,
            Column("pid", INT, "Its process id"),
            Column("process_kind", STR, "Firefox's kind, such as webIsolated, which is of one site"),
            Column("site", STR, "Site whose pages it runs; empty if it is of no one site"),
            Column("cpu_s", FLOAT, "CPU time that it used, with some 0.05 s of its start", "s"),
            Column("worker_cpu_s", FLOAT, "Part of cpu_s in threads of workers, as seen at looks", "s"),
            Column("dwell_cpu_s", FLOAT, "CPU time from the first look after the load to the last look", "s"),
            Column("dwell_s", FLOAT, "Time between these two looks; 0 if there were not two", "s"),
            Column("peak_memory", INT, "Highest memory at a look, without what processes share", "bytes"),
            Column("first_seen", TIME, "Time of the first look at which it was the visit's"),
            Column("last_seen", TIME, "Time of the last look at it, or when it ended in order"),
        ),
    ),
    kept="one content process of an acknowledged visit",
    message="",
    by_realm=False,
    order=("crawl_id", "visit_id", "first_seen", "pid"),
)
