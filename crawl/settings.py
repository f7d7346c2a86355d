"""Every default, cap and timeout of the crawl, each with its unit and reason."""

from dataclasses import dataclass

from overscripted import robots

# -- A visit ---------------------------------------------------------------------------------
DWELL_S = 10.0  # after the load event, as the study did
LOAD_TIMEOUT_S = 60.0  # OpenWPM's default; a page that has not loaded by then is a `timeout`
FLUSH_TIMEOUT_S = 30.0  # milliseconds mostly, on a starved machine many seconds; then a page is hung
LAST_FLUSH_S = 10.0  # of one whose visit has failed already: it may be in an endless loop since it began
FOLLOW_S = 5.0  # a navigation that was cut off by the page's own next one has this long to show it
STILL_LOOK_S = 1.0  # between two looks whether a page has stopped its own load
STILL_LOOKS = 3  # in a row without anything that loads: no load event will come
SETTLE_S = 5.0  # what is loading when the dwell ends may finish: a busy machine shows pop-ups seconds late
SETTLE_LOOK_S = 0.2  # between two looks whether it has
LATE_DWELL_S = 1.0  # then it is watched for a moment, too, as it would have been had it come in time
DEATH_S = 3.0  # Firefox says within milliseconds how a process of its ended, if the machine is not busy
CLOSE_TIMEOUT_S = 15.0  # closing a hung page's window takes Firefox up to its 5 s kill, then some

DAY_S = 86_400.0  # the longest time that an option may ask for

# -- Records: what one visit may bring; what is cut is counted -----------------------------------
MAX_VISIT_CALLS = 500_000  # the study's largest location had some 10,000
MAX_VISIT_BYTES = 256 * 2**20  # of text in one visit: a tenth of a worker's memory
MAX_VISIT_ROWS = 100_000  # of each other table: requests, frames, cookies, console, messages
MAX_TEXT = 1_000_000  # characters of one value, header list, message or stack
MAX_FRAMES = 50_000  # distinct frames of a visit that get a number of their own

# -- Segments -----------------------------------------------------------------------------------
SEGMENT_BYTES = 64 * 2**20  # of records in memory: some 8 MB of Parquet, a good object size
SEGMENT_AGE_S = 60.0  # what a crash may cost to visit again, and how far `status` is behind
BUFFER_BYTES = 4 * SEGMENT_BYTES  # while the store is away; then no new visit begins
STORE_RETRY_S = (0.5, 1, 2, 5, 10, 30)  # pauses between attempts to write, the last one for ever
STORE_GIVE_UP_S = 3600.0  # a store away for an hour needs a person
PROXY_LOOK_S = 1.0  # a --proxy is looked for so often; one that is away is waited for like the store
STORE_LATE_S = 5.0  # a segment takes the store a second or two: one that takes longer is waited for
MIN_FREE_BYTES = 512 * 2**20  # of a local folder's disk: below, the crawl pauses, and says so

# -- Frontier ------------------------------------------------------------------------------------
LEASE_S = 60.0  # a worker that has not been heard of for this long is dead, its seeds are free
BEAT_S = 10.0  # it is heard of so often; several may fail before it is taken for dead
LEASE_LOOKS = 100  # waiting seeds looked at for a lease; then domains that are free are looked for
PER_DOMAIN = 6  # visits at a time to one registrable domain by the whole fleet: what a browser opens
NOTE_S = 1.0  # the progress line is told so often what holds the crawl back
STATUS_S = 15.0  # the state of the whole crawl is written so often, for `overscripted status`
OBSTACLE_S = 1.0  # it is asked so often at most why there is no seed to lease
LIMIT_SPAN_S = 6.0  # what holds the crawl back is told of so long a time: limits take turns
MAX_ATTEMPTS = 8  # attempts at a seed that end without a visit (workers killed): then it is `lost`
RETRY_DELAY_S = 5.0  # before the second attempt; doubled for each further one

# Outcomes worth another attempt, and how many more. Others are the page's own last word.
RETRIES = {"net_error": 1, "timeout": 1, "crashed": 2, "hung": 1, "starved": 1, "failed": 3}
WAITED_RETRIES = 3  # of a visit that may have waited in vain for what Firefox drew for others
WAITED_SPREAD_S = 60.0  # such visits are not tried again together: one of them may be whose drawing it was

# -- Windows and browsers ------------------------------------------------------------------------
START_WINDOWS = 6  # `--windows auto` begins here
MAX_WINDOWS = 60
MORE_WINDOWS = 2  # added at a time
LOADS_PER_CORE = 2  # pages that begin to load at a time
LOAD_SLOT_S = 2.0  # for so long at most: an ordinary page needs the CPU for 1 s, then the network
STARVED_S = 1.0  # a 100 ms timer this late: the page was measured without the CPU it needed
BUSY = 0.90  # share of CPU in use above which no window is added
MIN_FREE_MEMORY = 0.12  # share of memory that stays free
ADJUST_S = 4.0  # time between two changes of the number of windows
ADJUST_LOOKS = 5  # what keeps windows from being added is told of so many looks: it comes and goes
VISITS_PER_BROWSER = 500  # then a new Firefox takes over, whatever it has gathered
TIDY_VISITS = 40  # its parent process is told to collect its garbage so often
BROWSER_BYTES = 6 * 2**30  # of memory of all its processes: then, too
PARENT_BYTES = (
    4 * 2**30
)  # of its parent process alone, where pages draw: then it is ended, visits begin again
DRAW_S = 20.0  # of drawing without a rest: what waits for it then may be another page's
WATCH_S = 1.0  # how often processes are looked at: a page fills a gigabyte a second
PROCESS_BYTES = 2 * 2**30  # of one content process: then it is ended and its visit is `crashed`
DATA_BYTES = 2 * PROCESS_BYTES  # what Linux lets any process of Firefox hold: then its allocations fail
OOM_RANK = (
    300  # thousandths of the memory that a page's process counts for more when the kernel ends the largest
)
YIELD_CPU_S = 10.0  # of CPU by one content process: from then on others go first
PROCESS_CPU_S = 30.0  # of CPU by one content process, ten times a heavy page's: then, too


@dataclass(frozen=True)
class Limits:
    """What one visit may bring (see above)."""

    calls: int = MAX_VISIT_CALLS
    size: int = MAX_VISIT_BYTES
    rows: int = MAX_VISIT_ROWS
    text: int = MAX_TEXT
    frames: int = MAX_FRAMES


@dataclass(frozen=True)
class Options:
    """What a crawl was asked to do; every field is an option of ``overscripted crawl``."""

    dwell_s: float = DWELL_S
    load_timeout_s: float = LOAD_TIMEOUT_S
    windows: int | None = None  # None: as many as the machine bears
    proxy: str = ""
    authorities: tuple[str, ...] = ()
    allow_private: bool = False
    instrument: str = "default"
    mix_instruments: bool = False
    contact: str = ""
    retries: int = 3
    per_domain: int = PER_DOMAIN
    pace_s: float = 0.0
    respect_robots: bool = False
    robots_unreachable: str = robots.DISALLOW  # or ALLOW: what a robots.txt means that cannot be read
    metrics: str = ""
    firefox: str | None = None
    show: bool = False
    popups: str = "block"
    segment_age_s: float = SEGMENT_AGE_S
    segment_bytes: int = SEGMENT_BYTES
    visits_per_browser: int = VISITS_PER_BROWSER
