"""The layout of a run: every key and folder of its store, defined once.

Keys are relative to the run's root (`overscripted.store`). Published names: other programs read them.
"""

import re

RECORD = "run.json"  # what was requested and what completed; see `overscripted.run`
NOTEBOOKS = "notebooks"  # a folder of the user's: no stage writes, replaces or deletes it

PRECRAWL = "precrawl"
PLAN = f"{PRECRAWL}/plan.json"
SITES = f"{PRECRAWL}/sites.parquet"
SEEDS = f"{PRECRAWL}/seeds.parquet"
PRECRAWL_SUMMARY = f"{PRECRAWL}/summary.json"
LOAD_CHECK = f"{PRECRAWL}/check.parquet"
LOAD_CHECK_PARTS = f"{PRECRAWL}/checking"
VANTAGE_PARTS = f"{PRECRAWL}/parts"  # of vantage points that have not finished

FRONTIER = "frontier.sqlite"  # of a crawl without another database
CRAWL_STATUS = "crawl/status.json"  # written by the crawl's workers while they run

KEPT = "kept"  # the profile of a crawl with --profile
KEPT_START = f"{KEPT}/start.tar.gz"  # given by --profile load=FILE

DWELL = "dwell"  # the sample of `overscripted dwell`
DWELL_RUN = f"{DWELL}/run"  # a run within the run
DWELL_SEEDS = f"{DWELL}/seeds.txt"
DWELL_OPTIONS = f"{DWELL}/asked.json"
DWELL_SUMMARY = f"{DWELL}/summary.json"
DWELL_FIGURE = f"{DWELL}/dwell.svg"

RAW = "raw"  # never changed once written
ARCHIVE = "archive"  # WARC files of a crawl with --record, never changed once written
ARCHIVE_INDEX = f"{ARCHIVE}/index.cdxj"  # written by `overscripted pack`
TABLES = "tables"
ETL = "etl"  # what the etl keeps for its next run
ETL_MANIFEST = f"{ETL}/manifest.json"
ETL_ACKNOWLEDGED = f"{ETL}/acknowledged"
ETL_ATTEMPTS = f"{ETL}/attempts"
ETL_USES = f"{ETL}/uses"

FINDINGS = "findings"
COMPARISONS = "comparisons"
REPORT = "report/index.html"
VIEWS = "run.duckdb"  # views over all tables, of `overscripted views`
DEMO_TRUTH = "demo/truth.json"  # only in runs of `overscripted demo`

_FINDING_SUMMARY = "summary.json"


def vantage_links(vantage: str) -> str:
    """The links that a vantage point found: Parquet."""
    return f"{PRECRAWL}/{vantage}.parquet"


def vantage_outcomes(vantage: str) -> str:
    """How each site ended at a vantage point: Parquet."""
    return f"{PRECRAWL}/{vantage}.outcomes.parquet"


def vantage_record(vantage: str) -> str:
    """What a vantage point was asked for and what it did: JSON."""
    return f"{PRECRAWL}/{vantage}.json"


def vantage_parts(vantage: str) -> str:
    """The folder with the progress of a vantage point that has not finished."""
    return f"{VANTAGE_PARTS}/{vantage}"


def raw(table: str) -> str:
    """The folder of a raw table's segments."""
    return f"{RAW}/{table}"


def archive_file(worker: str, name: str) -> str:
    """A WARC file of the archive, which a worker wrote."""
    return f"{ARCHIVE}/{worker}-{name}.warc.gz"


def kept(variant: str) -> str:
    """The folder of a variant's kept profile; without variants that of the crawl."""
    return f"{KEPT}/{variant}" if variant else KEPT


def kept_state(variant: str, visit_id: int, attempt: int) -> str:
    """The profile of a variant as an attempt at a visit left it."""
    return f"{kept(variant)}/{visit_id}-{attempt}.tar.gz"


def table(name: str) -> str:
    """The folder of a table's Parquet files."""
    return f"{TABLES}/{name}"


def finding(analysis: str) -> str:
    """The folder of an analysis's finding."""
    return f"{FINDINGS}/{analysis}"


def finding_summary(analysis: str) -> str:
    """The figures of a finding, with its definitions, notes and plots: JSON."""
    return f"{finding(analysis)}/{_FINDING_SUMMARY}"


def finding_table(analysis: str, name: str) -> str:
    """A table of a finding: Parquet."""
    return f"{finding(analysis)}/{name}.parquet"


def finding_figure(analysis: str) -> str:
    """The first plot of a finding: SVG."""
    return f"{finding(analysis)}/figure.svg"


def comparison(name: str) -> str:
    """The folder of a comparison with another run or wave."""
    return f"{COMPARISONS}/{name}"


def comparison_summary(name: str) -> str:
    """The figures of a comparison, with its definitions and notes: JSON."""
    return f"{comparison(name)}/{_FINDING_SUMMARY}"


def comparison_table(name: str, table: str) -> str:
    """A table of a comparison: Parquet."""
    return f"{comparison(name)}/{table}.parquet"


def comparison_names(keys: list[str]) -> list[str]:
    """The comparisons that have their summary among ``keys``, in the order of the keys."""
    parts = [key.split("/") for key in keys]
    return [
        part[1] for part in parts if len(part) == 3 and (part[0], part[2]) == (COMPARISONS, _FINDING_SUMMARY)
    ]


def view_name(key: str) -> str:
    """The name in SQL of the table that a Parquet file belongs to; empty for a file of no table.

    ``calls``, ``precrawl_seeds``, ``finding_overview_gaps``: letters, digits and ``_`` alone, whatever the
    files of a run are called.
    """
    parts = key.removesuffix(".parquet").split("/")
    if parts[0] == TABLES and len(parts) == 3:
        parts = parts[1:2]
    elif (parts[0], len(parts)) not in _VIEWED:
        return ""
    else:
        parts[0] = _VIEWED[parts[0], len(parts)]
    return _NO_WORD.sub("_", "_".join(parts))


# The folders with a table per file, each with the number of parts of such a file's key.
_VIEWED = {(PRECRAWL, 2): "precrawl", (FINDINGS, 3): "finding", (COMPARISONS, 3): "comparison"}
_NO_WORD = re.compile(r"\W", re.ASCII)


def finding_names(keys: list[str]) -> list[str]:
    """The analyses that have their summary among ``keys``, in the order of the keys."""
    return [key.split("/")[1] for key in keys if _is_finding_summary(key)]


def _is_finding_summary(key: str) -> bool:
    parts = key.split("/")
    return len(parts) == 3 and parts[0] == FINDINGS and parts[2] == _FINDING_SUMMARY
