"""The layout of a run: every key and folder of its store, defined once.

Keys are relative to the run's root (`overscripted.store`). Published names: other programs read them.
"""

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
TABLES = "tables"
ETL = "etl"  # what the etl keeps for its next run
ETL_MANIFEST = f"{ETL}/manifest.json"
ETL_ACKNOWLEDGED = f"{ETL}/acknowledged"
ETL_ATTEMPTS = f"{ETL}/attempts"
ETL_USES = f"{ETL}/uses"

FINDINGS = "findings"
REPORT = "report/index.html"
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


def finding_names(keys: list[str]) -> list[str]:
    """The analyses that have their summary among ``keys``, in the order of the keys."""
    return [key.split("/")[1] for key in keys if _is_finding_summary(key)]


def _is_finding_summary(key: str) -> bool:
    parts = key.split("/")
    return len(parts) == 3 and parts[0] == FINDINGS and parts[2] == _FINDING_SUMMARY
